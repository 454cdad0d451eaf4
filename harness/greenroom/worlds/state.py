"""greenroom's own part of a world's database: clock, randomness, counters, scheduled events.

Driven by plain SQL, because it runs at every tool call.
"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

TABLES = (
    "CREATE TABLE greenroom_state(id INTEGER PRIMARY KEY CHECK (id = 1), now INTEGER NOT NULL, "
    "seed TEXT NOT NULL, draws INTEGER NOT NULL)",
    "CREATE TABLE greenroom_counter(kind TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE greenroom_event(id INTEGER PRIMARY KEY, due INTEGER NOT NULL, kind TEXT NOT NULL, "
    "payload TEXT NOT NULL)",
    "CREATE TABLE greenroom_change(id INTEGER PRIMARY KEY, actor TEXT NOT NULL, op TEXT NOT NULL, "
    "name TEXT NOT NULL, before TEXT, after TEXT)",
    "CREATE TABLE greenroom_table(name TEXT PRIMARY KEY, columns TEXT NOT NULL, key TEXT NOT NULL) WITHOUT ROWID",
)
LIMITS = (
    "CREATE TABLE IF NOT EXISTS greenroom_limit("
    "tool TEXT NOT NULL PRIMARY KEY, began TEXT NOT NULL, calls INTEGER NOT NULL) WITHOUT ROWID"
)
"""Counts of tools that have a rate."""
FAULTS = (
    "CREATE TABLE IF NOT EXISTS greenroom_fault("
    "kind TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(kind, name)) WITHOUT ROWID"
)
"""What faults remember."""
ON_DEMAND = (LIMITS, FAULTS)
"""Made by the first call that needs them: worlds that do without have the same pages as ever."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Event:
    """Something scheduled that fell due.

    Attributes:
        id: Its number in this world.
        kind: What its handler is registered under.
        payload: Plain data for the handler.
        due: The virtual time that it was scheduled for.
    """

    id: int
    kind: str
    payload: dict[str, Any]
    due: datetime


class Runner(Protocol):
    """Whatever runs SQL on a world's database."""

    def run(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; returns its rows."""
        ...


class State:
    """Clock, randomness, counters and events of one open world.

    Args:
        db: The world's database.
    """

    def __init__(self, db: Runner) -> None:
        self._db = db
        self._now: datetime | None = None
        self._random: random.Random | None = None

    @staticmethod
    def create(db: Runner, started: datetime, seed: str) -> None:
        """Make the tables in an empty database."""
        for statement in TABLES:
            db.run(statement)
        State.start(db, started, seed)

    @staticmethod
    def start(db: Runner, started: datetime, seed: str) -> None:
        """Set the clock and the randomness of a world whose tables are empty."""
        db.run("INSERT INTO greenroom_state VALUES(1, ?, ?, 0)", (_to_micros(started), seed))

    def end(self) -> None:
        """A transaction has been committed: the next one draws its own random numbers."""
        self._random = None

    def forget(self) -> None:
        """A transaction was rolled back, and what is remembered of the database with it."""
        self._now = self._random = None

    @property
    def now(self) -> datetime:
        """The virtual time, in UTC."""
        if self._now is None:
            row = self._db.run("SELECT now FROM greenroom_state")[0]
            self._now = _from_micros(row[0])
        return self._now

    @property
    def random(self) -> random.Random:
        """This transaction's random generator, seeded by the world's seed and the count of such transactions.

        So what must be stored is two values, not the 2.5 kB of a Mersenne twister.
        """
        if self._random is None:
            draw = "UPDATE greenroom_state SET draws = draws + 1 RETURNING seed, draws"
            (row,) = self._db.run(draw)
            self._random = random.Random(f"{row[0]}#{row[1]}")
        return self._random

    def reseed(self, seed: str) -> None:
        """Start randomness anew from a text."""
        self._db.run("UPDATE greenroom_state SET seed = ?, draws = 0", (seed,))
        self._random = None

    def new_id(self, kind: str) -> int:
        """The next number of a kind: 1, 2, 3 …"""
        count = (
            "INSERT INTO greenroom_counter VALUES(?, 1) "
            "ON CONFLICT(kind) DO UPDATE SET value = greenroom_counter.value + 1 RETURNING value"
        )
        return self._db.run(count, (kind,))[0][0]

    def schedule(self, kind: str, payload: dict[str, Any], due: datetime) -> int:
        """Add an event; returns its number."""
        number = self.new_id("greenroom.event")
        text = json.dumps(payload)
        self._db.run("INSERT INTO greenroom_event VALUES(?, ?, ?, ?)", (number, _to_micros(due), kind, text))
        return number

    def advance(self, delta: timedelta) -> list[Event]:
        """Move the clock; take out the events that fall due, in order of time, then of number."""
        move = "UPDATE greenroom_state SET now = now + ? RETURNING now"
        now = self._db.run(move, (delta // MICROSECOND,))[0][0]
        self._now = _from_micros(now)
        due = "SELECT id, kind, payload, due FROM greenroom_event WHERE due <= ? ORDER BY due, id"
        rows = self._db.run(due, (now,))
        if rows:
            self._db.run("DELETE FROM greenroom_event WHERE due <= ?", (now,))
        return [_event(row) for row in rows]

    def advance_to(self, until: datetime) -> Event | None:
        """Move the clock to the first event that falls due and take it out, or to `until` if none does by then."""
        end = _to_micros(until)
        due = "SELECT id, kind, payload, due FROM greenroom_event WHERE due <= ? ORDER BY due, id LIMIT 1"
        rows = self._db.run(due, (end,))
        at = max(rows[0][3], _to_micros(self.now)) if rows else end
        self._db.run("UPDATE greenroom_state SET now = ?", (at,))
        self._now = _from_micros(at)
        if not rows:
            return None
        self._db.run("DELETE FROM greenroom_event WHERE id = ?", (rows[0][0],))
        return _event(rows[0])


def _event(row: Sequence[Any]) -> Event:
    return Event(row[0], row[1], json.loads(row[2]), _from_micros(row[3]))


def _to_micros(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


def _from_micros(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)
