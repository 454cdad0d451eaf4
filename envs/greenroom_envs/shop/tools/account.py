"""The customer's own account: signing in and out, profile."""

import hashlib
from datetime import timedelta

from greenroom import Refusal, World
from greenroom_envs.shop.app import app
from greenroom_envs.shop.counter import Row, local, me, utc_now
from greenroom_envs.shop.models import Customer, Login

SESSION = timedelta(hours=12)
TRIES = 5
LOCKED_FOR = timedelta(minutes=15)


def secret_of(password: str) -> str:
    """What is kept of a password."""
    return hashlib.sha256(f"shop/{password}".encode()).hexdigest()


@app.tool(writes=False)
def sign_in(world: World, password: str) -> Row:
    """Sign the user in again when the session has expired. Five wrong passwords lock the account for a while.

    Args:
        password: The user's password; ask the user for it.
    """
    login, now = world.session.get_one(Login, 1), utc_now(world)
    customer = world.session.get_one(Customer, login.customer_id)
    if login.locked_until is not None and login.locked_until > now:
        opens = local(login.locked_until, customer.time_zone)
        raise Refusal("locked", f"After {TRIES} wrong passwords the account is locked until {opens:%H:%M}: wait.")
    if secret_of(password) != customer.secret:
        return _fail(world, login)
    login.failures, login.locked_until, login.expires_at = 0, None, now + SESSION
    return {"signed_in": True, "name": customer.name}


def _fail(world: World, login: Login) -> Row:
    """Count a wrong password; not a refusal, which could not count anything."""
    login.failures += 1
    left = TRIES - login.failures
    if not left:
        login.failures, login.locked_until = 0, utc_now(world) + LOCKED_FOR
    return {"signed_in": False, "tries_left": left, "note": "That password is wrong: ask the user again."}


@app.tool(writes=False)
def sign_out(world: World) -> Row:
    """Sign the user out: all that belongs to the account then needs shop_sign_in."""
    customer = me(world)
    world.session.get_one(Login, 1).expires_at = utc_now(world)
    return {"signed_out": customer.name}


@app.tool
def show_account(world: World) -> Row:
    """Show the name, e-mail, membership and time zone of the user."""
    customer = me(world)
    return {
        "customer_id": customer.id,
        "name": customer.name,
        "email": customer.email,
        "tier": customer.tier,
        "time_zone": customer.time_zone,
        "local_time": local(utc_now(world), customer.time_zone).isoformat(timespec="minutes"),
    }
