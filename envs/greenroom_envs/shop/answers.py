"""What people of the shop know and write: sellers about their goods, colleagues about a case."""

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from greenroom import World
from greenroom_envs.shop import goods
from greenroom_envs.shop.counter import PARCELS, local_day, today_of
from greenroom_envs.shop.ledger import Order
from greenroom_envs.shop.models import Customer, Product, Read, Seller, Variant
from greenroom_envs.shop.policy import LATE_DAYS, RETURN_DAYS
from greenroom_envs.shop.pricing import dollars

NUMBER = re.compile(r"\bW\d{6,7}\b")
MOST_NAMED = 3
QUESTIONS = (
    "How long is the warranty?",
    "What is it made of?",
    "How heavy is it?",
    "Is it suitable as a gift?",
    "Which sizes do you have?",
    "Does it come in other colours?",
    "How soon would you send it?",
    "Can I send it back if I do not like it?",
    "When will it be in stock again?",
    "Is there a discount if I take several?",
    "Where is it made?",
    "Can I get spare parts?",
    "Is a manual in English in the box?",
    "Does it smell when it is new?",
)
AT_A_LOSS = (
    "I have asked the maker and got no answer so far. What we know: {description}",
    "We have not tried that, so I would rather not promise anything.",
    "Nobody here knows, I am sorry. What the page says is all that we have.",
    "Good question! The maker says nothing about it; you have 30 days to try it yourself.",
    "I am afraid I cannot say. {description}",
)


# What one word of it would be taken for something else: that is no size, no delivery and no return.
PHRASES = (
    (re.compile(r"\bhow long\b(?=.*\bwarrant|.*\bguarant|.*\bdeliver|.*\bship)"), "how"),
    (re.compile(r"\bsend (it|them|this) back\b"), "return"),
    (re.compile(r"\bback in stock\b"), "in stock"),
)


@dataclass(frozen=True)
class Known:
    """What a seller knows of a product."""

    description: str
    material: str
    warranty_years: int
    weight_grams: int
    final_sale: bool
    colours: tuple[str, ...]
    sizes: tuple[str, ...]
    stock: int
    hours: int


def known_of(product: Product, variants: Sequence[Variant | Read], seller: Seller) -> Known:
    """What is known of a product of the world."""
    return Known(
        product.description,
        product.material,
        product.warranty_years,
        product.weight_grams,
        product.final_sale,
        tuple(dict.fromkeys(v.colour for v in variants)),
        tuple(dict.fromkeys(v.size for v in variants if v.size)),
        sum(v.stock for v in variants),
        seller.dispatch_hours,
    )


def answer_to(question: str, known: Known) -> str:
    """What a seller answers: a sentence about each thing that the question touches."""
    text = question.lower()
    for phrase, meant in PHRASES:
        text = phrase.sub(meant, text)
    asked = set(re.findall(r"[a-z]+", text))
    touched = [told for cues, told in _topics(known) if asked & set(cues.split())]
    return " ".join(touched) or _at_a_loss(question, known)


def _topics(known: Known) -> Iterable[tuple[str, str]]:
    back = "Final sale: it cannot be sent back." if known.final_sale else f"Yes, within {RETURN_DAYS} days."
    sizes = f"It comes in {_listed(known.sizes)}." if known.sizes else "There is one size only."
    stock = f"There are {known.stock} in stock now." if known.stock else "It is sold out; I do not know when more come."
    yield "warranty warranted guarantee guaranteed", f"It comes with {goods.warranty(known.warranty_years)}."
    yield "material made fabric", f"It is made of {known.material}."
    yield "heavy weigh weighs weight light", f"It weighs {goods.weight(known.weight_grams)}."
    yield "gift present wrap wrapped wrapping", "Yes: choose gift wrap in the cart."
    yield "size sizes big large small long wide fit fits", sizes
    yield "colour colours color colors", f"It comes in {_listed(known.colours)}."
    yield "stock available availability", stock
    yield "soon send sent ship shipped delivery deliver arrive", f"We hand it over within {known.hours} hours."
    yield "return returned back exchange refund", back
    yield "discount cheaper price several", "The price is the one on the page; codes count in the cart."


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _at_a_loss(question: str, known: Known) -> str:
    drawn = zlib.crc32(f"{question} {known.description}".encode()) % len(AT_A_LOSS)
    return AT_A_LOSS[drawn].format(description=known.description)


def findings(world: World, customer: Customer, summary: str) -> str:
    """What a colleague writes about a case: how the orders stand that it names, and what can be done."""
    named = list(dict.fromkeys(NUMBER.findall(summary.upper())))[:MOST_NAMED]
    if not named:
        return "I have read your case. Please tell me the number of the order that it is about, and what I should do."
    return " ".join(["I have looked at it.", *(_finding(world, customer, number) for number in named)])


def _finding(world: World, customer: Customer, number: str) -> str:
    order = world.session.get(Order, number)
    if order is None or order.customer_id != customer.id:
        return f"An order {number} is not in your account."
    if order.status == "cancelled":
        return f"Order {number} was cancelled; what you paid went back to {order.method.label}."
    if order.status == "processing":
        return f"Order {number} of {dollars(order.total)} has not shipped: it can still be changed or cancelled."
    if order.delivered_at is not None:
        return _delivered(world, customer, order, local_day(order.delivered_at, customer.time_zone))
    return _under_way(world, customer, order)


def _delivered(world: World, customer: Customer, order: Order, came: date) -> str:
    last = came + timedelta(days=RETURN_DAYS)
    if last < today_of(world, customer):
        return (
            f"Order {order.id} came on {_said(came)}: its {RETURN_DAYS} days are over, and I cannot make an exception."
        )
    return f"Order {order.id} came on {_said(came)}: it can be sent back until {_said(last)}."


def _under_way(world: World, customer: Customer, order: Order) -> str:
    parcels = [p for p in world.session.execute(PARCELS, {"order": order.id}) if p.status != "delivered"]
    today = today_of(world, customer)
    late = max(((today - parcel.promised_on).days for parcel in parcels), default=0)
    if late >= LATE_DAYS:
        return f"Order {order.id} is {late} days late: call us, and what has not come is refunded."
    expected = max((parcel.expected_on for parcel in parcels), default=today)
    return f"Order {order.id} is on its way and expected on {_said(expected)}."


def _said(day: date) -> str:
    return f"{day.day} {day:%B}"
