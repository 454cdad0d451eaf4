"""The data model of shop, second half: what was bought, paid, sent, returned. Same base as `models`."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from greenroom_envs.shop.models import Base, Courier, PaymentMethod, Seller, Variant

STAGES = ("labelled", "collected", "in transit", "out for delivery", "delivered")


class Order(Base):
    """An order. Its amounts add up: goods - discount + wrap + delivery + tax = total.

    Attributes:
        id: What people call it: `W482130`.
        customer_id: None for a guest's order that nobody has claimed.
        status: processing, shipped, delivered or cancelled.
        claim_code: What a guest needs, beside the number, to claim it; stands in the receipt.
        version: Counts changes: who changes an order may say which version it saw.
    """

    __tablename__ = "shop_order"
    __table_args__ = (Index("shop_order_customer", "customer_id", "placed_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("shop_customer.id"))
    placed_at: Mapped[datetime]
    status: Mapped[str]
    street: Mapped[str]
    city: Mapped[str]
    postcode: Mapped[str]
    method_id: Mapped[int] = mapped_column(ForeignKey("shop_payment_method.id"))
    goods: Mapped[int]
    discount: Mapped[int]
    wrap: Mapped[int]
    delivery: Mapped[int]
    tax: Mapped[int]
    total: Mapped[int]
    promotion: Mapped[str | None]
    delivered_at: Mapped[datetime | None]
    claim_code: Mapped[str | None]
    version: Mapped[int] = mapped_column(default=1)
    method: Mapped[PaymentMethod] = relationship(lazy="joined", innerjoin=True)


class OrderItem(Base):
    """A line of an order. `status`: ordered, returning, returned, refunded or exchanged."""

    __tablename__ = "shop_order_item"
    __table_args__ = (Index("shop_order_item_order", "order_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("shop_order.id"))
    variant_id: Mapped[int] = mapped_column(ForeignKey("shop_variant.id"))
    quantity: Mapped[int]
    price: Mapped[int]
    gift_wrap: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(default="ordered")
    variant: Mapped[Variant] = relationship(lazy="joined", innerjoin=True)


class Payment(Base):
    """Money taken for an order."""

    __tablename__ = "shop_payment"
    __table_args__ = (Index("shop_payment_order", "order_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("shop_order.id"))
    method_id: Mapped[int] = mapped_column(ForeignKey("shop_payment_method.id"))
    amount: Mapped[int]
    paid_at: Mapped[datetime]


class Refund(Base):
    """Money given back for an order, to the method that paid it."""

    __tablename__ = "shop_refund"
    __table_args__ = (Index("shop_refund_order", "order_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("shop_order.id"))
    method_id: Mapped[int] = mapped_column(ForeignKey("shop_payment_method.id"))
    amount: Mapped[int]
    reason: Mapped[str]
    made_at: Mapped[datetime]


class Parcel(Base):
    """What one seller sends of an order. `status`: one of `STAGES`; `expected_on` is the day it came once it has."""

    __tablename__ = "shop_parcel"
    __table_args__ = (Index("shop_parcel_order", "order_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("shop_order.id"))
    seller_id: Mapped[int] = mapped_column(ForeignKey("shop_seller.id"))
    courier_id: Mapped[int] = mapped_column(ForeignKey("shop_courier.id"))
    tracking: Mapped[str]
    status: Mapped[str]
    promised_on: Mapped[date]
    expected_on: Mapped[date]
    courier: Mapped[Courier] = relationship(lazy="joined", innerjoin=True)
    seller: Mapped[Seller] = relationship(lazy="joined", innerjoin=True)


class ParcelScan(Base):
    """Where a parcel was seen."""

    __tablename__ = "shop_parcel_scan"
    __table_args__ = (Index("shop_parcel_scan_parcel", "parcel_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    parcel_id: Mapped[int] = mapped_column(ForeignKey("shop_parcel.id"))
    status: Mapped[str]
    seen_at: Mapped[datetime]


class Return(Base):
    """An item on its way back. `status`: open, refunded, rejected, exchanged or cancelled; `label` is the courier's."""

    __tablename__ = "shop_return"
    __table_args__ = (Index("shop_return_customer", "customer_id", "opened_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("shop_customer.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("shop_order_item.id"))
    reason: Mapped[str]
    status: Mapped[str]
    label: Mapped[str]
    opened_at: Mapped[datetime]


class Subscription(Base):
    """A variant sent again every few weeks while active."""

    __tablename__ = "shop_subscription"
    __table_args__ = (Index("shop_subscription_customer", "customer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("shop_customer.id"))
    variant_id: Mapped[int] = mapped_column(ForeignKey("shop_variant.id"))
    weeks: Mapped[int]
    next_on: Mapped[date]
    active: Mapped[bool]
    variant: Mapped[Variant] = relationship(lazy="joined", innerjoin=True)


class ServiceCredit(Base):
    """Goodwill, given by the service desk."""

    __tablename__ = "shop_service_credit"
    __table_args__ = (Index("shop_service_credit_customer", "customer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("shop_customer.id"))
    order_id: Mapped[str] = mapped_column(ForeignKey("shop_order.id"))
    amount: Mapped[int]
    given_at: Mapped[datetime]


class Escalation(Base):
    """A case handed to a human colleague; `answer` comes some hours later."""

    __tablename__ = "shop_escalation"
    __table_args__ = (Index("shop_escalation_customer", "customer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("shop_customer.id"))
    summary: Mapped[str]
    made_at: Mapped[datetime]
    answer: Mapped[str | None]
