"""The recorder: writes each changed row of the apps' tables into the world's own change log."""

# apsw leaves the types of SQL values open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import json
import re
from collections.abc import Mapping
from typing import Any

import apsw

from greenroom.worlds.changes import Change, Op
from greenroom.worlds.connection import run, stream
from greenroom.worlds.schema import Row, Shape

Values = tuple[Any, ...]
_OR_FAIL = re.compile(r"\bOR\s+FAIL\b", re.IGNORECASE)
_Entry = tuple[Op, str, int, Values | None, Values | None]


class Recorder:
    """Records changes of one open world by SQLite's preupdate hook.

    The hook may not write, so entries wait in a list until the transaction ends, and until a savepoint begins:
    then the rows written since belong to the same savepoint as the changes they tell of, and SQLite rolls back
    both together. (A trigger's RAISE(FAIL) and a column's ON CONFLICT FAIL keep rows of a failed statement without a
    word in its SQL; apps must not use them.)

    Args:
        db: The world's connection.
        shapes: The tables to record; all others (greenroom's, full-text indexes) are not.
    """

    def __init__(self, db: apsw.Connection, shapes: Mapping[str, Shape]) -> None:
        self._db, self._shapes = db, shapes
        self._waiting: list[_Entry] = []
        self._length, self._sql = 0, ""
        self.actor = "world"
        db.preupdate_hook(self._hook)

    def _hook(self, update: apsw.PreUpdate) -> None:
        name = update.table_name
        if name not in self._shapes:
            return
        op = update.op
        old = update.old if op != "INSERT" else None
        new = update.new if op != "DELETE" else None
        rowid = update.rowid_new if op == "INSERT" else update.rowid
        self._waiting.append((op.lower(), name, rowid, old, new))  # type: ignore[arg-type]

    def before(self, sql: str) -> None:
        """A statement is about to run: remember where to go back to."""
        word = sql[:9].upper()
        if word == "SAVEPOINT":
            self.flush()
        elif word.startswith("ROLLBACK"):
            self._waiting.clear()
        self._length, self._sql = len(self._waiting), sql

    def failed(self) -> None:
        """The statement failed: SQLite took its rows back, so their entries go too. OR FAIL keeps them."""
        if not _OR_FAIL.search(self._sql):
            del self._waiting[self._length :]

    def discard(self) -> None:
        """The transaction was rolled back."""
        self._waiting.clear()

    def flush(self) -> None:
        """Write what waits into the change log, inside the running transaction."""
        if not self._waiting:
            return
        rows = [(self.actor, op, name, *_texts(rowid, old, new)) for op, name, rowid, old, new in self._waiting]
        self._waiting.clear()
        self._db.executemany("INSERT INTO greenroom_change(actor, op, name, before, after) VALUES(?, ?, ?, ?, ?)", rows)

    def clear(self) -> None:
        """Empty the change log."""
        self._waiting.clear()
        run(self._db, "DELETE FROM greenroom_change")

    def read(self) -> list[Change]:
        """The change log, oldest first."""
        found: list[Change] = []
        select = "SELECT actor, op, name, before, after FROM greenroom_change ORDER BY id"
        for who, op, name, before, after in stream(self._db, select):
            found.extend(self._change(who, op, self._shapes[name], _values(before), _values(after)))
        return found

    def _change(
        self, actor: str, op: Op, shape: Shape, before: list[Any] | None, after: list[Any] | None
    ) -> list[Change]:
        old, was = _read(shape, before)
        new, now = _read(shape, after)
        if old is not None and new is not None and old != new:
            return [
                Change(actor, "delete", shape.name, old, was, None),
                Change(actor, "insert", shape.name, new, None, now),
            ]
        key = new if new is not None else old
        return [Change(actor, op, shape.name, key or (), was, now)]


def _read(shape: Shape, values: list[Any] | None) -> tuple[Values | None, Row | None]:
    if values is None:
        return None, None
    row = shape.to_python(values[1:])
    key = tuple(row[shape.columns[i]] for i in shape.key) if shape.key else (values[0],)
    return key, row


def _texts(rowid: int, old: Values | None, new: Values | None) -> tuple[str | None, str | None]:
    return _text(rowid, old), _text(rowid, new)


def _text(rowid: int, values: Values | None) -> str | None:
    return None if values is None else json.dumps((rowid, *values), default=_blob, ensure_ascii=False)


def _blob(value: Any) -> dict[str, str]:
    return {"blob": bytes(value).hex()}


def _values(text: str | None) -> list[Any] | None:
    if text is None:
        return None
    return [bytes.fromhex(v["blob"]) if isinstance(v, dict) else v for v in json.loads(text)]
