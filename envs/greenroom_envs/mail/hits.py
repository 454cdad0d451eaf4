"""Lists of messages, as tools show them: a few lines a page, latest arrived first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any, NotRequired, TypeAlias, TypedDict, TypeVarTuple

from pydantic import Field
from sqlalchemy import ColumnElement, Select, bindparam, column, func, select, table

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


MATCHED = FTS.c.mail_message_fts.op("MATCH")(bindparam("match"))
# Ids ascend with dates: a day is looked up once, in an index, and the walk goes on by id.
LAST_BEFORE = select(func.max(MessageRow.id)).where(MessageRow.sent_at < bindparam("moment"))


@dataclass(frozen=True)
class Shape:
    """What queries have in common that one statement answers, with other values.

    Attributes:
        match: Whether the index is asked for what must be there.
        without: Whether it is asked, alone, for what must not.
        folders: Whether folders are named; without, spam and trash are left out.
        labels: How many labels.
        states: As in `Query`, as is `has`.
        before: Whether there is a day before which, as `after`.
    """

    match: bool
    without: bool
    folders: bool
    labels: int
    states: tuple[str, ...]
    has: tuple[str, ...]
    before: bool
    after: bool

    @classmethod
    def of(cls, query: Query) -> "Shape":
        """The shape of a query."""
        match, without = bool(query.match), bool(query.without and not query.match)
        days = query.before is not None, query.after is not None
        return cls(match, without, bool(query.folders), len(query.labels), query.states, query.has, *days)


def page_of_query(world: World, query: Query, limit: int, page: int, empty: str = "", *, oldest: bool = False) -> Hits:
    """A page of the messages that a query means, latest or oldest first."""
    return page_of(world, _listing(Shape.of(query), oldest), values_of(world, query), limit, page, empty)


@lru_cache(maxsize=256)
def _listing(shape: Shape, oldest: bool) -> Listing:
    return paged(in_order(matching(select(*SHOWN), shape), shape, oldest=oldest))


def in_order(chosen: "Select[*Columns]", shape: Shape, *, oldest: bool = False) -> "Select[*Columns]":
    """Order a statement that a query has narrowed down: latest or oldest first."""
    # Rowids of the index are message ids: walking it backwards needs no sort, however many match.
    key = FTS.c.rowid if shape.match else MessageRow.id
    return chosen.order_by(key.asc() if oldest else key.desc())


def matching(chosen: "Select[*Columns]", shape: Shape) -> "Select[*Columns]":
    """Narrow a statement on messages down to those that queries of a shape mean; `values_of` a query go with it."""
    if shape.match:
        chosen = chosen.select_from(FTS.join(MessageRow, MessageRow.id == FTS.c.rowid)).where(MATCHED)
    elif shape.without:
        chosen = chosen.where(MessageRow.id.not_in(select(FTS.c.rowid).where(MATCHED)))
    if shape.folders:
        chosen = chosen.where(MessageRow.folder.in_(bindparam("folders", expanding=True)))
    else:
        chosen = chosen.where(*(MessageRow.folder != name for name in HIDDEN))
    for number in range(shape.labels):
        labelled = select(MessageLabel.message_id).where(MessageLabel.label == bindparam(f"label_{number}"))
        chosen = chosen.where(MessageRow.id.in_(labelled))
    chosen = chosen.where(*(STATES[name] for name in shape.states))
    for name in shape.has:
        chosen = chosen.where(MessageRow.id.in_(HAS[name]))
    return chosen.where(*_dates(shape))


STATES: dict[str, ColumnElement[bool]] = {
    "unread": MessageRow.read_at.is_(None),
    "read": MessageRow.read_at.is_not(None),
    "starred": MessageRow.starred.is_(True),
}
HAS = {"attachment": select(Attachment.message_id), "invitation": select(Invitation.message_id)}


def _dates(shape: Shape) -> Iterator[ColumnElement[bool]]:
    if shape.before:
        yield MessageRow.id <= bindparam("before")
    if shape.after:
        yield MessageRow.id > bindparam("after")


def values_of(world: World, query: Query) -> dict[str, Any]:
    """What goes with a statement for the shape of a query."""
    match = f"({query.match}) NOT ({query.without})" if query.match and query.without else query.match or query.without
    values: dict[str, Any] = {"match": match, "folders": query.folders}
    values |= {f"label_{number}": name for number, name in enumerate(query.labels)}
    clock = Clock.of(world) if query.before or query.after else None
    if clock and query.before:
        values["before"] = world.session.scalar(LAST_BEFORE, {"moment": clock.begin(query.before)}) or 0
    if clock and query.after:
        end = clock.begin(query.after + timedelta(days=1))
        values["after"] = world.session.scalar(LAST_BEFORE, {"moment": end}) or 0
    return values


def paged(chosen: "Select[*Columns]") -> "Select[*Columns]":
    """A statement that `page_of` reads a page of; made once, for building one costs as much as running it."""
    return chosen.limit(bindparam("limit")).offset(bindparam("skip"))


def page_of(world: World, chosen: Listing, values: Mapping[str, Any], limit: int, page: int, empty: str = "") -> Hits:
    """Run a `paged` list of messages for one page, and one message more; `empty` is noted when nothing is on it."""
    asked = {**values, "limit": limit + 1, "skip": (page - 1) * limit}
    rows = world.session.execute(chosen, asked).all()
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
