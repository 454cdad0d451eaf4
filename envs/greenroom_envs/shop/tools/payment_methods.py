"""The customer's cards and gift cards."""

import re
from datetime import date, timedelta

from sqlalchemy import bindparam, select

from greenroom import Rate, Refusal, World
from greenroom_envs.shop.app import app
from greenroom_envs.shop.counter import METHODS, Number, Row, me, method_of, require_room, show_method, today_of
from greenroom_envs.shop.ledger import Order
from greenroom_envs.shop.models import PaymentMethod

BY_CODE = select(PaymentMethod).where(PaymentMethod.code == bindparam("code"))
PAID_WITH = (
    select(Order.id).where(Order.customer_id == bindparam("customer"), Order.method_id == bindparam("method")).limit(1)
)
BRANDS = {"3": "Amex", "4": "Visa", "5": "Mastercard"}


@app.tool
def list_payment_methods(world: World) -> list[Row]:
    """List the user's cards and gift cards."""
    return [show_method(m) for m in world.session.scalars(METHODS, {"customer": me(world).id}).all()]


@app.tool
def add_card(world: World, number: str, expires: date) -> Row:
    """Add a credit card; only its last digits are kept.

    Args:
        number: The card's number.
        expires: The last day on which it is good.
    """
    customer, digits = me(world), re.sub(r"[ -]", "", number)
    if not re.fullmatch(r"[345][0-9]{14,15}", digits) or not _luhn(digits):
        raise Refusal("bad_card", "That is no card number: 15 or 16 digits, the last of which is a check digit.")
    if expires < today_of(world, customer):
        raise Refusal("card_expired", f"The card expired on {expires}.")
    kept = world.session.scalars(METHODS, {"customer": customer.id}).all()
    label = f"{BRANDS[digits[0]]} ending {digits[-4:]}"
    if any(method.label == label and method.expires_on == expires for method in kept):
        raise Refusal("card_known", f"The {label} is among the payment methods already; list them.")
    require_room("payment_methods", len(kept))
    method = PaymentMethod(
        customer_id=customer.id,
        kind="card",
        label=label,
        expires_on=expires,
    )
    world.session.add(method)
    world.session.flush()
    return show_method(method)


def _luhn(digits: str) -> bool:
    """The check digit of ISO/IEC 7812-1: every second digit doubled from the right, the sum divisible by ten."""
    doubled = [sum(divmod(2 * int(d), 10)) for d in digits[-2::-2]]
    return (sum(doubled) + sum(map(int, digits[-1::-2]))) % 10 == 0


@app.tool(at_most=Rate(5, timedelta(minutes=10)))
def add_gift_card(world: World, code: str) -> Row:
    """Add a gift card by its code.

    Args:
        code: The code, such as GIFT-4821-7730.
    """
    customer = me(world)
    method = world.session.scalars(BY_CODE, {"code": code.strip().upper()}).first()
    if method is None or method.customer_id is not None:
        raise Refusal("no_such_gift_card", f"'{code}' is the code of no unused gift card: look at it again.")
    require_room("payment_methods", len(world.session.scalars(METHODS, {"customer": customer.id}).all()))
    method.customer_id = customer.id
    return show_method(method)


@app.tool
def remove_payment_method(world: World, method_id: Number) -> Row:
    """Remove a card that paid no order yet; gift cards stay.

    Args:
        method_id: Its number.
    """
    method = method_of(world, me(world), method_id)
    used = {"customer": method.customer_id, "method": method.id}
    if method.balance is not None or world.session.scalar(PAID_WITH, used) is not None:
        raise Refusal("method_in_use", f"Payment method {method_id} holds money or paid an order: it must stay.")
    world.session.delete(method)
    return {"removed": method_id}
