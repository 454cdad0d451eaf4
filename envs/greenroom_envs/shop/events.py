"""The shop's life: parcels move, returns are inspected, subscriptions come due, others buy."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from greenroom import World
from greenroom.letters import Letter, send_letter
from greenroom_envs.shop.app import app
from greenroom_envs.shop.counter import items_of, utc_now
from greenroom_envs.shop.ledger import STAGES, Order, OrderItem, Parcel, ParcelScan, Return, Subscription
from greenroom_envs.shop.models import Courier, Customer, PaymentMethod, Question, Variant
from greenroom_envs.shop.orders import DESK, SHOP, give_back, value_of

BUYING_EVERY = timedelta(hours=2)


@app.on("shop.order_ships")
def order_ships(world: World, payload: dict[str, Any]) -> None:
    """The warehouse hands an order to a courier, unless it was cancelled."""
    order = world.session.get_one(Order, payload["order"])
    if order.status != "processing":
        return
    couriers = world.session.scalars(select(Courier).order_by(Courier.id)).all()
    courier = world.random.choice(couriers)
    promised = (utc_now(world) + timedelta(days=courier.days)).date()
    parcel = Parcel(
        order_id=order.id,
        courier_id=courier.id,
        tracking=f"TR{order.id[1:]}",
        status=STAGES[0],
        promised_on=promised,
        expected_on=promised,
    )
    order.status, order.version = "shipped", order.version + 1
    world.session.add(parcel)
    world.session.flush()
    _scan(world, parcel, STAGES[0])
    world.schedule("shop.parcel_moves", {"parcel": parcel.id}, after=timedelta(hours=8))


@app.on("shop.parcel_moves")
def parcel_moves(world: World, payload: dict[str, Any]) -> None:
    """A parcel reaches its next stage; some lose a day on the way."""
    parcel = world.session.get_one(Parcel, payload["parcel"])
    if parcel.status == "delivered":
        return
    _scan(world, parcel, STAGES[STAGES.index(parcel.status) + 1])
    if parcel.status == "delivered":
        _delivered(world, world.session.get_one(Order, parcel.order_id))
        return
    if parcel.status == "in transit" and world.random.random() < 0.15:
        parcel.expected_on += timedelta(days=1)
    world.schedule("shop.parcel_moves", payload, after=timedelta(hours=world.random.randrange(8, 30)))


def _scan(world: World, parcel: Parcel, status: str) -> None:
    parcel.status = status
    world.session.add(ParcelScan(parcel_id=parcel.id, status=status, seen_at=utc_now(world)))


def _delivered(world: World, order: Order) -> None:
    order.status, order.delivered_at, order.version = "delivered", utc_now(world), order.version + 1
    if order.customer_id is not None:
        customer = world.session.get_one(Customer, order.customer_id)
        _write(world, customer.email, f"Your order {order.id} was delivered", "Your parcel has arrived.")


def _write(world: World, to: str, subject: str, body: str) -> None:
    send_letter(world, Letter(sender=SHOP, address=DESK, to=to, subject=subject, body=body))


@app.on("shop.restock")
def restock(world: World, payload: dict[str, Any]) -> None:
    """The goods of a cancelled order go back to the shelf."""
    for item in items_of(world, world.session.get_one(Order, payload["order"])):
        item.variant.stock += item.quantity


@app.on("shop.card_credited")
def card_credited(world: World, payload: dict[str, Any]) -> None:
    """A refund reaches a gift card."""
    method = world.session.get_one(PaymentMethod, payload["method"])
    method.balance = (method.balance or 0) + payload["amount"]


@app.on("shop.return_arrives")
def return_arrives(world: World, payload: dict[str, Any]) -> None:
    """The warehouse inspects what came back; one in twenty was used and is rejected."""
    back = world.session.get_one(Return, payload["return"])
    if back.status != "open":
        return
    item = world.session.get_one(OrderItem, back.item_id)
    order = world.session.get_one(Order, item.order_id)
    customer = world.session.get_one(Customer, back.customer_id)
    if back.reason != "damaged" and world.random.random() < 0.05:
        back.status, item.status = "rejected", "ordered"
        _write(world, customer.email, f"Your return {back.label}", "The item shows signs of use: we send it back.")
        return
    back.status, item.status = "refunded", "returned"
    give_back(world, order, value_of(order, item), f"return {back.label}")
    if back.reason != "damaged":
        item.variant.stock += item.quantity
    _write(world, customer.email, f"Your return {back.label}", "We have it and refund you.")


@app.on("shop.exchange_arrives")
def exchange_arrives(world: World, payload: dict[str, Any]) -> None:
    """What was exchanged comes back to the shelf."""
    item = world.session.get_one(OrderItem, payload["item"])
    item.variant.stock += item.quantity


@app.on("shop.subscription_due")
def subscription_due(world: World, payload: dict[str, Any]) -> None:
    """An active subscription sends its next parcel when there is stock, and moves on."""
    subscription = world.session.get_one(Subscription, payload["subscription"])
    if not subscription.active:
        return
    if subscription.next_on <= utc_now(world).date():
        if subscription.variant.stock:
            subscription.variant.stock -= 1
        subscription.next_on += timedelta(weeks=subscription.weeks)
    world.schedule("shop.subscription_due", payload, after=timedelta(days=1))


@app.on("shop.question_answered")
def question_answered(world: World, payload: dict[str, Any]) -> None:
    """A seller answers a question."""
    question = world.session.get_one(Question, payload["question"])
    question.answer = "Thank you for asking: please see the description, it has all that we know."


@app.on("shop.others_buy")
def others_buy(world: World, payload: dict[str, Any]) -> None:
    """Somebody else buys one of something."""
    last = world.session.scalar(select(func.max(Variant.id))) or 1
    variant = world.session.get(Variant, world.random.randrange(1, last + 1))
    if variant is not None and variant.stock > 0:
        variant.stock -= 1
    world.schedule("shop.others_buy", payload, after=BUYING_EVERY)
