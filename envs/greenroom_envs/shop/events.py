"""The shop's life: parcels move, returns are inspected, subscriptions come due, others buy."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select

from greenroom import World
from greenroom.letters import Letter, send_letter
from greenroom_envs.shop.app import app
from greenroom_envs.shop.counter import ADDRESSES, METHODS, PARCELS, SENT_AT, items_of, today_of, utc_now
from greenroom_envs.shop.goods import Details, answer_to
from greenroom_envs.shop.history import tracking
from greenroom_envs.shop.ledger import STAGES, Order, OrderItem, Parcel, ParcelScan, Return, Subscription
from greenroom_envs.shop.models import CartItem, Courier, Customer, PaymentMethod, Product, Question, Variant
from greenroom_envs.shop.orders import DESK, SHOP, Sold, give_back, place, value_of
from greenroom_envs.shop.pricing import Line, dollars, quote

BUYING_EVERY = timedelta(hours=2)
WEARS = 0.05
CARTED = select(CartItem.variant_id).distinct().order_by(CartItem.variant_id).limit(200)
IN_STOCK = select(Variant).where(Variant.id >= bindparam("from"), Variant.stock > 0).order_by(Variant.id).limit(1)


@app.on("shop.order_ships")
def order_ships(world: World, payload: dict[str, Any]) -> None:
    """The sellers hand what is theirs of an order to couriers, unless it was cancelled."""
    order = world.session.get_one(Order, payload["order"])
    if order.status != "processing":
        return
    couriers = world.session.scalars(select(Courier).order_by(Courier.id)).all()
    sellers = dict.fromkeys(item.variant.product.seller_id for item in items_of(world, order))
    parcels = [_hand_over(world, order, n, seller, world.random.choice(couriers)) for n, seller in enumerate(sellers)]
    order.status, order.version = "shipped", order.version + 1
    numbers = ", ".join(parcel.tracking for parcel in parcels)
    _write_buyer(world, order, f"Your order {order.id} has shipped", f"Follow it by {numbers}.")


def _hand_over(world: World, order: Order, position: int, seller: int, courier: Courier) -> Parcel:
    promised = (utc_now(world) + timedelta(days=courier.days)).date()
    parcel = Parcel(
        order_id=order.id,
        seller_id=seller,
        courier_id=courier.id,
        tracking=tracking(order.id, position),
        status=STAGES[0],
        promised_on=promised,
        expected_on=promised,
    )
    world.session.add(parcel)
    world.session.flush()
    _scan(world, parcel, STAGES[0])
    world.schedule("shop.parcel_moves", {"parcel": parcel.id}, after=timedelta(hours=8))
    return parcel


@app.on("shop.parcel_moves")
def parcel_moves(world: World, payload: dict[str, Any]) -> None:
    """A parcel reaches its next stage; some lose a day on the way."""
    parcel = world.session.get_one(Parcel, payload["parcel"])
    if parcel.status == "delivered":
        return
    _scan(world, parcel, STAGES[STAGES.index(parcel.status) + 1])
    if parcel.status == "delivered":
        parcel.expected_on = utc_now(world).date()
        _delivered(world, world.session.get_one(Order, parcel.order_id))
        return
    if parcel.status == "in transit" and world.random.random() < 0.15:
        parcel.expected_on += timedelta(days=1)
    world.schedule("shop.parcel_moves", payload, after=timedelta(hours=world.random.randrange(8, 30)))


def _scan(world: World, parcel: Parcel, status: str) -> None:
    parcel.status = status
    world.session.add(ParcelScan(parcel_id=parcel.id, status=status, seen_at=utc_now(world)))


def _delivered(world: World, order: Order) -> None:
    """An order is delivered when its last parcel is."""
    world.session.flush()
    if any(parcel.status != "delivered" for parcel in world.session.scalars(PARCELS, {"order": order.id})):
        return
    order.status, order.delivered_at, order.version = "delivered", utc_now(world), order.version + 1
    _write_buyer(world, order, f"Your order {order.id} was delivered", "Your last parcel has arrived.")


def _write_buyer(world: World, order: Order, subject: str, body: str) -> None:
    if order.customer_id is not None:
        _write(world, world.session.get_one(Customer, order.customer_id), subject, body)


def _write(world: World, customer: Customer, subject: str, body: str) -> None:
    send_letter(world, Letter(sender=SHOP, address=DESK, to=customer.email, subject=subject, body=body))


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
    subject = f"Your return {back.label}"
    if back.reason != "damaged" and world.random.random() < WEARS:
        back.status, item.status = "rejected", "ordered"
        _write(world, customer, subject, "The item shows signs of use: we send it back to you and cannot refund it.")
        return
    back.status, item.status = "refunded", "returned"
    refund = give_back(world, order, value_of(order, item), f"return {back.label}")
    if back.reason != "damaged":
        item.variant.stock += item.quantity
    _write(
        world, customer, subject, f"We have inspected it and refund {dollars(refund.amount)} to {order.method.label}."
    )


@app.on("shop.exchange_arrives")
def exchange_arrives(world: World, payload: dict[str, Any]) -> None:
    """What was exchanged comes back to the shelf, if it is as good as new."""
    back = world.session.get_one(Return, payload["return"])
    if back.reason != "damaged":
        item = world.session.get_one(OrderItem, back.item_id)
        item.variant.stock += item.quantity


@app.on("shop.subscription_due")
def subscription_due(world: World, payload: dict[str, Any]) -> None:
    """An active subscription is ordered and paid by the customer's card, and moves on."""
    subscription = world.session.get_one(Subscription, payload["subscription"])
    if not subscription.active:
        return
    customer = world.session.get_one(Customer, subscription.customer_id)
    if problem := _send(world, customer, subscription.variant):
        title = subscription.variant.product.title
        _write(world, customer, f"Your subscription to {title}", f"We could not send it this time: {problem}")
    subscription.next_on += timedelta(weeks=subscription.weeks)
    after = datetime.combine(subscription.next_on, SENT_AT) - utc_now(world)
    world.schedule("shop.subscription_due", payload, after=max(after, timedelta(days=1)))


def _send(world: World, customer: Customer, variant: Variant) -> str | None:
    """Order one of a variant for a customer; returns why not."""
    if not variant.stock:
        return "it is out of stock."
    address = next((a for a in world.session.scalars(ADDRESSES, {"customer": customer.id}) if a.is_default), None)
    methods: Sequence[PaymentMethod] = world.session.scalars(METHODS, {"customer": customer.id}).all()
    good = [m for m in methods if m.expires_on is not None and m.expires_on >= today_of(world, customer)]
    if not good or address is None:
        return "there is no valid card or no default address."
    amounts = quote([Line(variant.price, 1)], plus=customer.tier == "plus")
    place(world, customer, [Sold(variant, 1)], amounts, None, good[0], address)
    return None


@app.on("shop.question_answered")
def question_answered(world: World, payload: dict[str, Any]) -> None:
    """A seller answers a question."""
    question = world.session.get_one(Question, payload["question"])
    product = world.session.get_one(Product, question.product_id)
    known = Details(product.material, product.warranty_years, product.weight_grams)
    question.answer = answer_to(question.text, known)


@app.on("shop.others_buy")
def others_buy(world: World, payload: dict[str, Any]) -> None:
    """Others buy: one of something that lies in a cart, or of anything else."""
    carted = world.session.scalars(CARTED).all()
    last = world.session.scalars(select(func.count(Variant.id))).one()
    start = (
        world.random.choice(carted) if carted and world.random.random() < 0.5 else world.random.randrange(1, last + 1)
    )
    variant = world.session.scalars(IN_STOCK, {"from": start}).first()
    if variant is not None:
        variant.stock -= min(variant.stock, world.random.choice((1, 1, 2)))
    world.schedule("shop.others_buy", payload, after=BUYING_EVERY)
