"""Lists of messages, as tools show them: a few lines a page, latest arrived first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, NotRequired, TypeAlias, TypedDict

from pydantic import Field
from sqlalchemy import Select, column, select, table

from greenroom import World
from greenroom_envs.mail.index import Query
from greenroom_envs.mail.mailbox import short_date, utc_now
from greenroom_envs.mail.models import MessageLabel, MessageRow

HIDDEN = ("spam", "trash")
FTS = table("mail_message_fts", column("rowid"), column("mail_message_fts"))
SHOWN = (
    MessageRow.sender,
    MessageRow.tag,
    MessageRow.number,
    MessageRow.subject,
    MessageRow.sent_at,
    MessageRow.folder,
)

Listing: TypeAlias = "Select[str, str, int, str, datetime, str]"

Limit = Annotated[int, Field(ge=1, le=50)]
Page = Annotated[int, Field(ge=1, le=10_000)]

# "from" is a keyword of Python, hence the functional form; the sender comes first because ids begin with it.
Hit = TypedDict("Hit", {"from": str, "id": str, "subject": str, "date": str, "folder": str | None})


class Hits(TypedDict):
    """One page of messages; `more` when there is another page."""

    hits: list[Hit]
    more: NotRequired[bool]
    note: NotRequired[str]


def statement(query: Query) -> Listing:
    """The messages that a query means; without `in:`, spam and trash are left out."""
    chosen = select(*SHOWN)
    if query.match:
        # Rowids of the index are message ids: walking it backwards needs no sort, however many match.
        chosen = chosen.select_from(FTS.join(MessageRow, MessageRow.id == FTS.c.rowid))
        chosen = chosen.where(FTS.c.mail_message_fts.op("MATCH")(query.match)).order_by(FTS.c.rowid.desc())
    else:
        chosen = chosen.order_by(MessageRow.id.desc())
    if query.folders:
        chosen = chosen.where(MessageRow.folder.in_(query.folders))
    else:
        chosen = chosen.where(*(MessageRow.folder != name for name in HIDDEN))
    for name in query.labels:
        labelled = select(MessageLabel.message_id).where(MessageLabel.label == name)
        chosen = chosen.where(MessageRow.id.in_(labelled))
    states = {
        "unread": MessageRow.read_at.is_(None),
        "read": MessageRow.read_at.is_not(None),
        "starred": MessageRow.starred,
    }
    return chosen.where(*(states[name] for name in query.states))


def page_of(world: World, chosen: Listing, limit: int, page: int) -> Hits:
    """Run a list of messages and cut one page out of it."""
    rows = world.session.execute(chosen.limit(limit + 1).offset((page - 1) * limit)).all()
    now = utc_now(world)
    found: Hits = {"hits": [_hit(row, now) for row in rows[:limit]]}
    if len(rows) > limit:
        found["more"] = True
    return found


def _hit(row: Sequence[Any], now: datetime) -> Hit:
    sender, tag, number, subject, sent_at, folder = row
    return {
        "from": sender,
        "id": f"{tag}-{number}",
        "subject": subject,
        "date": short_date(sent_at, now),
        "folder": None if folder == "inbox" else folder,
    }
