"""Service desk: refunds and goodwill."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field
from sqlalchemy import bindparam, select

from greenroom import Refusal, World
from greenroom_envs.shop.app import app
from greenroom_envs.shop.counter import (
    PARCELS,
    Number,
    Row,
    item_of,
    order_of,
    require_one_of,
    served,
    today_of,
    utc_now,
)
from greenroom_envs.shop.ledger import Order, OrderItem, Refund, ServiceCredit
from greenroom_envs.shop.models import Customer
from greenroom_envs.shop.orders import give_back, require_delivered, value_of
from greenroom_envs.shop.policy import CREDIT_DAYS, CREDIT_LIMIT, LATE_DAYS, refuse
from greenroom_envs.shop.pricing import dollars

Amount = Annotated[int, Field(ge=1, le=1_000_000)]
PROBLEMS = ("damaged", "never arrived")
REFUNDS = select(Refund).where(Refund.order_id == bindparam("order")).order_by(Refund.id)
CREDITS = (
    select(ServiceCredit)
    .where(ServiceCredit.customer_id == bindparam("customer"), ServiceCredit.given_at >= bindparam("since"))
    .order_by(ServiceCredit.id)
)


@app.tool
def refund_item(
    world: World, customer_id: Number, order_id: str, item_id: Number, problem: str, method_id: Number | None = None
) -> Row:
    """Service desk: refund an item without a return, to the original payment method.

    Args:
        customer_id: The customer's number.
        order_id: The order's.
        item_id: The item's.
        problem: One of: damaged, never arrived.
        method_id: The original payment method, if one is named.
    """
    customer = served(world, customer_id)
    order = order_of(world, order_id, customer)
    item = item_of(world, order, item_id)
    what = require_one_of("problem", problem, PROBLEMS)
    if method_id is not None and method_id != order.method_id:
        refuse("original_method", f"Order {order.id} was paid by method {order.method_id}.")
    if what == "damaged":
        require_delivered(today_of(world, customer), customer, order, item)
    else:
        _require_lost(world, customer, order, item)
    item.status = "refunded"
    refund = give_back(world, order, value_of(order, item), what)
    return {"refunded_cents": refund.amount, "to": order.method.label}


def _require_lost(world: World, customer: Customer, order: Order, item: OrderItem) -> None:
    if item.status != "ordered":
        raise Refusal("already_handled", f"Item {item.id} is {item.status} already.")
    late = days_late(world, customer, order, item.variant.product.seller_id)
    if order.status != "shipped" or late < LATE_DAYS:
        refuse("not_damaged", f"Order {order.id} is {order.status}, item {item.id} is {late} days late.")


@app.tool
def list_refunds(world: World, customer_id: Number, order_id: str) -> list[Row]:
    """Service desk: list the refunds of an order.

    Args:
        customer_id: The customer's number.
        order_id: The order's.
    """
    order = order_of(world, order_id, served(world, customer_id))
    rows = world.session.scalars(REFUNDS, {"order": order.id}).all()
    return [{"amount_cents": r.amount, "reason": r.reason, "date": r.made_at.date()} for r in rows]


@app.tool
def list_credits(world: World, customer_id: Number) -> Row:
    """Service desk: list the goodwill credits that a customer got lately.

    Args:
        customer_id: The customer's number.
    """
    customer, since = served(world, customer_id), utc_now(world) - timedelta(days=CREDIT_DAYS)
    rows = world.session.scalars(CREDITS, {"customer": customer.id, "since": since}).all()
    shown = [{"amount_cents": c.amount, "order_id": c.order_id, "date": c.given_at.date()} for c in rows]
    return {"credits": shown, "left_cents": CREDIT_LIMIT - sum(c.amount for c in rows)}


@app.tool
def give_credit(world: World, customer_id: Number, order_id: str, amount_cents: Amount) -> Row:
    """Service desk: give goodwill for an order that is, or came, late.

    Args:
        customer_id: The customer's number.
        order_id: The late order's.
        amount_cents: How much.
    """
    customer, now = served(world, customer_id), utc_now(world)
    order = order_of(world, order_id, customer)
    late = days_late(world, customer, order)
    if late < LATE_DAYS:
        refuse("credit_reason", f"Order {order.id} is {late} days late.")
    since = now - timedelta(days=CREDIT_DAYS)
    given = sum(c.amount for c in world.session.scalars(CREDITS, {"customer": customer.id, "since": since}))
    if given + amount_cents > CREDIT_LIMIT:
        refuse("credit_limit", f"Customer {customer.id} can have {dollars(max(0, CREDIT_LIMIT - given))} more.")
    credit = ServiceCredit(customer_id=customer.id, order_id=order.id, amount=amount_cents, given_at=now)
    world.session.add(credit)
    return {"credited_cents": amount_cents, "order_id": order.id}


def days_late(world: World, customer: Customer, order: Order, seller: int | None = None) -> int:
    """How many days the parcels of an order came, or are, after the promise; 0 when none is late.

    Args:
        world: Where.
        customer: Whose calendar counts.
        order: Whose parcels.
        seller: Look at what this seller sends only, and only at what has not come.
    """
    today, late = today_of(world, customer), [0]
    for parcel in world.session.execute(PARCELS, {"order": order.id}):
        came = parcel.status == "delivered"
        if seller is None or (parcel.seller_id == seller and not came):
            late.append(((parcel.expected_on if came else today) - parcel.promised_on).days)
    return max(late)
