"""The user's ways to pay."""

import re
from datetime import date
from typing import Annotated

from pydantic import Field
from sqlalchemy import bindparam, select

from greenroom import Refusal, World
from greenroom_envs.booking.app import app
from greenroom_envs.booking.desk import Number, me, utc_now
from greenroom_envs.booking.models import PaymentMethod, Voucher
from greenroom_envs.booking.money import method_of
from greenroom_envs.booking.showing import METHOD_LINE, Row, show_method

MOST = 12
EXPIRY = re.compile(r"(0[1-9]|1[0-2])/(\d\d)")
Short = Annotated[str, Field(max_length=40)]
MINE = (
    select(*METHOD_LINE)
    .where(PaymentMethod.user_id == bindparam("user"), PaymentMethod.removed.is_(False))
    .order_by(PaymentMethod.id)
)
VOUCHERS = select(Voucher).where(Voucher.user_id == bindparam("user")).order_by(Voucher.id.desc()).limit(50)


@app.tool
def list_payment_methods(world: World) -> Row:
    """List the user's cards, gift cards and certificates, with what is left on them."""
    return {"methods": [show_method(method) for method in world.session.execute(MINE, {"user": me(world).id})]}


@app.tool
def add_card(world: World, number: Short, expires: Short) -> Row:
    """Add a card to pay with.

    Args:
        number: The card's number, 13 to 19 digits; blanks are ignored.
        expires: Month and year, such as 09/28.
    """
    user = me(world)
    digits = re.sub(r"[\s-]", "", number)
    if not re.fullmatch(r"[0-9]{13,19}", digits) or not _checks(digits):
        raise Refusal("bad_card", "This is no card's number, a digit may be wrong: ask the user to read it again.")
    _require_valid(world, expires)
    label = f"card ending {digits[-4:]}"
    if any(method.label == label for method in world.session.execute(MINE, {"user": user.id})):
        raise Refusal("already_there", f"The user has a {label} already.")
    _require_room(world, user.id)
    card = PaymentMethod(user_id=user.id, kind="card", label=label, balance=None, currency=None)
    world.session.add(card)
    world.session.flush()
    return show_method(card)


def _require_room(world: World, user_id: int) -> None:
    if len(world.session.execute(MINE, {"user": user_id}).all()) >= MOST:
        raise Refusal("too_many_methods", f"There are {MOST} ways to pay, the most that can be: remove one first.")


def _checks(digits: str) -> bool:
    """The check digit of card numbers (Luhn)."""
    doubled = [int(d) * (1 + place % 2) for place, d in enumerate(reversed(digits))]
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def _require_valid(world: World, expires: str) -> None:
    match, today = EXPIRY.fullmatch(expires.strip()), utc_now(world).date()
    if match is None:
        raise Refusal("bad_expiry", f"'{expires}' is no month and year such as 09/28.")
    if date(2000 + int(match[2]), int(match[1]), 1) < today.replace(day=1):
        raise Refusal("card_expired", f"The card was good until {expires}, and today is {today}: ask for another.")


@app.tool
def remove_payment_method(world: World, method_id: Number) -> Row:
    """Remove a card, or a gift card or certificate on which nothing is left.

    Args:
        method_id: Its number.
    """
    method = method_of(world, me(world), method_id)
    if method.balance:
        raise Refusal("not_empty", f"Payment method {method.id} holds {method.balance} cents: it is not thrown away.")
    method.removed = True
    return {"removed": method.id}


@app.tool
def list_vouchers(world: World) -> Row:
    """List the vouchers that refunds of certificates became."""
    return {
        "vouchers": [
            {
                "voucher_id": v.id,
                "amount_cents": v.amount,
                "currency": v.currency,
                "valid_until": v.valid_until,
                "redeemed": v.redeemed,
            }
            for v in world.session.scalars(VOUCHERS, {"user": me(world).id})
        ]
    }


@app.tool
def redeem_voucher(world: World, voucher_id: Number) -> Row:
    """Turn a voucher into a gift card that can pay.

    Args:
        voucher_id: The voucher's number.
    """
    user, voucher = me(world), world.session.get(Voucher, voucher_id)
    if voucher is None or voucher.user_id != user.id:
        raise Refusal("no_such_voucher", f"You have no voucher {voucher_id}; booking_list_vouchers has all.")
    if voucher.redeemed:
        raise Refusal("already_redeemed", f"Voucher {voucher.id} was redeemed: see booking_list_payment_methods.")
    if voucher.valid_until < utc_now(world).date():
        raise Refusal("voucher_expired", f"Voucher {voucher.id} was good until {voucher.valid_until}.")
    _require_room(world, user.id)
    voucher.redeemed = True
    card = PaymentMethod(
        user_id=user.id,
        kind="gift_card",
        label=f"voucher {voucher.id}",
        balance=voucher.amount,
        currency=voucher.currency,
    )
    world.session.add(card)
    world.session.flush()
    return show_method(card)
