"""The data model of shop, first half: what is on the shelves and who buys. Money is integer cents of `CURRENCY`."""

from datetime import date, datetime
from typing import Any, TypeAlias

from sqlalchemy import ForeignKey, Index, Row
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

CURRENCY = "USD"
Read: TypeAlias = Row[*tuple[Any, ...]]
"""Columns as a statement read them, by name: what is only looked at needs no mapped object, which costs more."""


class Base(DeclarativeBase):
    """The declarative base of shop's tables."""


class Category(Base):
    """A shelf of the shop."""

    __tablename__ = "shop_category"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class Seller(Base):
    """A company that sells in the shop; one of the cast. `rating` in tenths of a star."""

    __tablename__ = "shop_seller"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    rating: Mapped[int]
    dispatch_hours: Mapped[int]


class Courier(Base):
    """Who carries parcels, and in how many days."""

    __tablename__ = "shop_courier"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    days: Mapped[int]


class Product(Base):
    """Something for sale, in one or more variants. `price` is that of the cheapest.

    `rating` is in tenths of a star; `ratings` counts who gave stars, most of them without a word.
    """

    __tablename__ = "shop_product"
    __table_args__ = (
        Index("shop_product_category", "category_id", "price"),
        Index("shop_product_brand", "brand"),
        Index("shop_product_seller", "seller_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    brand: Mapped[str]
    description: Mapped[str]
    category_id: Mapped[int] = mapped_column(ForeignKey("shop_category.id"))
    seller_id: Mapped[int] = mapped_column(ForeignKey("shop_seller.id"))
    price: Mapped[int]
    rating: Mapped[int]
    ratings: Mapped[int]
    final_sale: Mapped[bool]
    material: Mapped[str]
    warranty_years: Mapped[int]
    weight_grams: Mapped[int]


class Variant(Base):
    """A product in one colour and size: what is put into carts."""

    __tablename__ = "shop_variant"
    __table_args__ = (Index("shop_variant_product", "product_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(unique=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("shop_product.id"))
    colour: Mapped[str]
    size: Mapped[str]
    price: Mapped[int]
    stock: Mapped[int]
    product: Mapped[Product] = relationship(lazy="joined", innerjoin=True)

    @property
    def options(self) -> str:
        """Colour and size: `black, 1.5 l`."""
        return options_of(self.colour, self.size)


def options_of(colour: str, size: str) -> str:
    """How the options of a variant are shown: `black, 1.5 l`."""
    return f"{colour}, {size}" if size else colour


class Review(Base):
    """What a buyer thinks of a product."""

    __tablename__ = "shop_review"
    __table_args__ = (Index("shop_review_product", "product_id", "written_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("shop_product.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("shop_customer.id"))
    stars: Mapped[int]
    text: Mapped[str]
    written_at: Mapped[datetime]


class Question(Base):
    """A question about a product; `answer` comes from its seller, later."""

    __tablename__ = "shop_question"
    __table_args__ = (Index("shop_question_product", "product_id", "asked_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("shop_product.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("shop_customer.id"))
    text: Mapped[str]
    answer: Mapped[str | None]
    asked_at: Mapped[datetime]


class Customer(Base):
    """Somebody with an account; `id` is that of the person in the cast. `secret` is a hash of the password."""

    __tablename__ = "shop_customer"
    __table_args__ = (Index("shop_customer_postcode", "postcode"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str] = mapped_column(unique=True)
    postcode: Mapped[str]
    time_zone: Mapped[str]
    tier: Mapped[str]
    secret: Mapped[str]


class IdentityCheck(Base):
    """Whether the service desk has made sure whom it talks to. One row a customer."""

    __tablename__ = "shop_identity_check"

    customer_id: Mapped[int] = mapped_column(ForeignKey("shop_customer.id"), primary_key=True)
    verified_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)


class Login(Base):
    """Who is signed in at the customer's side, and until when. One row."""

    __tablename__ = "shop_login"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("shop_customer.id"))
    expires_at: Mapped[datetime]
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]


class Address(Base):
    """Where a customer has parcels sent."""

    __tablename__ = "shop_address"
    __table_args__ = (Index("shop_address_customer", "customer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("shop_customer.id"))
    label: Mapped[str]
    street: Mapped[str]
    city: Mapped[str]
    postcode: Mapped[str]
    is_default: Mapped[bool]


class PaymentMethod(Base):
    """A card, or a gift card with a balance."""

    __tablename__ = "shop_payment_method"
    __table_args__ = (Index("shop_payment_method_customer", "customer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("shop_customer.id"))
    kind: Mapped[str]
    label: Mapped[str]
    balance: Mapped[int | None]
    code: Mapped[str | None] = mapped_column(unique=True)
    expires_on: Mapped[date | None]


class Wish(Base):
    """A variant on a customer's wish list."""

    __tablename__ = "shop_wish"

    customer_id: Mapped[int] = mapped_column(ForeignKey("shop_customer.id"), primary_key=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("shop_variant.id"), primary_key=True)
    added_at: Mapped[datetime]


class Cart(Base):
    """A customer's cart; `promotion` is the code applied. One row a customer."""

    __tablename__ = "shop_cart"

    customer_id: Mapped[int] = mapped_column(ForeignKey("shop_customer.id"), primary_key=True)
    promotion: Mapped[str | None]


class CartItem(Base):
    """A variant in a cart."""

    __tablename__ = "shop_cart_item"

    customer_id: Mapped[int] = mapped_column(ForeignKey("shop_customer.id"), primary_key=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("shop_variant.id"), primary_key=True)
    quantity: Mapped[int]
    gift_wrap: Mapped[bool] = mapped_column(default=False)
    variant: Mapped[Variant] = relationship(lazy="joined", innerjoin=True)


class Promotion(Base):
    """A code that takes some per cent off when the goods cost at least `minimum`."""

    __tablename__ = "shop_promotion"

    code: Mapped[str] = mapped_column(primary_key=True)
    percent: Mapped[int]
    minimum: Mapped[int]
    ends_on: Mapped[date]
