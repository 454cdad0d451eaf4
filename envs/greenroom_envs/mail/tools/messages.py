"""Reading messages."""

import re
from typing import Annotated, TypedDict

from pydantic import Field
from sqlalchemy import bindparam, literal, select, union_all

from greenroom import World
from greenroom_envs.mail.app import app
from greenroom_envs.mail.clock import Clock
from greenroom_envs.mail.desk import Recipient
from greenroom_envs.mail.hits import FTS, MATCHED, SHOWN, Hits, Limit, Page, page_of, paged
from greenroom_envs.mail.mailbox import find, owner, resolve
from greenroom_envs.mail.models import Attachment, MessageLabel, MessageRow

Letter = TypedDict(
    "Letter",
    {
        "from": str,
        "to": str | None,
        "cc": list[str] | None,
        "subject": str,
        "date": str,
        "body": str,
        "labels": list[str] | None,
        "attachments": list[str] | None,
    },
)

Spoken = TypedDict("Spoken", {"from": str, "id": str, "date": str, "folder": str, "body": str})
ThreadLimit = Annotated[int, Field(ge=1, le=20)]

EXTRAS = union_all(
    select(literal("label"), MessageLabel.label).where(MessageLabel.message_id == bindparam("id")),
    select(literal("file"), Attachment.name).where(Attachment.message_id == bindparam("id")),
    select(literal("cc"), Recipient.address).where(Recipient.message_id == bindparam("id"), Recipient.kind == "cc"),
)
IN_THREAD = paged(select(*SHOWN).where(MessageRow.thread_id == bindparam("thread")).order_by(MessageRow.id.desc()))
WHOLE = paged(select(MessageRow).where(MessageRow.thread_id == bindparam("thread")).order_by(MessageRow.id))
WITH = paged(
    select(*SHOWN)
    .select_from(FTS.join(MessageRow, MessageRow.id == FTS.c.rowid))
    .where(MATCHED)
    .order_by(FTS.c.rowid.desc())
)


@app.tool
def read(world: World, message_id: str) -> Letter:
    """Read one message and mark it as read.

    Args:
        message_id: Its id, such as Danielle-12.
    """
    message, clock = find(world, message_id), Clock.of(world)
    if message.read_at is None:
        message.read_at = clock.utc_now
    return _letter(world, message, owner(world).address, clock)


@app.tool
def read_thread(world: World, message_id: str, limit: Limit = 5, page: Page = 1) -> Hits:
    """List the messages that answer each other with one message, latest first; read them one by one.

    Args:
        message_id: Any message of the thread, such as Danielle-12.
        limit: How many messages a page holds.
        page: Which page, from 1.
    """
    return page_of(world, IN_THREAD, {"thread": find(world, message_id).thread_id}, limit, page)


@app.tool
def show_thread(world: World, message_id: str, limit: ThreadLimit = 10, page: Page = 1) -> list[Spoken]:
    """Read a whole thread, oldest message first, and mark its messages as read.

    Args:
        message_id: Any message of the thread, such as Danielle-12.
        limit: How many messages a page holds.
        page: Which page, from 1.
    """
    asked = {"thread": find(world, message_id).thread_id, "limit": limit, "skip": (page - 1) * limit}
    found = world.session.scalars(WHOLE, asked).all()
    clock = Clock.of(world)
    for message in found:
        message.read_at = message.read_at or clock.utc_now
    return [
        {"from": m.sender, "id": m.handle, "date": clock.shown(m.sent_at), "folder": m.folder, "body": m.body}
        for m in found
    ]


@app.tool
def list_with(world: World, person: str, limit: Limit = 10, page: Page = 1) -> Hits:
    """List what one person and the user wrote to each other, latest first, in any folder.

    Args:
        person: An address, or the name of a contact.
        limit: How many messages a page holds.
        page: Which page, from 1.
    """
    address = resolve(world, person)
    words = '"' + " ".join(re.findall(r"[^\W_]+", address)) + '"'
    empty = f"The user and {address} have not written to each other, as far as page {page} goes."
    return page_of(world, WITH, {"match": f"{{address recipient}} : {words}"}, limit, page, empty)


def _letter(world: World, message: MessageRow, me: str, clock: Clock) -> Letter:
    extras = world.session.execute(EXTRAS, {"id": message.id}).all()
    return {
        "from": message.sender,
        "to": None if message.recipient == me else message.recipient,
        "cc": sorted(name for kind, name in extras if kind == "cc") or None,
        "subject": message.subject,
        "date": clock.short(message.sent_at),
        "body": message.body,
        "labels": sorted(name for kind, name in extras if kind == "label") or None,
        "attachments": sorted(name for kind, name in extras if kind == "file") or None,
    }
