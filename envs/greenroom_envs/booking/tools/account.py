"""The user's account: signing in and out."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field
from sqlalchemy import bindparam, select

from greenroom import Refusal, World
from greenroom_envs.booking.app import app
from greenroom_envs.booking.desk import in_minutes, me, utc_now
from greenroom_envs.booking.models import Login, User
from greenroom_envs.booking.policy import FREE_BAGS, LOCK_MINUTES, MOST_TRIES, RULES
from greenroom_envs.booking.showing import Row, utc_text

SESSION = timedelta(hours=12)
BY_EMAIL = select(User).where(User.email == bindparam("email"))
Secret = Annotated[str, Field(max_length=200)]


@app.tool
def sign_in(world: World, email: Secret, pin: Secret) -> Row:
    """Sign in, when the session has expired. Five wrong tries lock signing in for fifteen minutes.

    Args:
        email: The user's mail address.
        pin: The user's six digits.
    """
    login, now = world.session.get_one(Login, 1), utc_now(world)
    if login.locked_until is not None and now < login.locked_until:
        until = utc_text(login.locked_until)
        raise Refusal("locked", f"After {MOST_TRIES} wrong tries nobody can sign in until {until} UTC.")
    user = world.session.scalars(BY_EMAIL, {"email": email.strip().lower()}).one_or_none()
    if user is None or user.pin != pin.strip():
        # An answer, no refusal: a refusal is rolled back, and this try must count.
        login.failures = (login.failures + 1) % MOST_TRIES
        login.locked_until = None if login.failures else now + in_minutes(LOCK_MINUTES)
        left = MOST_TRIES - login.failures if login.failures else 0
        why = "There is no account with this address and pin: ask the user for both."
        return {"signed_in": False, "why": why, "tries_left": left}
    login.user_id, login.expires_at, login.failures, login.locked_until = user.id, now + SESSION, 0, None
    return {"signed_in": True, "name": user.name, "until_utc": utc_text(login.expires_at)}


@app.tool
def sign_out(world: World) -> Row:
    """End the session."""
    me(world)
    world.session.get_one(Login, 1).expires_at = utc_now(world)
    return {"signed_in": False}


@app.tool
def show_account(world: World) -> Row:
    """Show who is signed in, the tier and its free bags, and what time it is."""
    user = me(world)
    return {
        "name": user.name,
        "email": user.email,
        "tier": user.tier,
        "free_bags": FREE_BAGS[user.tier],
        "now_utc": utc_text(utc_now(world)),
    }


@app.tool
def show_rules(world: World) -> Row:
    """Show the rules of booking by name."""
    return {"rules": {code.replace("_", " "): sentence for code, sentence in RULES.items()}}
