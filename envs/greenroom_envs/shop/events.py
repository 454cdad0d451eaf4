"""The shop's life: orders ship, returns are inspected, subscriptions come due, people answer, others buy."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import lazyload

from greenroom import World
from greenroom_envs.shop.answers import answer_to, findings, known_of
from greenroom_envs.shop.app import app
from greenroom_envs.shop.counter import ADDRESSES, METHODS, SENT_AT, VARIANTS, items_of, today_of, utc_now
from greenroom_envs.shop.ledger import Escalation, Order, OrderItem, Parcel, Return, Subscription
from greenroom_envs.shop.letters import write, write_buyer
from greenroom_envs.shop.models import (
    CartItem,
    Courier,
    Customer,
    PaymentMethod,
    Product,
    Question,
    Review,
    Seller,
    Variant,
)
from greenroom_envs.shop.orders import Sold, give_back, place, value_of
from greenroom_envs.shop.parcels import hand_over
from greenroom_envs.shop.pricing import Line, dollars, quote

BUYING_EVERY = timedelta(hours=2)
WEARS = 0.05
CARTED = select(CartItem.variant_id).distinct().order_by(CartItem.variant_id).limit(200)
COUNT = select(func.count(Variant.id))
IN_STOCK = (
    select(Variant)
    .where(Variant.id >= bindparam("from"), Variant.stock > 0)
    .order_by(Variant.id)
    .limit(1)
    .options(lazyload(Variant.product))
)
COURIERS = select(Courier).order_by(Courier.id)
SELLERS = (
    select(Product.seller_id)
    .join(Variant, Variant.product_id == Product.id)
    .join(OrderItem, OrderItem.variant_id == Variant.id)
    .where(OrderItem.order_id == bindparam("order"))
    .order_by(OrderItem.id)
)


@app.on("shop.order_ships")
def order_ships(world: World, payload: dict[str, Any]) -> None:
    """The sellers hand what is theirs of an order to couriers, unless it was cancelled."""
    order = world.session.get_one(Order, payload["order"])
    if order.status != "processing":
        return
    couriers = world.session.scalars(COURIERS).all()
    sellers = dict.fromkeys(world.session.scalars(SELLERS, {"order": order.id}))
    parcels = [hand_over(world, order, n, seller, world.random.choice(couriers)) for n, seller in enumerate(sellers)]
    order.status, order.version = "shipped", order.version + 1
    numbers = ", ".join(parcel.tracking for parcel in parcels)
    write_buyer(
        world,
        order,
        f"Your order {order.id} has shipped",
        f"On its way with: {couriers_of(parcels)}. Follow it by {numbers}.",
    )


def couriers_of(parcels: Sequence[Parcel]) -> str:
    """Who carries some parcels, each named once."""
    return ", ".join(dict.fromkeys(parcel.courier.name for parcel in parcels))


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
        write(world, customer, subject, "The item shows signs of use: we send it back to you and cannot refund it.")
        return
    back.status, item.status = "refunded", "returned"
    refund = give_back(world, order, value_of(order, item), f"return {back.label}")
    if back.reason != "damaged":
        item.variant.stock += item.quantity
    write(
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
        write(world, customer, f"Your subscription to {title}", f"We could not send it this time: {problem}")
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
    """A seller answers a question, and whoever asked is told."""
    question = world.session.get_one(Question, payload["question"])
    product = world.session.get_one(Product, question.product_id)
    variants = world.session.execute(VARIANTS, {"product": product.id}).all()
    known = known_of(product, variants, world.session.get_one(Seller, product.seller_id))
    question.answer = answer_to(question.text, known)
    customer = world.session.get_one(Customer, question.customer_id)
    write(world, customer, f"Your question about the {product.title}", f"You asked: {question.text}\n{question.answer}")


@app.on("shop.review_counted")
def review_counted(world: World, payload: dict[str, Any]) -> None:
    """A review that was looked at counts for the stars of its product."""
    review = world.session.get_one(Review, payload["review"])
    product = world.session.get_one(Product, review.product_id)
    product.rating = (product.rating * product.ratings + review.stars * 10) // (product.ratings + 1)
    product.ratings += 1


@app.on("shop.colleague_answers")
def colleague_answers(world: World, payload: dict[str, Any]) -> None:
    """A colleague has looked at a case, and writes to the customer what follows from the orders it names."""
    case = world.session.get_one(Escalation, payload["case"])
    customer = world.session.get_one(Customer, case.customer_id)
    case.answer = text = findings(world, customer, case.summary)
    write(world, customer, f"Your case {case.id}", text)


@app.on("shop.others_buy")
def others_buy(world: World, payload: dict[str, Any]) -> None:
    """Others buy: one of something that lies in a cart, or of anything else."""
    carted = world.session.scalars(CARTED).all()
    last = world.session.scalars(COUNT).one()
    start = (
        world.random.choice(carted) if carted and world.random.random() < 0.5 else world.random.randrange(1, last + 1)
    )
    variant = world.session.scalars(IN_STOCK, {"from": start}).first()
    if variant is not None:
        variant.stock -= min(variant.stock, world.random.choice((1, 1, 2)))
    world.schedule("shop.others_buy", payload, after=BUYING_EVERY)
