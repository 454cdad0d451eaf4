"""Newsletters."""

from typing import TypedDict

from sqlalchemy import bindparam, func, select

from greenroom import Refusal, World
from greenroom_envs.mail.app import app
from greenroom_envs.mail.hits import TWENTY, Page, paged
from greenroom_envs.mail.mailbox import find
from greenroom_envs.mail.models import Subscription

FROM = select(Subscription).where(Subscription.address == bindparam("address"))
NAMED = (
    select(Subscription)
    .where(func.lower(Subscription.name) == bindparam("name"))
    .order_by(Subscription.active)
    .limit(1)
)
COMING = paged(
    select(Subscription.name, Subscription.address)
    .where(Subscription.active)
    .order_by(Subscription.name, Subscription.id)
)


class Unsubscribed(TypedDict):
    """The newsletter that will not come any more."""

    unsubscribed: str


class Resubscribed(TypedDict):
    """The newsletter that comes again."""

    resubscribed: str


class Newsletter(TypedDict):
    """A newsletter that comes."""

    name: str
    address: str


@app.tool
def unsubscribe(world: World, message_id: str) -> Unsubscribed:
    """Stop the newsletter that a message belongs to. Its messages stay where they are.

    Args:
        message_id: Any message of the newsletter, such as Norvik-3.
    """
    message = find(world, message_id)
    subscription = world.session.scalars(FROM, {"address": message.address}).one_or_none()
    if subscription is None:
        raise Refusal("no_newsletter", f"'{message_id}' from {message.sender} is no newsletter: nothing to stop.")
    if not subscription.active:
        raise Refusal("already_unsubscribed", f"'{subscription.name}' was stopped before; nothing is left to do.")
    subscription.active = False
    return {"unsubscribed": subscription.name}


@app.tool
def resubscribe(world: World, name: str) -> Resubscribed:
    """Get a newsletter again that was stopped.

    Args:
        name: Its full name, such as Norvik Digest.
    """
    subscription = world.session.scalars(NAMED, {"name": name.strip().lower()}).one_or_none()
    if subscription is None:
        raise Refusal("no_newsletter", f"The user never had a newsletter '{name}': search for one of its messages.")
    if subscription.active:
        raise Refusal("already_subscribed", f"'{subscription.name}' comes already; nothing is left to do.")
    subscription.active = True
    return {"resubscribed": subscription.name}


@app.tool(writes=False)
def newsletters(world: World, page: Page = 1) -> list[Newsletter]:
    """List the newsletters that the user gets, by name, twenty a page.

    Args:
        page: Which page, from 1.
    """
    found = world.session.execute(COMING, {"limit": TWENTY, "skip": (page - 1) * TWENTY})
    return [{"name": name, "address": address} for name, address in found]
