"""Reading messages."""

from datetime import datetime
from typing import TypedDict

from sqlalchemy import bindparam, literal, select, union_all

from greenroom import World
from greenroom_envs.mail.app import app
from greenroom_envs.mail.hits import SHOWN, Hits, Limit, Page, page_of
from greenroom_envs.mail.mailbox import find, owner, short_date, utc_now
from greenroom_envs.mail.models import Attachment, MessageLabel, MessageRow

Letter = TypedDict(
    "Letter",
    {
        "from": str,
        "to": str | None,
        "subject": str,
        "date": str,
        "body": str,
        "labels": list[str] | None,
        "attachments": list[str] | None,
    },
)

EXTRAS = union_all(
    select(literal("label"), MessageLabel.label).where(MessageLabel.message_id == bindparam("id")),
    select(literal("file"), Attachment.name).where(Attachment.message_id == bindparam("id")),
)


@app.tool
def read(world: World, message_id: str) -> Letter:
    """Read one message and mark it as read.

    Args:
        message_id: Its id, such as Danielle-12.
    """
    message = find(world, message_id)
    if message.read_at is None:
        message.read_at = utc_now(world)
    return _letter(world, message, owner(world).address, utc_now(world))


@app.tool
def read_thread(world: World, message_id: str, limit: Limit = 5, page: Page = 1) -> Hits:
    """List the messages that answer each other with one message, latest first; read them one by one.

    Args:
        message_id: Any message of the thread, such as Danielle-12.
        limit: How many messages a page holds.
        page: Which page, from 1.
    """
    thread = find(world, message_id).thread_id
    chosen = select(*SHOWN).where(MessageRow.thread_id == thread).order_by(MessageRow.id.desc())
    return page_of(world, chosen, limit, page)


def _letter(world: World, message: MessageRow, me: str, now: datetime) -> Letter:
    extras = world.session.execute(EXTRAS, {"id": message.id}).all()
    return {
        "from": message.sender,
        "to": None if message.recipient == me else message.recipient,
        "subject": message.subject,
        "date": short_date(message.sent_at, now),
        "body": message.body,
        "labels": sorted(name for kind, name in extras if kind == "label") or None,
        "attachments": sorted(name for kind, name in extras if kind == "file") or None,
    }
