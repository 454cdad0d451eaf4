"""What several tools need: who is asking, whose order it is, how things are shown."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import bindparam, select

from greenroom import Refusal, World
from greenroom_envs.shop.ledger import Order, OrderItem, Parcel, Return
from greenroom_envs.shop.models import (
    CURRENCY,
    Address,
    Customer,
    IdentityCheck,
    Login,
    PaymentMethod,
    Product,
    Variant,
)
from greenroom_envs.shop.policy import VERIFIED_MINUTES, refuse

Row = dict[str, Any]
Page = Annotated[int, Field(ge=1, le=1_000)]
Quantity = Annotated[int, Field(ge=1)]
Number = Annotated[int, Field(ge=1, le=2**53)]
PAGE = 10

# Made once: building a statement costs as much as running it.
LOGIN = select(Login.expires_at, Customer).join(Customer, Customer.id == Login.customer_id).where(Login.id == 1)
BY_SKU = select(Variant).where(Variant.sku == bindparam("sku"))
ITEMS = select(OrderItem).where(OrderItem.order_id == bindparam("order")).order_by(OrderItem.id)
PARCELS = select(Parcel).where(Parcel.order_id == bindparam("order")).order_by(Parcel.id)
ORDERS = (
    select(Order)
    .where(Order.customer_id == bindparam("customer"))
    .order_by(Order.placed_at.desc(), Order.id)
    .limit(PAGE + 1)
    .offset(bindparam("skip"))
)
TITLES = (
    select(OrderItem.order_id, Product.title)
    .join(Variant, Variant.id == OrderItem.variant_id)
    .join(Product, Product.id == Variant.product_id)
    .where(OrderItem.order_id.in_(bindparam("orders", expanding=True)))
    .order_by(OrderItem.id)
)
ADDRESSES = select(Address).where(Address.customer_id == bindparam("customer")).order_by(Address.id)
METHODS = select(PaymentMethod).where(PaymentMethod.customer_id == bindparam("customer")).order_by(PaymentMethod.id)
RETURNS = select(Return).where(Return.customer_id == bindparam("customer")).order_by(Return.id.desc()).limit(PAGE)


def utc_now(world: World) -> datetime:
    """The virtual time as it is stored: UTC without a zone, whole seconds."""
    return world.now.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def me(world: World) -> Customer:
    """Who is signed in at the customer's side.

    Raises:
        Refusal: The session has expired.
    """
    expires, customer = world.session.execute(LOGIN).one()
    if expires <= utc_now(world):
        raise Refusal("session_expired", "The session has expired: sign in again with shop_sign_in.")
    return customer


def served(world: World, customer_id: int) -> Customer:
    """The customer that the service desk serves.

    Raises:
        Refusal: There is none, or who it is has not been verified just now.
    """
    customer = find_customer(world, customer_id)
    check = world.session.get_one(IdentityCheck, customer_id)
    if check.verified_at is None or utc_now(world) - check.verified_at > timedelta(minutes=VERIFIED_MINUTES):
        refuse("not_verified", f"Customer {customer_id} is not verified; use shop_verify_customer.")
    return customer


def find_customer(world: World, customer_id: int) -> Customer:
    """The customer of that id.

    Raises:
        Refusal: There is none.
    """
    customer = world.session.get(Customer, customer_id)
    if customer is None:
        raise Refusal("no_such_customer", f"There is no customer {customer_id}; use shop_find_customer.")
    return customer


def order_of(world: World, order_id: str, customer: Customer) -> Order:
    """A customer's own order.

    Raises:
        Refusal: There is none, or it is somebody else's.
    """
    order = world.session.get(Order, order_id.strip().upper())
    if order is None:
        raise Refusal("no_such_order", f"There is no order '{order_id}'. Numbers look like W482130; list the orders.")
    if order.customer_id != customer.id:
        refuse("other_customer", f"Order {order.id} is not one of customer {customer.id}'s.")
    return order


def item_of(world: World, order: Order, item_id: int) -> OrderItem:
    """A line of an order.

    Raises:
        Refusal: The order has no such line.
    """
    item = world.session.get(OrderItem, item_id)
    if item is None or item.order_id != order.id:
        raise Refusal("no_such_item", f"Order {order.id} has no item {item_id}; look at the order first.")
    return item


def items_of(world: World, order: Order) -> Sequence[OrderItem]:
    """The lines of an order."""
    return world.session.scalars(ITEMS, {"order": order.id}).all()


def variant_of(world: World, sku: str) -> Variant:
    """The variant of that stock number.

    Raises:
        Refusal: There is none.
    """
    variant = world.session.scalars(BY_SKU, {"sku": sku.strip().upper()}).one_or_none()
    if variant is None:
        raise Refusal("no_such_sku", f"There is no sku '{sku}'; shop_show_product lists a product's variants.")
    return variant


def method_of(world: World, customer: Customer, method_id: int) -> PaymentMethod:
    """One of a customer's payment methods, still good.

    Raises:
        Refusal: It is not the customer's, or has expired.
    """
    method = world.session.get(PaymentMethod, method_id)
    if method is None or method.customer_id != customer.id:
        raise Refusal("no_such_method", f"Customer {customer.id} has no payment method {method_id}; list them.")
    if method.expires_on is not None and method.expires_on < utc_now(world).date():
        raise Refusal("card_expired", f"Payment method {method_id} expired on {method.expires_on}: use another.")
    return method


def address_of(world: World, customer: Customer, address_id: int) -> Address:
    """One of a customer's addresses.

    Raises:
        Refusal: It is not the customer's.
    """
    address = world.session.get(Address, address_id)
    if address is None or address.customer_id != customer.id:
        raise Refusal("no_such_address", f"Customer {customer.id} has no address {address_id}; list them.")
    return address


def require_stock(variant: Variant, quantity: int) -> None:
    """Refuse what is not in stock.

    Raises:
        Refusal: Fewer are in stock.
    """
    if variant.stock < quantity:
        raise Refusal("out_of_stock", f"Of {variant.sku} only {variant.stock} are in stock, not {quantity}.")


def require_text(**texts: str) -> None:
    """Refuse empty texts.

    Raises:
        Refusal: One is empty or blank; its name is quoted.
    """
    for name, text in texts.items():
        if not text.strip():
            raise Refusal("empty_text", f"'{name}' is empty: say what it should be.")


def require_one_of(name: str, value: str, known: Sequence[str]) -> str:
    """The value as it is written in a list.

    Raises:
        Refusal: It is not in the list.
    """
    found = value.strip().lower()
    if found not in known:
        raise Refusal(f"bad_{name}", f"'{value}' is no {name}; there is: {', '.join(known)}.")
    return found


def page_of(rows: Sequence[Any], show: Any, page: int) -> Row:
    """One page of a list that was read one row too far."""
    out: Row = {"results": [show(row) for row in rows[:PAGE]]}
    if len(rows) > PAGE:
        out["next_page"] = page + 1
    return out


def show_orders(world: World, customer: Customer, page: int) -> Row:
    """One page of a customer's orders with what was bought: two reads, however many orders."""
    orders = world.session.scalars(ORDERS, {"customer": customer.id, "skip": (page - 1) * PAGE}).all()
    bought: dict[str, list[str]] = {order.id: [] for order in orders}
    for order_id, title in world.session.execute(TITLES, {"orders": list(bought)}):
        bought[order_id].append(title)
    return page_of(orders, lambda order: {**show_order_line(order), "products": bought[order.id]}, page)


def show_variant(variant: Variant) -> Row:
    """A variant as lists show it."""
    return {"sku": variant.sku, "options": variant.options, "price_cents": variant.price, "stock": variant.stock}


def show_order_line(order: Order) -> Row:
    """An order as lists show it."""
    return {
        "order_id": order.id,
        "placed": order.placed_at.date(),
        "status": order.status,
        "total_cents": order.total,
    }


def show_order(world: World, order: Order) -> Row:
    """An order in full."""
    return {
        **show_order_line(order),
        "currency": CURRENCY,
        "delivered": order.delivered_at.date() if order.delivered_at else None,
        "today": utc_now(world).date(),
        "items": [
            {
                "item_id": item.id,
                "product": item.variant.product.title,
                "product_id": item.variant.product_id,
                "sku": item.variant.sku,
                "options": item.variant.options,
                "quantity": item.quantity,
                "price_cents": item.price,
                "status": item.status,
                "final_sale": item.variant.product.final_sale or None,
            }
            for item in items_of(world, order)
        ],
        "address": f"{order.street}, {order.city} {order.postcode}",
        "paid_with": {"method_id": order.method_id, "label": order.method.label},
        "version": order.version,
    }


def show_method(method: PaymentMethod) -> Row:
    """A payment method without its secrets."""
    return {
        "method_id": method.id,
        "kind": method.kind,
        "label": method.label,
        "balance_cents": method.balance,
        "expires": method.expires_on,
    }


def show_address(address: Address) -> Row:
    """An address of a customer."""
    return {
        "address_id": address.id,
        "label": address.label,
        "street": address.street,
        "city": address.city,
        "postcode": address.postcode,
        "default": address.is_default,
    }


def show_parcels(world: World, order: Order) -> list[Row]:
    """The parcels of an order, with the days on which they were promised and are expected."""
    return [
        {"tracking": p.tracking, "status": p.status, "promised": p.promised_on, "expected": p.expected_on}
        for p in world.session.scalars(PARCELS, {"order": order.id}).all()
    ]
