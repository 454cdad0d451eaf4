"""A world and its snapshot, whatever database lies below: `World`, `Snapshot`, `Database`. They make one another."""

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy.orm import Session

from greenroom.errors import UnknownNameError, WorldError
from greenroom.worlds import content
from greenroom.worlds.changes import Change
from greenroom.worlds.content import Contents
from greenroom.worlds.schema import Schema
from greenroom.worlds.session import WorldSession
from greenroom.worlds.state import Event, State

ACTORS = ("agent", "user", "world")


class Snapshot(ABC):
    """An immutable world."""

    schema: Schema | None
    """The apps' tables; None for one that came from a file."""

    @property
    @abstractmethod
    def page_id(self) -> str:
        """SHA-256 of all that it holds, greenroom's own part included: equal ids prove an identical start."""

    @abstractmethod
    def open(self, schema: Schema | None = None) -> "World":
        """Fork it and open the fork.

        Args:
            schema: The apps' tables; only needed for a snapshot that came from a file.

        Raises:
            WorldError: The schema is not known, or is not that of the snapshot.
        """

    @abstractmethod
    def contents(self) -> AbstractContextManager[Contents]:
        """Its rows, to read."""

    @property
    def gone(self) -> bool:
        """Whether what holds it went away: it can only be made again."""
        return False

    @cached_property
    def content_id(self) -> str:
        """SHA-256 of the apps' rows in canonical order, equal on every backend; reads them all the first time."""
        with self.contents() as found:
            return content.content_id(found)

    @abstractmethod
    def save(self, path: Path) -> None:
        """Write it as one portable file, base included; see `load_snapshot`.

        Raises:
            OSError: The file cannot be written; what was there before is still there.
            WorldError: Worlds of this backend have no such file.
        """


class Database(Protocol):
    """What a world needs of the database below it. One connection, used by one thread at a time."""

    @property
    def connection(self) -> Any:
        """The driver's connection, for what only one backend has."""
        ...

    @property
    def session(self) -> WorldSession:
        """The ORM session."""
        ...

    def run(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run SQL of greenroom's own, written for SQLite, on greenroom's own tables; returns its rows."""
        ...

    def ensure(self, table: str) -> None:
        """Make one of greenroom's tables that most worlds do without (`state.ON_DEMAND`), if it is not there."""
        ...

    def begin(self) -> None:
        """Begin a transaction."""
        ...

    def act(self, actor: str) -> None:
        """Say whose the changes are that follow in this transaction."""
        ...

    def settle(self) -> None:
        """Write whatever waits, so that it can be read or committed.

        Raises:
            WorldError: The app ended the transaction itself.
        """
        ...

    def commit(self) -> None:
        """Commit, if it has not been done."""
        ...

    def roll_back(self) -> None:
        """Take back everything since `begin`, whatever has happened since."""
        ...

    def changes(self) -> list[Change]:
        """The change log, oldest first."""
        ...

    def clear_changes(self) -> None:
        """Empty the change log."""
        ...

    @property
    def page_id(self) -> str:
        """The id that a snapshot would have now."""
        ...

    @property
    def contents(self) -> Contents:
        """The rows of the apps' tables."""
        ...

    def freeze(self) -> Snapshot:
        """A snapshot of what was committed."""
        ...

    def close(self) -> None:
        """Let go of it; closing twice is no error."""
        ...


class World:
    """A fork, opened: what an app's author holds. Used by one thread at a time.

    Args:
        database: What lies below.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._state = State(database)
        self._running = False

    # -- what apps use

    @property
    def session(self) -> Session:
        """The ORM session of the running transaction.

        Raises:
            WorldError: No transaction is running.
        """
        self._must_run("session")
        return self._database.session

    @property
    def now(self) -> datetime:
        """The virtual time, in UTC."""
        return self._state.now

    @property
    def random(self) -> random.Random:
        """The seeded random generator of the running transaction.

        Raises:
            WorldError: No transaction is running.
        """
        self._must_run("random")
        return self._state.random

    def new_id(self, kind: str) -> int:
        """The next number of a kind: 1, 2, 3 …

        Raises:
            WorldError: No transaction is running.
        """
        self._must_run("new_id()")
        return self._state.new_id(kind)

    def schedule(self, kind: str, payload: dict[str, Any], *, after: timedelta) -> int:
        """Let an event fall due after some virtual time; returns its number.

        Raises:
            WorldError: No transaction is running.
        """
        self._must_run("schedule()")
        return self._state.schedule(kind, payload, self.now + after)

    def _must_run(self, what: str) -> None:
        if not self._running:
            raise WorldError(f"world.{what} is for a running transaction: open one with world.transaction(actor)")

    # -- transactions

    @contextmanager
    def transaction(self, actor: str) -> Generator[Session]:
        """One transaction: committed at the end, rolled back with all its recorded changes on any exception.

        Args:
            actor: "agent", "user" or "world": whose changes they are.

        Raises:
            UnknownNameError: There is no such actor.
            WorldError: A transaction is running already.
        """
        _check_actor(actor)
        with self._atomic():
            self._database.act(actor)
            session = self._database.session
            yield session
            session.flush()
            self._database.settle()
            session.finish()

    @contextmanager
    def _atomic(self) -> Generator[None]:
        if self._running:
            raise WorldError("a transaction is running already: a world has one at a time")
        self._running = True
        try:
            self._database.begin()
            yield
            self._database.commit()
            self._state.end()
        except BaseException:
            self._state.forget()
            self._database.roll_back()
            raise
        finally:
            self._running = False

    def _within(self, act: Callable[[], Any]) -> Any:
        """Run in the running transaction, or in one of its own."""
        if self._running:
            return act()
        with self._atomic():
            return act()

    # -- what greenroom uses

    @property
    def connection(self) -> Any:
        """The driver's connection below, for what only one backend has; apps use `session`."""
        return self._database.connection

    def run(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run SQL on greenroom's own tables, in the running transaction; returns its rows."""
        return self._database.run(sql, values)

    def ensure(self, table: str) -> None:
        """Make one of greenroom's tables that most worlds do without (`state.ON_DEMAND`), if it is not there."""
        self._database.ensure(table)

    def advance(self, delta: timedelta) -> list[Event]:
        """Move the clock, in a transaction of its own.

        Returns:
            The events that fell due, in order; they are taken out.

        Raises:
            WorldError: A transaction is running, or the time is negative.
        """
        if delta < timedelta(0):
            raise WorldError(f"time cannot go back: advance({delta!r})")
        with self._atomic():
            return self._state.advance(delta)

    def advance_to(self, until: datetime) -> Event | None:
        """Move the clock to the first event that falls due, in a transaction of its own, or to `until` if none does.

        Returns:
            The event, taken out; None when the clock stands at `until`.

        Raises:
            WorldError: A transaction is running, or the time is past.
        """
        if until < self.now:
            raise WorldError(f"time cannot go back: advance_to({until}) at {self.now}")
        with self._atomic():
            return self._state.advance_to(until)

    def reseed(self, text: str) -> None:
        """Start the world's randomness anew from a text."""
        self._within(lambda: self._state.reseed(text))

    def changes(self, by: str | None = None) -> list[Change]:
        """The changes recorded since the log was cleared last, oldest first.

        Args:
            by: Only this actor's.

        Raises:
            UnknownNameError: There is no such actor.
        """
        if by is not None:
            _check_actor(by)
        if self._running:
            self._database.session.flush()
            self._database.settle()
        return [change for change in self._database.changes() if by is None or change.actor == by]

    def clear_changes(self) -> None:
        """Empty the change log."""
        self._within(self._database.clear_changes)

    def freeze(self) -> Snapshot:
        """The world as it is, immutable.

        Raises:
            WorldError: A transaction is running.
        """
        if self._running:
            raise WorldError("a transaction is running: freeze the world when it has ended")
        return self._database.freeze()

    @property
    def page_id(self) -> str:
        """The id of the snapshot that `freeze` would make."""
        return self._database.page_id

    @property
    def content_id(self) -> str:
        """SHA-256 of the apps' rows in canonical order."""
        return content.content_id(self._database.contents)

    def close(self) -> None:
        """Drop the world; what was not frozen is gone."""
        self._database.close()

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _check_actor(actor: str) -> None:
    if actor not in ACTORS:
        raise UnknownNameError("actor", actor, ACTORS)
