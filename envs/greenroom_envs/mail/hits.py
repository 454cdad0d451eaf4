"""Lists of messages, as tools show them: a few lines a page, latest arrived first."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, NotRequired, TypeAlias, TypedDict, TypeVarTuple

from pydantic import Field
from sqlalchemy import ColumnElement, Select, column, func, select, table

from greenroom import World
from greenroom_envs.mail.clock import Clock
from greenroom_envs.mail.desk import Invitation
from greenroom_envs.mail.models import Attachment, MessageLabel, MessageRow
from greenroom_envs.mail.query import Query

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

Columns = TypeVarTuple("Columns")

TWENTY = 20
Limit = Annotated[int, Field(ge=1, le=50)]
Page = Annotated[int, Field(ge=1, le=10_000)]

# "from" is a keyword of Python, hence the functional form; the sender comes first because ids begin with it.
Hit = TypedDict("Hit", {"from": str, "id": str, "subject": str, "date": str, "folder": str | None})


class Hits(TypedDict):
    """One page of messages; `more` when there is another page."""

    hits: list[Hit]
    more: NotRequired[bool]
    note: NotRequired[str]


def statement(world: World, query: Query, *, oldest: bool = False) -> Listing:
    """The messages that a query means, latest first; without `in:`, spam and trash are left out."""
    return in_order(matching(world, select(*SHOWN), query), query, oldest=oldest)


def in_order(chosen: "Select[*Columns]", query: Query, *, oldest: bool = False) -> "Select[*Columns]":
    """Order a statement that a query has narrowed down: latest or oldest first."""
    # Rowids of the index are message ids: walking it backwards needs no sort, however many match.
    key = FTS.c.rowid if query.match else MessageRow.id
    return chosen.order_by(key.asc() if oldest else key.desc())


def matching(world: World, chosen: "Select[*Columns]", query: Query) -> "Select[*Columns]":
    """Narrow a statement on messages down to those that a query means."""
    if query.match:
        match = f"({query.match}) NOT ({query.without})" if query.without else query.match
        chosen = chosen.select_from(FTS.join(MessageRow, MessageRow.id == FTS.c.rowid))
        chosen = chosen.where(FTS.c.mail_message_fts.op("MATCH")(match))
    elif query.without:
        found = select(FTS.c.rowid).where(FTS.c.mail_message_fts.op("MATCH")(query.without))
        chosen = chosen.where(MessageRow.id.not_in(found))
    if query.folders:
        chosen = chosen.where(MessageRow.folder.in_(query.folders))
    else:
        chosen = chosen.where(*(MessageRow.folder != name for name in HIDDEN))
    for name in query.labels:
        labelled = select(MessageLabel.message_id).where(MessageLabel.label == name)
        chosen = chosen.where(MessageRow.id.in_(labelled))
    if query.states:
        chosen = chosen.where(*(STATES[name] for name in query.states))
    for name in query.has:
        chosen = chosen.where(MessageRow.id.in_(HAS[name]))
    return chosen.where(*_dates(world, query)) if query.before or query.after else chosen


STATES: dict[str, ColumnElement[bool]] = {
    "unread": MessageRow.read_at.is_(None),
    "read": MessageRow.read_at.is_not(None),
    "starred": MessageRow.starred.is_(True),
}
HAS = {"attachment": select(Attachment.message_id), "invitation": select(Invitation.message_id)}


def _dates(world: World, query: Query) -> Iterator[ColumnElement[bool]]:
    """Ids ascend with dates: a day is looked up once, in an index, and the walk goes on by id."""
    clock, last = Clock.of(world), select(func.max(MessageRow.id))
    if query.before:
        earlier = last.where(MessageRow.sent_at < clock.begin(query.before))
        yield MessageRow.id <= (world.session.scalar(earlier) or 0)
    if query.after:
        earlier = last.where(MessageRow.sent_at < clock.begin(query.after + timedelta(days=1)))
        yield MessageRow.id > (world.session.scalar(earlier) or 0)


def page_of(world: World, chosen: Listing, limit: int, page: int, empty: str = "") -> Hits:
    """Run a list of messages and cut one page out of it; `empty` is noted when nothing is on it."""
    rows = world.session.execute(chosen.limit(limit + 1).offset((page - 1) * limit)).all()
    return shown(rows, Clock.of(world), limit, empty)


def shown(rows: Sequence[Sequence[Any]], clock: Clock, limit: int, empty: str = "") -> Hits:
    """A page of rows of `SHOWN`, of which there is one more than its limit when there is more."""
    found: Hits = {"hits": [_hit(row, clock) for row in rows[:limit]]}
    if len(rows) > limit:
        found["more"] = True
    if empty and not rows:
        found["note"] = empty
    return found


def _hit(row: Sequence[Any], clock: Clock) -> Hit:
    sender, tag, number, subject, sent_at, folder = row
    return {
        "from": sender,
        "id": f"{tag}-{number}",
        "subject": subject,
        "date": clock.short(sent_at),
        "folder": None if folder == "inbox" else folder,
    }
