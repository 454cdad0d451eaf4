"""Buying what is in the cart."""

from datetime import timedelta

from greenroom import Rate, Refusal, World
from greenroom_envs.shop.app import app
from greenroom_envs.shop.counter import Number, Row, address_of, me, method_of, require_stock
from greenroom_envs.shop.models import Cart
from greenroom_envs.shop.orders import Sold, place
from greenroom_envs.shop.pricing import dollars
from greenroom_envs.shop.tools.cart import lines_of, priced


@app.tool(at_most=Rate(20, timedelta(hours=1)))
def checkout(world: World, method_id: Number, address_id: Number, expected_total_cents: int) -> Row:
    """Buy everything in the cart. The receipt comes by mail.

    Args:
        method_id: The payment method; shop_list_payment_methods lists them.
        address_id: Where to send it; shop_list_addresses lists them.
        expected_total_cents: The total that shop_show_cart gave, so that nobody pays another price.
    """
    customer = me(world)
    lines = lines_of(world, customer)
    if not lines:
        raise Refusal("empty_cart", "The cart is empty: use shop_add_to_cart.")
    method, address = method_of(world, customer, method_id), address_of(world, customer, address_id)
    for line in lines:
        require_stock(line.variant, line.quantity)
    cart = world.session.get_one(Cart, customer.id)
    amounts, promotion = priced(world, customer, lines, cart.promotion)
    if amounts.total != expected_total_cents:
        raise Refusal("total_changed", f"The total is {amounts.total} cents ({dollars(amounts.total)}): look again.")
    sold = [Sold(line.variant, line.quantity, line.gift_wrap) for line in lines]
    order = place(world, customer, sold, amounts, promotion, method, address)
    for line in lines:
        world.session.delete(line)
    cart.promotion = None
    return {"order_id": order.id, "total_cents": order.total, "status": order.status}
