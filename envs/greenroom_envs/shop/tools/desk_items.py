"""Service desk: other items for those bought."""

from datetime import timedelta

from greenroom import Refusal, World
from greenroom_envs.shop.app import app
from greenroom_envs.shop.counter import (
    Number,
    Row,
    item_of,
    order_of,
    require_one_of,
    require_stock,
    served,
    today_of,
    utc_now,
    variant_of,
)
from greenroom_envs.shop.ledger import Order, OrderItem, Return
from greenroom_envs.shop.models import Variant
from greenroom_envs.shop.orders import (
    charge,
    give_back,
    reprice,
    require_returnable,
    require_unshipped,
    require_version,
    send_back,
    send_label,
    value_of,
)
from greenroom_envs.shop.policy import RETURN_REASONS, refuse


@app.tool
def change_order_item(
    world: World, customer_id: Number, order_id: str, item_id: Number, sku: str, expected_version: int | None = None
) -> Row:
    """Service desk: swap an item of an order that has not shipped for another variant of the same product.

    A difference in price is charged to, or refunded to, the payment method of the order.

    Args:
        customer_id: The customer's number.
        order_id: The order's.
        item_id: The item's.
        sku: The variant wanted instead.
        expected_version: The version that was seen; refuse when it has changed since.
    """
    order = order_of(world, order_id, served(world, customer_id))
    item, variant = item_of(world, order, item_id), variant_of(world, sku)
    require_version(order, expected_version)
    require_unshipped(order)
    _require_swap(item, variant)
    item.variant.stock += item.quantity
    variant.stock -= item.quantity
    item.variant, item.price = variant, variant.price
    world.session.flush()
    difference = _settle(world, order)
    order.version += 1
    return {"order_id": order.id, "now": variant.options, "paid_or_refunded_cents": difference}


def _require_swap(item: OrderItem, variant: Variant) -> None:
    if variant.product_id != item.variant.product_id:
        refuse("same_product", f"{variant.sku} is another product than item {item.id}.")
    if variant.id == item.variant_id:
        raise Refusal("same_variant", f"Item {item.id} is {variant.sku} already.")
    require_stock(variant, item.quantity)


def _settle(world: World, order: Order) -> int:
    """Bring the amounts up to date; charge or refund the difference by the order's method."""
    amounts = reprice(world, order)
    difference = amounts.total - order.total
    order.goods, order.discount = amounts.goods, amounts.discount
    order.tax, order.total = amounts.tax, amounts.total
    if difference > 0:
        charge(world, order, order.method, difference)
    elif difference < 0:
        give_back(world, order, -difference, "item changed")
    return difference


@app.tool
def exchange_item(world: World, customer_id: Number, order_id: str, item_id: Number, sku: str, reason: str) -> Row:
    """Service desk: exchange a delivered item for another variant of the same product and price, sent at once.

    Args:
        customer_id: The customer's number.
        order_id: The order's.
        item_id: The item's.
        sku: The variant wanted instead.
        reason: One of: does not fit, damaged, not as described, no longer needed.
    """
    customer = served(world, customer_id)
    order = order_of(world, order_id, customer)
    item, variant = item_of(world, order, item_id), variant_of(world, sku)
    require_returnable(today_of(world, customer), customer, order, item)
    _require_swap(item, variant)
    if variant.price != item.price:
        raise Refusal("other_price", f"{variant.sku} costs {variant.price} cents, the item {item.price}: return it.")
    why = require_one_of("reason", reason, RETURN_REASONS)
    back = Return(
        customer_id=customer.id,
        item_id=item.id,
        reason=why,
        status="exchanged",
        label=f"RET-{order.id}-{item.id}",
        opened_at=utc_now(world),
    )
    item.status = "exchanged"
    variant.stock -= item.quantity
    world.session.add(back)
    world.session.add(
        OrderItem(order_id=order.id, variant_id=variant.id, quantity=item.quantity, price=item.price, gift_wrap=False)
    )
    world.session.flush()
    send_label(world, customer, order, back.label, item.variant.product.title)
    world.schedule("shop.exchange_arrives", {"return": back.id}, after=timedelta(days=3))
    return {"label": back.label, "sent_instead": variant.options}


@app.tool
def return_for_customer(world: World, customer_id: Number, order_id: str, item_id: Number, reason: str) -> Row:
    """Service desk: open a return for a delivered item; gives the label.

    Args:
        customer_id: The customer's number.
        order_id: The order's.
        item_id: The item's.
        reason: One of: does not fit, damaged, not as described, no longer needed.
    """
    customer = served(world, customer_id)
    order = order_of(world, order_id, customer)
    item = item_of(world, order, item_id)
    opened = send_back(world, customer, order, item, reason)
    return {"return_id": opened.id, "label": opened.label, "refund_cents": value_of(order, item)}
