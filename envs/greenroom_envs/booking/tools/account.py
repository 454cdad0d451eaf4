"""The user's account and ways to pay."""

from datetime import timedelta

from sqlalchemy import select

from greenroom import Refusal, World
from greenroom_envs.booking.app import app
from greenroom_envs.booking.desk import Row, me, utc_now
from greenroom_envs.booking.models import Login, PaymentMethod, User, Voucher
from greenroom_envs.booking.policy import FREE_BAGS

SESSION = timedelta(hours=12)


@app.tool
def sign_in(world: World, email: str, pin: str) -> Row:
    """Sign in, when the session has expired.

    Args:
        email: The user's mail address.
        pin: The user's six digits.
    """
    user = world.session.scalars(select(User).where(User.email == email.strip().lower())).one_or_none()
    if user is None or user.pin != pin.strip():
        raise Refusal("wrong_pin", "There is no account with this address and pin: ask the user for both.")
    login = world.session.get_one(Login, 1)
    login.user_id, login.expires_at = user.id, utc_now(world) + SESSION
    return {"signed_in": user.name}


@app.tool
def show_account(world: World) -> Row:
    """Show who is signed in, the tier and its free bags, and what day it is."""
    user = me(world)
    bags, today = FREE_BAGS[user.tier], utc_now(world).date()
    return {"name": user.name, "email": user.email, "tier": user.tier, "free_bags": bags, "today": today}


@app.tool
def list_payment_methods(world: World) -> Row:
    """List the user's cards, gift cards and certificates, with what is left on them."""
    user = me(world)
    methods = select(PaymentMethod).where(PaymentMethod.user_id == user.id).order_by(PaymentMethod.id)
    return {
        "methods": [
            {"method_id": m.id, "kind": m.kind, "label": m.label, "balance_cents": m.balance}
            for m in world.session.scalars(methods)
        ]
    }


@app.tool
def list_vouchers(world: World) -> Row:
    """List the vouchers that refunds of certificates became."""
    vouchers = select(Voucher).where(Voucher.user_id == me(world).id).order_by(Voucher.id)
    return {
        "vouchers": [
            {"voucher_id": v.id, "amount_cents": v.amount, "valid_until": v.valid_until}
            for v in world.session.scalars(vouchers)
        ]
    }
