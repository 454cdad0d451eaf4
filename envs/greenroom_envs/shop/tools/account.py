"""The customer's own account: signing in, profile."""

import hashlib
from datetime import timedelta

from greenroom import Refusal, World
from greenroom_envs.shop.app import app
from greenroom_envs.shop.counter import Row, me, utc_now
from greenroom_envs.shop.models import Customer, Login

SESSION = timedelta(hours=12)
TRIES = 5


def secret_of(password: str) -> str:
    """What is kept of a password."""
    return hashlib.sha256(f"shop/{password}".encode()).hexdigest()


@app.tool(writes=False)
def sign_in(world: World, password: str) -> Row:
    """Sign the user in again when the session has expired.

    Args:
        password: The user's password; ask the user for it.
    """
    login = world.session.get_one(Login, 1)
    if login.failures >= TRIES:
        raise Refusal("locked", "The account is locked after five wrong passwords: the service desk can help.")
    customer = world.session.get_one(Customer, login.customer_id)
    if secret_of(password) != customer.secret:
        login.failures += 1
        return {"signed_in": False, "tries_left": TRIES - login.failures, "note": "That password is wrong."}
    login.failures, login.expires_at = 0, utc_now(world) + SESSION
    return {"signed_in": True, "name": customer.name}


@app.tool
def show_account(world: World) -> Row:
    """Show the name, e-mail and membership of the user."""
    customer = me(world)
    return {"customer_id": customer.id, "name": customer.name, "email": customer.email, "tier": customer.tier}
