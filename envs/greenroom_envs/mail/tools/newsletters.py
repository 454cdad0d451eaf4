"""Newsletters."""

from typing import TypedDict

from sqlalchemy import func, select

from greenroom import Refusal, World
from greenroom_envs.mail.app import app
from greenroom_envs.mail.hits import TWENTY, Page
from greenroom_envs.mail.mailbox import find
from greenroom_envs.mail.models import Subscription


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
    query = select(Subscription).where(Subscription.address == message.address)
    subscription = world.session.scalars(query).one_or_none()
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
    query = (
        select(Subscription)
        .where(func.lower(Subscription.name) == name.strip().lower())
        .order_by(Subscription.active)
        .limit(1)
    )
    subscription = world.session.scalars(query).one_or_none()
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
    query = select(Subscription).where(Subscription.active).order_by(Subscription.name, Subscription.id)
    found = world.session.scalars(query.limit(TWENTY).offset((page - 1) * TWENTY))
    return [{"name": s.name, "address": s.address} for s in found]
