"""Sending things back."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam, select

from greenroom import Refusal, World
from greenroom_envs.shop.app import app
from greenroom_envs.shop.counter import Number, Page, Row, item_of, local_day, me, order_of, page_of, paged, skipped
from greenroom_envs.shop.ledger import OrderItem, Return
from greenroom_envs.shop.models import Product, Variant
from greenroom_envs.shop.orders import send_back, value_of

RETURNS = paged(
    select(
        Return.id,
        Return.reason,
        Return.status,
        Return.label,
        Return.opened_at,
        Return.item_id,
        OrderItem.order_id,
        Product.title,
    )
    .join(OrderItem, OrderItem.id == Return.item_id)
    .join(Variant, Variant.id == OrderItem.variant_id)
    .join(Product, Product.id == Variant.product_id)
    .where(Return.customer_id == bindparam("customer"))
    .order_by(Return.opened_at.desc(), Return.id.desc())
)


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
    rows = world.session.execute(RETURNS, {"customer": customer.id, "skip": skipped(page)}).all()

    def show(back: sa.Row[Any]) -> Row:
        return {
            "return_id": back.id,
            "product": back.title,
            "order_id": back.order_id,
            "item_id": back.item_id,
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
