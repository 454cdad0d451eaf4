"""Changes: rows that were inserted, updated or deleted, each with whoever did it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

Op = Literal["insert", "update", "delete"]
Row = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """One changed row.

    Attributes:
        actor: "agent", "user" or "world"; empty in a `diff`, which cannot know.
        op: What happened. An update that moves a row to another key is a delete and an insert.
        table: The table's name.
        key: The row's primary key; its rowid where the table has none.
        before: The row as it was; None for an insert.
        after: The row as it is; None for a delete.
    """

    actor: str
    op: Op
    table: str
    key: tuple[Any, ...]
    before: Row | None
    after: Row | None


def net(changes: Iterable[Change]) -> list[Change]:
    """What the changes come to, one at most for each row, in the order in which rows were first touched.

    Inserted and deleted again is nothing; so is updated and updated back. A row deleted and inserted again is
    an update. The actor is the last one's.
    """
    rows: dict[tuple[str, tuple[Any, ...]], Change] = {}
    for change in changes:
        place = (change.table, change.key)
        first = rows.get(place)
        before = first.before if first else change.before
        rows[place] = Change(change.actor, _op(before, change.after), change.table, change.key, before, change.after)
    return [change for change in rows.values() if change.before != change.after]


def _op(before: Row | None, after: Row | None) -> Op:
    if before is None:
        return "insert"
    return "delete" if after is None else "update"
