"""Waiting for mail."""

from datetime import timedelta

from sqlalchemy import bindparam, func, select

from greenroom import World
from greenroom_envs.mail.app import app
from greenroom_envs.mail.clock import Clock
from greenroom_envs.mail.hits import SHOWN, Hits, shown
from greenroom_envs.mail.models import Account, MessageRow

WAIT = timedelta(minutes=30)
TEN = 10

# One statement, made once: agents wait often, and most often nothing has come.
_LAST = select(func.max(MessageRow.id)).where(MessageRow.sent_at <= bindparam("since")).scalar_subquery()
_ME = select(Account.address).where(Account.id == 1).scalar_subquery()
ARRIVED = (
    select(*SHOWN)
    .where(MessageRow.id > func.coalesce(_LAST, 0), MessageRow.address != _ME)
    .order_by(MessageRow.id.desc())
    .limit(TEN + 1)
)


@app.tool(takes=WAIT, writes=False)
def wait_for_mail(world: World) -> Hits:
    """Wait half an hour, then list what arrived meanwhile, latest first, ten at most."""
    clock = Clock.of(world)
    rows = world.session.execute(ARRIVED, {"since": clock.utc_now - WAIT}).all()
    empty = f"Nothing arrived in half an hour; it is {clock.shown(clock.utc_now)} now."
    return shown(rows, clock, TEN, empty)
