"""Service desk: who is it?"""

from datetime import timedelta

from sqlalchemy import bindparam, func, select

from greenroom import Rate, Refusal, World
from greenroom_envs.shop.app import app
from greenroom_envs.shop.counter import (
    ADDRESSES,
    METHODS,
    Number,
    Row,
    checked,
    served,
    show_address,
    show_method,
    utc_now,
)
from greenroom_envs.shop.models import Customer

TRIES = 5
BY_EMAIL = select(Customer).where(Customer.email == bindparam("email"))
BY_NAME = (
    select(Customer)
    .where(Customer.postcode == bindparam("postcode"), func.lower(Customer.name) == bindparam("name"))
    .order_by(Customer.id)
    .limit(5)
)


@app.tool(at_most=Rate(30, timedelta(minutes=10)))
def find_customer(world: World, email: str | None = None, name: str | None = None, postcode: str | None = None) -> Row:
    """Service desk: find a customer by e-mail, or by full name and postcode.

    Args:
        email: The customer's e-mail.
        name: First and last name.
        postcode: The postcode that goes with the name.
    """
    if email:
        rows = world.session.scalars(BY_EMAIL, {"email": email.strip().lower()}).all()
    elif name and postcode:
        rows = world.session.scalars(BY_NAME, {"postcode": postcode.strip(), "name": name.strip().lower()}).all()
    else:
        raise Refusal("too_little", "Give the e-mail, or both name and postcode.")
    if not rows:
        note = "No customer has that e-mail, or that name and postcode: who does not know them cannot be verified."
        return {"results": [], "note": note}
    return {"results": [{"customer_id": row.id, "name": row.name} for row in rows]}


@app.tool(writes=False)
def verify_customer(
    world: World,
    customer_id: Number,
    email: str | None = None,
    name: str | None = None,
    postcode: str | None = None,
) -> Row:
    """Service desk: check what the user said of themselves against the account; good for half an hour.

    Args:
        customer_id: The customer's number, from shop_find_customer.
        email: What the user said is their e-mail.
        name: What the user said is their full name.
        postcode: What the user said is their postcode.
    """
    customer, check = checked(world, customer_id)
    if check.failures >= TRIES:
        raise Refusal("locked", f"Customer {customer_id} failed {TRIES} checks: use shop_escalate.")
    by_email = email is not None and email.strip().lower() == customer.email
    by_name = (name or "").strip().lower() == customer.name.lower() and (postcode or "").strip() == customer.postcode
    if not by_email and not by_name:
        check.failures += 1
        left = TRIES - check.failures
        return {"verified": False, "tries_left": left, "note": "That is not what the account says."}
    check.verified_at, check.failures = utc_now(world), 0
    return {"verified": True, "customer_id": customer.id, "name": customer.name}


@app.tool
def show_customer(world: World, customer_id: Number) -> Row:
    """Service desk: show a verified customer's addresses and payment methods.

    Args:
        customer_id: The customer's number.
    """
    customer = served(world, customer_id)
    found = {"customer": customer.id}
    return {
        "customer_id": customer.id,
        "name": customer.name,
        "email": customer.email,
        "tier": customer.tier,
        "addresses": [show_address(a) for a in world.session.scalars(ADDRESSES, found).all()],
        "payment_methods": [show_method(m) for m in world.session.scalars(METHODS, found).all()],
    }
