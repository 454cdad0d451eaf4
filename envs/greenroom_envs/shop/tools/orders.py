"""The customer's own orders."""

from greenroom import Refusal, World
from greenroom_envs.shop import counter
from greenroom_envs.shop.app import app
from greenroom_envs.shop.counter import SHOWN_ITEMS, Page, Row, me, order_of, show_orders, show_parcels
from greenroom_envs.shop.ledger import Order
from greenroom_envs.shop.orders import cancel, receipt_text, require_version


@app.tool
def list_orders(world: World, status: str | None = None, product: str | None = None, page: Page = 1) -> Row:
    """List the user's orders, latest first.

    Args:
        status: Only those that are processing, shipped, delivered or cancelled.
        product: Only those with a product whose title holds these words.
        page: Which page, from 1.
    """
    return show_orders(world, me(world), page, status, product)


@app.tool
def show_order(world: World, order_id: str) -> Row:
    """Show one of the user's orders: items, address, payment.

    Args:
        order_id: Its number, such as W482130.
    """
    customer = me(world)
    return counter.show_order(world, order_of(world, order_id, customer), customer)


@app.tool
def show_receipt(world: World, order_id: str) -> Row:
    """Show the receipt of one of the user's orders, amount by amount.

    Args:
        order_id: Its number.
    """
    customer = me(world)
    order = order_of(world, order_id, customer)
    bought = [f"{i.quantity} x {i.title}" for i in world.session.execute(SHOWN_ITEMS, {"order": order.id})]
    return {"receipt": receipt_text(order, bought, customer)}


@app.tool
def track_order(world: World, order_id: str) -> Row:
    """Say where the parcels of one of the user's orders are, and where they have been.

    Args:
        order_id: Its number.
    """
    customer = me(world)
    order = order_of(world, order_id, customer)
    parcels = show_parcels(world, order, customer, scans=True)
    return {"order_id": order.id, "status": order.status, "parcels": parcels}


@app.tool
def cancel_order(world: World, order_id: str, reason: str, expected_version: int | None = None) -> Row:
    """Cancel one of the user's orders that has not shipped.

    Args:
        order_id: Its number.
        reason: One of: no longer needed, ordered by mistake, found cheaper, takes too long.
        expected_version: The version that was seen; refuse when it has changed since.
    """
    order = order_of(world, order_id, me(world))
    require_version(order, expected_version)
    return {"cancelled": order.id, "refund_cents": cancel(world, order, reason).amount, "to": order.method.label}


@app.tool
def claim_order(world: World, order_id: str, code: str) -> Row:
    """Bring an order that was placed as a guest into the user's account.

    Args:
        order_id: Its number, from the receipt.
        code: The claim code, from the receipt.
    """
    customer = me(world)
    order = world.session.get(Order, order_id.strip().upper())
    if order is None or order.customer_id is not None or order.claim_code != code.strip().upper():
        raise Refusal("cannot_claim", f"There is no guest's order '{order_id}' with that code: look at the receipt.")
    order.customer_id, order.version = customer.id, order.version + 1
    world.session.flush()
    return counter.show_order(world, order, customer)
