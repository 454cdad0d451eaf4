"""Waiting for mail."""

from datetime import timedelta

from sqlalchemy import func, select

from greenroom import World
from greenroom_envs.mail.app import app
from greenroom_envs.mail.clock import Clock
from greenroom_envs.mail.hits import SHOWN, Hits, page_of
from greenroom_envs.mail.mailbox import owner, utc_now
from greenroom_envs.mail.models import MessageRow

WAIT = timedelta(minutes=30)


@app.tool(takes=WAIT, writes=False)
def wait_for_mail(world: World) -> Hits:
    """Wait half an hour, then list what arrived meanwhile, latest first, ten at most."""
    before = select(func.max(MessageRow.id)).where(MessageRow.sent_at <= utc_now(world) - WAIT)
    last = world.session.scalar(before) or 0
    arrived = (MessageRow.id > last, MessageRow.address != owner(world).address)
    clock = Clock.of(world)
    empty = f"Nothing arrived in half an hour; it is {clock.shown(clock.utc_now)} now."
    return page_of(world, select(*SHOWN).where(*arrived).order_by(MessageRow.id.desc()), 10, 1, empty)
