"""Messages to hosts and their answers."""

from datetime import timedelta

from sqlalchemy import bindparam, select

from greenroom import Rate, World
from greenroom_envs.booking.app import app
from greenroom_envs.booking.desk import Number, Text, host_of, in_minutes, listing_of, me, require_text, utc_now
from greenroom_envs.booking.policy import MESSAGES_AN_HOUR
from greenroom_envs.booking.showing import Row, utc_text
from greenroom_envs.booking.stays import HostMessage

WAIT = in_minutes(30)
LAST = (
    select(HostMessage)
    .where(HostMessage.listing_id == bindparam("listing"), HostMessage.user_id == bindparam("user"))
    .order_by(HostMessage.id.desc())
    .limit(10)
)


@app.tool(at_most=Rate(MESSAGES_AN_HOUR, timedelta(hours=1)))
def message_host(world: World, listing_id: Number, text: Text) -> Row:
    """Write to the host of a listing; the answer comes by message and by letter after some minutes.

    Args:
        listing_id: The listing's number.
        text: The message.
    """
    user, listing = me(world), listing_of(world, listing_id)
    require_text(text=text)
    host = host_of(world, listing)
    message = HostMessage(listing_id=listing.id, user_id=user.id, by_host=False, text=text, sent_at=utc_now(world))
    world.session.add(message)
    world.session.flush()
    payload = {"listing": listing.id, "user": user.id, "text": text}
    world.schedule("booking.host_answers", payload, after=in_minutes(host.answers_after))
    return {"message_id": message.id, "to": host.name}


@app.tool
def list_messages(world: World, listing_id: Number) -> Row:
    """List the last messages with the host of a listing, oldest first.

    Args:
        listing_id: The listing's number.
    """
    return _messages(world, listing_id)


@app.tool(takes=WAIT, writes=False)
def wait_for_host(world: World, listing_id: Number) -> Row:
    """Wait half an hour, then list the last messages with the host of a listing.

    Args:
        listing_id: The listing's number.
    """
    return _messages(world, listing_id)


def _messages(world: World, listing_id: int) -> Row:
    user, listing = me(world), listing_of(world, listing_id)
    last = world.session.scalars(LAST, {"listing": listing.id, "user": user.id}).all()
    return {
        "messages": [
            {"by": "host" if m.by_host else "user", "text": m.text, "sent_utc": utc_text(m.sent_at)}
            for m in reversed(last)
        ]
    }
