"""What several tools need: who is asking, whose order it is, how things are shown."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import Field
from sqlalchemy import ColumnElement, GenerativeSelect, Select, bindparam, select

from greenroom import Refusal, World
from greenroom.searches import few_words
from greenroom_envs.shop.ledger import Order, OrderItem, Parcel, ParcelScan
from greenroom_envs.shop.models import (
    CURRENCY,
    Address,
    Courier,
    Customer,
    IdentityCheck,
    Login,
    PaymentMethod,
    Product,
    Read,
    Seller,
    Variant,
    options_of,
)
from greenroom_envs.shop.policy import VERIFIED_MINUTES, refuse

Row = dict[str, Any]
Query = TypeVar("Query", bound=GenerativeSelect)
Page = Annotated[int, Field(ge=1, le=1_000)]
Quantity = Annotated[int, Field(ge=1)]
Short = Annotated[str, Field(max_length=120)]
Long = Annotated[str, Field(max_length=2_000)]
Number = Annotated[int, Field(ge=1, le=2**53)]
PAGE = 10
MOST_KEPT = 20
SENT_AT = time(6)


def paged(statement: Query) -> Query:
    """A statement that reads one page and one row more; bind `skip` to what `skipped` says."""
    return statement.limit(PAGE + 1).offset(bindparam("skip"))


def skipped(page: int) -> int:
    """How many rows lie before a page."""
    return (page - 1) * PAGE


# Made once: building a statement costs as much as running it.
LOGIN = select(Login.expires_at, Customer).join(Customer, Customer.id == Login.customer_id).where(Login.id == 1)
SERVED = (
    select(Customer, IdentityCheck)
    .join(IdentityCheck, IdentityCheck.customer_id == Customer.id)
    .where(Customer.id == bindparam("customer"))
)
BY_SKU = select(Variant).where(Variant.sku == bindparam("sku"))
ITEMS = select(OrderItem).where(OrderItem.order_id == bindparam("order")).order_by(OrderItem.id)
SHOWN_ITEMS = (
    select(
        OrderItem.id,
        OrderItem.quantity,
        OrderItem.price,
        OrderItem.gift_wrap,
        OrderItem.status,
        Variant.sku,
        Variant.product_id,
        Variant.colour,
        Variant.size,
        Product.title,
        Product.final_sale,
    )
    .join(Variant, Variant.id == OrderItem.variant_id)
    .join(Product, Product.id == Variant.product_id)
    .where(OrderItem.order_id == bindparam("order"))
    .order_by(OrderItem.id)
)
STATUSES = ("processing", "shipped", "delivered", "cancelled")
SCANS = (
    select(ParcelScan.parcel_id, ParcelScan.status, ParcelScan.seen_at)
    .where(ParcelScan.parcel_id.in_(bindparam("parcels", expanding=True)))
    .order_by(ParcelScan.id)
)
PARCELS = (
    select(
        Parcel.id,
        Parcel.tracking,
        Parcel.status,
        Parcel.promised_on,
        Parcel.expected_on,
        Parcel.seller_id,
        Seller.name.label("seller"),
        Courier.name.label("courier"),
    )
    .join(Seller, Seller.id == Parcel.seller_id)
    .join(Courier, Courier.id == Parcel.courier_id)
    .where(Parcel.order_id == bindparam("order"))
    .order_by(Parcel.id)
)
ORDERS = (
    select(Order.id, Order.placed_at, Order.status, Order.total)
    .where(Order.customer_id == bindparam("customer"))
    .order_by(Order.placed_at.desc(), Order.id)
)
ALL_ORDERS, ORDERS_IN = paged(ORDERS), paged(ORDERS.where(Order.status == bindparam("status")))
TITLES = (
    select(OrderItem.order_id, Product.title)
    .join(Variant, Variant.id == OrderItem.variant_id)
    .join(Product, Product.id == Variant.product_id)
    .where(OrderItem.order_id.in_(bindparam("orders", expanding=True)))
    .order_by(OrderItem.id)
)
ADDRESSES = select(Address).where(Address.customer_id == bindparam("customer")).order_by(Address.id)
VARIANTS = (
    select(Variant.sku, Variant.colour, Variant.size, Variant.price, Variant.stock)
    .where(Variant.product_id == bindparam("product"))
    .order_by(Variant.id)
)
METHODS = select(PaymentMethod).where(PaymentMethod.customer_id == bindparam("customer")).order_by(PaymentMethod.id)


def utc_now(world: World) -> datetime:
    """The virtual time as it is stored: UTC without a zone, whole seconds."""
    return world.now.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def local(moment: datetime, zone: str) -> datetime:
    """A stored moment as clocks show it in a time zone; written with its offset from UTC."""
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))


def local_day(moment: datetime, zone: str) -> date:
    """The date of a stored moment in a time zone."""
    return local(moment, zone).date()


def today_of(world: World, customer: Customer) -> date:
    """Today's date where a customer lives: the rules count days by it."""
    return local_day(utc_now(world), customer.time_zone)


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
    customer, check = checked(world, customer_id)
    if check.verified_at is None or utc_now(world) - check.verified_at > timedelta(minutes=VERIFIED_MINUTES):
        refuse("not_verified", f"Customer {customer_id} is not verified; use shop_verify_customer.")
    return customer


def checked(world: World, customer_id: int) -> tuple[Customer, IdentityCheck]:
    """The customer of that id, and whether the service desk has made sure who it is.

    Raises:
        Refusal: There is none.
    """
    row = world.session.execute(SERVED, {"customer": customer_id}).one_or_none()
    if row is None:
        raise _no_customer(customer_id)
    customer, check = row
    return customer, check


def find_customer(world: World, customer_id: int) -> Customer:
    """The customer of that id.

    Raises:
        Refusal: There is none.
    """
    customer = world.session.get(Customer, customer_id)
    if customer is None:
        raise _no_customer(customer_id)
    return customer


def _no_customer(customer_id: int) -> Refusal:
    return Refusal("no_such_customer", f"There is no customer {customer_id}; use shop_find_customer.")


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
    if method.expires_on is not None and method.expires_on < today_of(world, customer):
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


def require_room(name: str, kept: int) -> None:
    """Refuse to keep more of something than fits on one list.

    Raises:
        Refusal: There are enough already.
    """
    if kept >= MOST_KEPT:
        raise Refusal(f"too_many_{name}", f"There are {kept} {name} already: remove one that is not needed first.")


def one_page(world: World, statement: Select[*tuple[Any, ...]], page: int, **values: Any) -> Sequence[Read]:
    """The rows of a page of a `paged` statement, and one more if there is another page."""
    return world.session.execute(statement, {"skip": skipped(page), **values}).all()


def page_of(rows: Sequence[Any], show: Callable[[Any], Row], page: int) -> Row:
    """One page of a list that was read one row too far."""
    out: Row = {"results": [show(row) for row in rows[:PAGE]]}
    if len(rows) > PAGE:
        out["next_page"] = page + 1
    return out


def show_orders(world: World, customer: Customer, page: int, status: str | None, text: str | None) -> Row:
    """One page of a customer's orders with what was bought: two reads, however many orders."""
    statement, wanted = (ALL_ORDERS, {}) if status is None else (ORDERS_IN, {"status": _status(status)})
    if text is not None:
        statement = statement.where(_titled(text))
    found = one_page(world, statement, page, customer=customer.id, **wanted)
    bought: dict[str, list[str]] = {order.id: [] for order in found}
    for order_id, title in world.session.execute(TITLES, {"orders": list(bought)}):
        bought[order_id].append(title)
    zone = customer.time_zone
    return page_of(found, lambda order: {**show_order_line(order, zone), "products": bought[order.id]}, page)


def _status(name: str) -> str:
    return require_one_of("status", name, STATUSES)


def _titled(text: str) -> ColumnElement[bool]:
    """That some product of an order has all words of a text in its title."""
    require_text(text=text)
    titled = (
        select(OrderItem.id)
        .join(Variant, Variant.id == OrderItem.variant_id)
        .join(Product, Product.id == Variant.product_id)
        .where(OrderItem.order_id == Order.id)
    )
    for word in few_words(text.split()):
        titled = titled.where(Product.title.icontains(word, autoescape=True))
    return titled.exists()


def show_variant(variant: Variant | Read) -> Row:
    """A variant as lists show it."""
    options = options_of(variant.colour, variant.size)
    return {"sku": variant.sku, "options": options, "price_cents": variant.price, "stock": variant.stock}


def show_order_line(order: Order | Read, zone: str) -> Row:
    """An order as lists show it."""
    return {
        "order_id": order.id,
        "placed": local_day(order.placed_at, zone),
        "status": order.status,
        "total_cents": order.total,
    }


def show_order(world: World, order: Order, customer: Customer) -> Row:
    """An order in full."""
    zone = customer.time_zone
    return {
        **show_order_line(order, zone),
        "currency": CURRENCY,
        "delivered": local_day(order.delivered_at, zone) if order.delivered_at else None,
        "today": today_of(world, customer),
        "items": [
            {
                "item_id": item.id,
                "product": item.title,
                "product_id": item.product_id,
                "sku": item.sku,
                "options": options_of(item.colour, item.size),
                "quantity": item.quantity,
                "price_cents": item.price,
                "gift_wrap": item.gift_wrap or None,
                "status": item.status,
                "final_sale": item.final_sale or None,
            }
            for item in world.session.execute(SHOWN_ITEMS, {"order": order.id})
        ],
        "delivery_cents": order.delivery,
        "tax_cents": order.tax,
        "discount_cents": order.discount or None,
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


def show_parcels(world: World, order: Order, customer: Customer, *, scans: bool = False) -> list[Row]:
    """The parcels of an order, with the days on which they were promised and are expected.

    Args:
        world: Where.
        order: Whose parcels.
        customer: Whose clock the scans are told by.
        scans: Whether to tell where each was seen.
    """
    parcels = world.session.execute(PARCELS, {"order": order.id}).all()
    seen: dict[int, list[Row]] = {parcel.id: [] for parcel in parcels}
    if scans and seen:
        for scan in world.session.execute(SCANS, {"parcels": list(seen)}):
            at = local(scan.seen_at, customer.time_zone).isoformat(timespec="minutes")
            seen[scan.parcel_id].append({"status": scan.status, "at": at})
    return [
        {
            "tracking": parcel.tracking,
            "seller": parcel.seller,
            "courier": parcel.courier,
            "status": parcel.status,
            "promised": parcel.promised_on,
            "expected": parcel.expected_on if parcel.status != "delivered" else None,
            "delivered": parcel.expected_on if parcel.status == "delivered" else None,
            "scans": seen[parcel.id] or None,
        }
        for parcel in parcels
    ]
