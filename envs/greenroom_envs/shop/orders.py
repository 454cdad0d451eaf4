"""What happens to orders, whichever side of the counter asks: place, cancel, change, refund, send back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import bindparam, func, select

from greenroom import Refusal, World
from greenroom.letters import Attachment, Letter, send_letter
from greenroom_envs.shop.counter import items_of, local_day, require_one_of, today_of, utc_now
from greenroom_envs.shop.ledger import Order, OrderItem, Payment, Refund, Return
from greenroom_envs.shop.letters import DESK, SHOP, write, write_buyer
from greenroom_envs.shop.models import CURRENCY, Address, Customer, PaymentMethod, Seller, Variant
from greenroom_envs.shop.policy import CANCEL_REASONS, RETURN_DAYS, RETURN_REASONS, TAX_PERCENT, refuse
from greenroom_envs.shop.pricing import Line, Quote, dollars, paid_for, share

SLOWEST = select(func.max(Seller.dispatch_hours)).where(Seller.id.in_(bindparam("sellers", expanding=True)))
_PAID = select(func.coalesce(func.sum(Payment.amount), 0)).where(Payment.order_id == bindparam("order"))
_GIVEN = select(func.coalesce(func.sum(Refund.amount), 0)).where(Refund.order_id == bindparam("order"))
# What was paid for an order and not given back.
LEFT = select(_PAID.scalar_subquery() - _GIVEN.scalar_subquery())


@dataclass(frozen=True)
class Sold:
    """So many of a variant, wrapped or not."""

    variant: Variant
    quantity: int
    gift_wrap: bool = False


def new_order_id(world: World) -> str:
    """A number that no order has."""
    while True:
        number = f"W{world.random.randrange(100_000, 10_000_000)}"
        if world.session.get(Order, number) is None:
            return number


def place(
    world: World,
    customer: Customer,
    lines: Sequence[Sold],
    amounts: Quote,
    promotion: str | None,
    method: PaymentMethod,
    address: Address,
) -> Order:
    """Turn what is bought into a paid order: stock goes down, the receipt goes out, parcels follow."""
    now = utc_now(world)
    order = Order(
        id=new_order_id(world),
        customer_id=customer.id,
        placed_at=now,
        status="processing",
        street=address.street,
        city=address.city,
        postcode=address.postcode,
        method_id=method.id,
        goods=amounts.goods,
        discount=amounts.discount,
        wrap=amounts.wrap,
        delivery=amounts.delivery,
        tax=amounts.tax,
        total=amounts.total,
        promotion=promotion,
    )
    world.session.add(order)
    world.session.flush()
    for line in lines:
        line.variant.stock -= line.quantity
        world.session.add(
            OrderItem(
                order_id=order.id,
                variant_id=line.variant.id,
                quantity=line.quantity,
                price=line.variant.price,
                gift_wrap=line.gift_wrap,
            )
        )
    charge(world, order, method, order.total)
    send_receipt(world, order, customer, [f"{line.quantity} x {line.variant.product.title}" for line in lines])
    sellers = sorted({line.variant.product.seller_id for line in lines})
    hours = world.session.scalars(SLOWEST, {"sellers": sellers}).one()
    world.schedule("shop.order_ships", {"order": order.id}, after=timedelta(hours=hours))
    return order


def charge(world: World, order: Order, method: PaymentMethod, amount: int) -> None:
    """Take money.

    Raises:
        Refusal: A gift card does not cover it.
    """
    if method.balance is not None:
        if method.balance < amount:
            refuse("gift_card_covers", f"Payment method {method.id} holds {dollars(method.balance)}.")
        method.balance -= amount
    world.session.add(Payment(order_id=order.id, method_id=method.id, amount=amount, paid_at=utc_now(world)))


def send_receipt(
    world: World, order: Order, customer: Customer, bought: Sequence[str], *, code: str | None = None
) -> None:
    """Mail the receipt, with the amounts attached; a guest's holds the code that claims the order."""
    goods = ", ".join(bought)
    claim = f" To see it in an account, claim it with the code {code}." if code else ""
    day = local_day(order.placed_at, customer.time_zone)
    placed = f"Thank you for your order {order.id} of {day.day} {day:%B}"
    body = f"{placed}: {goods}. You paid {dollars(order.total)}.{claim}"
    send_letter(
        world,
        Letter(
            sender=SHOP,
            address=DESK,
            to=customer.email,
            subject=f"Your receipt for {goods}",
            body=body,
            attachments=(Attachment(name=f"receipt-{order.id}.txt", text=receipt_text(order, bought, customer)),),
            reference=f"shop:order:{order.id}",
        ),
    )


def receipt_text(order: Order, bought: Sequence[str], customer: Customer) -> str:
    """The amounts of an order, line by line; the date is the customer's."""
    amounts = (
        ("Goods", order.goods),
        ("Discount", -order.discount),
        ("Gift wrap", order.wrap),
        ("Delivery", order.delivery),
        ("Tax", order.tax),
        ("Total", order.total),
    )
    lines = [f"{name}: {'-' if cents < 0 else ''}{dollars(abs(cents))}" for name, cents in amounts if cents]
    day = local_day(order.placed_at, customer.time_zone)
    return "\n".join((f"Receipt {order.id}", f"{day.day} {day:%B %Y}", *bought, *lines, f"Currency: {CURRENCY}"))


def require_unshipped(order: Order) -> None:
    """Refuse to touch what has left.

    Raises:
        Refusal: It has shipped, or was cancelled.
    """
    if order.status == "cancelled":
        raise Refusal("already_cancelled", f"Order {order.id} was cancelled before.")
    if order.status != "processing":
        refuse("already_shipped", f"Order {order.id} is {order.status}.")


def require_version(order: Order, seen: int | None) -> None:
    """Refuse to change what somebody else changed since.

    Raises:
        Refusal: The order has another version than was seen.
    """
    if seen is not None and seen != order.version:
        raise Refusal("changed_meanwhile", f"Order {order.id} is at version {order.version}, not {seen}: look again.")


def cancel(world: World, order: Order, reason: str) -> Refund:
    """Cancel an order and give all money back; the warehouse puts the goods back later."""
    require_unshipped(order)
    why = require_one_of("reason", reason, CANCEL_REASONS)
    order.status, order.version = "cancelled", order.version + 1
    world.schedule("shop.restock", {"order": order.id}, after=timedelta(hours=1))
    refund = give_back(world, order, order.total, why)
    paid = f"We refund {dollars(refund.amount)} to {order.method.label}."
    write_buyer(world, order, f"Your order {order.id} was cancelled", paid)
    return refund


def give_back(world: World, order: Order, amount: int, reason: str) -> Refund:
    """Refund to the original method, never more than was paid; a gift card gets its money within the hour.

    The lines of an order are rounded to cents one by one, so that together they may come to a cent more than it cost.
    """
    world.session.flush()
    amount = min(amount, world.session.scalars(LEFT, {"order": order.id}).one())
    refund = Refund(order_id=order.id, method_id=order.method_id, amount=amount, reason=reason, made_at=utc_now(world))
    world.session.add(refund)
    if order.method.balance is not None:
        payload = {"method": order.method_id, "amount": amount}
        world.schedule("shop.card_credited", payload, after=timedelta(hours=1))
    return refund


def value_of(order: Order, item: OrderItem) -> int:
    """What an item cost its buyer."""
    return paid_for(item.price, item.quantity, order.goods, order.discount)


def require_delivered(today: date, customer: Customer, order: Order, item: OrderItem) -> None:
    """Refuse what came too long ago, has not come, or was dealt with before.

    Raises:
        Refusal: One of these.
    """
    if order.delivered_at is None:
        refuse("not_delivered", f"Order {order.id} is {order.status}.")
    delivered = local_day(order.delivered_at, customer.time_zone)
    if (today - delivered).days > RETURN_DAYS:
        refuse("return_window", f"Order {order.id} was delivered on {delivered.day} {delivered:%B %Y}.")
    if item.status != "ordered":
        raise Refusal("already_handled", f"Item {item.id} is {item.status} already.")


def require_returnable(today: date, customer: Customer, order: Order, item: OrderItem) -> None:
    """Refuse what the rules on returns forbid.

    Raises:
        Refusal: Not delivered, final sale, too late, or on its way back already.
    """
    if order.delivered_at is not None and item.variant.product.final_sale:
        refuse("final_sale", f"Item {item.id} of order {order.id} is final sale.")
    require_delivered(today, customer, order, item)


def send_back(world: World, customer: Customer, order: Order, item: OrderItem, reason: str) -> Return:
    """Open a return with a label; the courier brings it, the warehouse inspects it and the refund follows."""
    require_returnable(today_of(world, customer), customer, order, item)
    opened = Return(
        customer_id=customer.id,
        item_id=item.id,
        reason=require_one_of("reason", reason, RETURN_REASONS),
        status="open",
        label=f"RET-{order.id}-{item.id}",
        opened_at=utc_now(world),
    )
    item.status = "returning"
    world.session.add(opened)
    world.session.flush()
    world.schedule("shop.return_arrives", {"return": opened.id}, after=timedelta(days=3))
    send_label(world, customer, order, opened.label, item.variant.product.title)
    return opened


def send_label(world: World, customer: Customer, order: Order, label: str, title: str) -> None:
    """Mail the label of a return."""
    body = f"Put the label {label} on the parcel with the {title} and hand it to any courier of ours."
    write(world, customer, f"The label of your return {label}", body, reference=f"shop:order:{order.id}")


def reprice(world: World, order: Order) -> Quote:
    """The amounts of an order after its items changed; discount and delivery stay what they were."""
    lines = [Line(i.price, i.quantity, i.gift_wrap) for i in items_of(world, order)]
    goods = sum(line.price * line.quantity for line in lines)
    discount = min(order.discount, goods)
    return Quote(goods, discount, order.wrap, order.delivery, share(goods - discount, TAX_PERCENT))
