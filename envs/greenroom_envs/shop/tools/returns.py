"""Sending things back."""

from greenroom import Refusal, World
from greenroom_envs.shop.app import app
from greenroom_envs.shop.counter import PAGE, RETURNS, Number, Page, Row, item_of, local_day, me, order_of, page_of
from greenroom_envs.shop.ledger import OrderItem, Return
from greenroom_envs.shop.orders import send_back, value_of


@app.tool
def return_item(world: World, order_id: str, item_id: Number, reason: str) -> Row:
    """Send an item of a delivered order back; gives the label. The refund follows the inspection.

    Args:
        order_id: The order's number.
        item_id: The item's, from shop_show_order.
        reason: One of: does not fit, damaged, not as described, no longer needed.
    """
    customer = me(world)
    order = order_of(world, order_id, customer)
    item = item_of(world, order, item_id)
    opened = send_back(world, customer, order, item, reason)
    return {"return_id": opened.id, "label": opened.label, "refund_cents": value_of(order, item)}


@app.tool
def list_returns(world: World, page: Page = 1) -> Row:
    """List the user's returns, latest first.

    Args:
        page: Which page, from 1.
    """
    customer = me(world)
    rows = world.session.execute(RETURNS.limit(PAGE + 1).offset((page - 1) * PAGE), {"customer": customer.id}).all()

    def show(row: tuple[Return, OrderItem]) -> Row:
        back, item = row
        return {
            "return_id": back.id,
            "product": item.variant.product.title,
            "order_id": item.order_id,
            "item_id": item.id,
            "opened": local_day(back.opened_at, customer.time_zone),
            "reason": back.reason,
            "status": back.status,
            "label": back.label,
        }

    return page_of(rows, show, page)


@app.tool
def cancel_return(world: World, return_id: Number) -> Row:
    """Call a return off that the warehouse has not received.

    Args:
        return_id: Its number.
    """
    customer, back = me(world), world.session.get(Return, return_id)
    if back is None or back.customer_id != customer.id:
        raise Refusal("no_such_return", f"The user has no return {return_id}; use shop_list_returns.")
    if back.status != "open":
        raise Refusal("return_closed", f"Return {return_id} is {back.status}.")
    back.status = "cancelled"
    world.session.get_one(OrderItem, back.item_id).status = "ordered"
    return {"cancelled": return_id}
