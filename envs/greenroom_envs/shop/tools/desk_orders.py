"""Service desk: a verified customer's orders."""

from greenroom import Refusal, World
from greenroom_envs.shop import counter
from greenroom_envs.shop.app import app
from greenroom_envs.shop.counter import (
    Number,
    Page,
    Row,
    Short,
    method_of,
    order_of,
    require_text,
    served,
    show_orders,
    show_parcels,
)
from greenroom_envs.shop.orders import cancel, charge, give_back, require_unshipped, require_version


@app.tool
def list_customer_orders(
    world: World, customer_id: Number, status: str | None = None, product: str | None = None, page: Page = 1
) -> Row:
    """Service desk: list a verified customer's orders, latest first.

    Args:
        customer_id: The customer's number.
        status: Only those that are processing, shipped, delivered or cancelled.
        product: Only those with a product whose title holds these words.
        page: Which page, from 1.
    """
    return show_orders(world, served(world, customer_id), page, status, product)


@app.tool
def show_customer_order(world: World, customer_id: Number, order_id: str) -> Row:
    """Service desk: show an order of a verified customer with its parcels.

    Args:
        customer_id: The customer's number.
        order_id: The order's.
    """
    customer = served(world, customer_id)
    order = order_of(world, order_id, customer)
    return {**counter.show_order(world, order, customer), "parcels": show_parcels(world, order, customer)}


@app.tool
def cancel_customer_order(
    world: World, customer_id: Number, order_id: str, reason: str, expected_version: int | None = None
) -> Row:
    """Service desk: cancel an order that has not shipped.

    Args:
        customer_id: The customer's number.
        order_id: The order's.
        reason: One of: no longer needed, ordered by mistake, found cheaper, takes too long.
        expected_version: The version that was seen; refuse when it has changed since.
    """
    order = order_of(world, order_id, served(world, customer_id))
    require_version(order, expected_version)
    return {"cancelled": order.id, "refund_cents": cancel(world, order, reason).amount, "to": order.method.label}


@app.tool
def change_order_address(
    world: World,
    customer_id: Number,
    order_id: str,
    street: Short,
    city: Short,
    postcode: Short,
    expected_version: int | None = None,
) -> Row:
    """Service desk: send an order that has not shipped somewhere else.

    Args:
        customer_id: The customer's number.
        order_id: The order's.
        street: Number and street.
        city: The city.
        postcode: The postcode.
        expected_version: The version that was seen; refuse when it has changed since.
    """
    order = order_of(world, order_id, served(world, customer_id))
    require_text(street=street, city=city, postcode=postcode)
    require_version(order, expected_version)
    require_unshipped(order)
    order.street, order.city, order.postcode = street, city, postcode
    order.version += 1
    return {"order_id": order.id, "address": f"{street}, {city} {postcode}"}


@app.tool
def change_order_payment(
    world: World, customer_id: Number, order_id: str, method_id: Number, expected_version: int | None = None
) -> Row:
    """Service desk: have an order that has not shipped paid by another method; the first one is refunded.

    Args:
        customer_id: The customer's number.
        order_id: The order's.
        method_id: One of the customer's other payment methods.
        expected_version: The version that was seen; refuse when it has changed since.
    """
    customer = served(world, customer_id)
    order, method = order_of(world, order_id, customer), method_of(world, customer, method_id)
    require_version(order, expected_version)
    require_unshipped(order)
    if method.id == order.method_id:
        raise Refusal("same_method", f"Order {order.id} is paid by method {method_id} already.")
    give_back(world, order, order.total, "payment method changed")
    charge(world, order, method, order.total)
    order.method_id, order.version = method.id, order.version + 1
    return {"order_id": order.id, "paid_with": method.label}
