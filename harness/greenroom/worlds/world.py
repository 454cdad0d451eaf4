"""A world and what it starts from: `Base`, `Snapshot`, `World`. The three make one another, so they live together."""

import random
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import apsw
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from greenroom.errors import SnapshotError, UnknownNameError, WorldError
from greenroom.worlds import content, dbapi, portable
from greenroom.worlds.changes import Change
from greenroom.worlds.connection import run
from greenroom.worlds.fork import Fault, Fork
from greenroom.worlds.layer import BaseFile, Layer
from greenroom.worlds.recorder import Recorder
from greenroom.worlds.schema import Schema, stored_shapes
from greenroom.worlds.session import WorldSession
from greenroom.worlds.state import Event, State
from greenroom.worlds.store import Store

ACTORS = ("agent", "user", "world")


class Base:
    """A populated world on disk, shared by everything that starts from it.

    Args:
        file: Its pages.
        schema: The apps' tables.
    """

    def __init__(self, file: BaseFile, schema: Schema | None = None) -> None:
        self._file, self._schema = file, schema

    @property
    def id(self) -> str:
        """SHA-256 of its pages."""
        return self._file.digest

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self._file.path

    def snapshot(self) -> "Snapshot":
        """The world as it was populated."""
        return Snapshot(Layer.bottom(self._file), self._schema)


class Snapshot:
    """An immutable world. Cheap to keep: it shares all pages that it did not change.

    Args:
        layer: Its pages.
        schema: The apps' tables; None for one that came from a file.
    """

    def __init__(self, layer: Layer, schema: Schema | None = None) -> None:
        self.layer, self.schema = layer, schema

    @property
    def page_id(self) -> str:
        """SHA-256 of its base and its pages: equal ids prove an identical start."""
        return self.layer.page_id

    @cached_property
    def content_id(self) -> str:
        """SHA-256 of the apps' rows in canonical order; reads all of them the first time."""
        with self.reading() as db:
            return content.content_id(db, stored_shapes(db))

    @contextmanager
    def reading(self) -> Generator[apsw.Connection]:
        """A connection to a fork of it, to look at without the apps' schema."""
        db = self.fork().connect()
        try:
            yield db
        finally:
            db.close()

    def fork(self, fault: Fault | None = None) -> Fork:
        """A private, mutable copy of the pages."""
        return Fork(self.layer, fault)

    def open(self, schema: Schema | None = None) -> "World":
        """Fork it and open the fork.

        Args:
            schema: The apps' tables; only needed for a snapshot that came from a file.

        Raises:
            WorldError: The schema is not known, or is not that of the snapshot.
        """
        if schema is not None and schema is not self.schema:
            self.adopt(schema)
        if self.schema is None:
            raise WorldError("this snapshot came from a file: pass the schema of its apps, `recipe.schema`")
        return World(self.fork(), self.schema)

    def adopt(self, schema: Schema) -> None:
        """Take on the schema of the apps that made it.

        Raises:
            WorldError: The schema is not that of the snapshot.
        """
        with self.reading() as db:
            stored = {name: (shape.columns, shape.key) for name, shape in stored_shapes(db).items()}
        given = {name: (shape.columns, shape.key) for name, shape in schema.shapes.items()}
        for name in sorted(stored.keys() | given.keys()):
            if stored.get(name) != given.get(name):
                raise WorldError(
                    f"table '{name}' of the snapshot is not that of the schema: it has {stored.get(name)}, "
                    f"the schema {given.get(name)}; open it with the app's version that made it"
                )
        self.schema = schema

    def save(self, path: Path) -> None:
        """Write it as one portable file, base included; see `load_snapshot`.

        Raises:
            OSError: The file cannot be written; what was there before is still there.
        """
        portable.save(self.layer, path)

    def export(self, path: Path) -> None:
        """Write it as a plain SQLite file that anyone can open.

        Raises:
            OSError: The file cannot be written; what was there before is still there.
        """
        portable.export(self.layer, path)

    def __repr__(self) -> str:
        return f"<Snapshot {self.page_id[:12]}>"


class World:
    """A fork, opened: what an app's author holds. Used by one thread at a time.

    Args:
        store: Its pages.
        schema: The apps' tables.
        record: Whether changes are recorded.

    Attributes:
        connection: The SQLite connection below; for greenroom itself, apps use `session`.
    """

    connection: apsw.Connection

    def __init__(self, store: Store, schema: Schema, *, record: bool = True) -> None:
        self._store, self._schema, self._record = store, schema, record
        self._running = False
        self._connect()

    def _connect(self) -> None:
        self.connection = self._store.connect()
        self._recorder = Recorder(self.connection, self._schema.shapes) if self._record else None
        self._state = State(self.connection)
        self._sqlalchemy = self._schema.connect(dbapi.Connection(self.connection, self._recorder))
        self._session = WorldSession(bind=self._sqlalchemy, expire_on_commit=False)

    # -- what apps use

    @property
    def session(self) -> Session:
        """The ORM session of the running transaction.

        Raises:
            WorldError: No transaction is running.
        """
        self._must_run("session")
        return self._session

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
            if self._recorder:
                self._recorder.actor = actor
            yield self._session
            self._session.flush()
            if self._recorder:
                self._recorder.flush()
            if not self.connection.in_transaction:
                raise WorldError("an app ended its transaction by SQL: greenroom begins and ends them")
            self._session.finish()

    @contextmanager
    def _atomic(self) -> Generator[None]:
        if self._running:
            raise WorldError("a transaction is running already: a world has one at a time")
        self._running = True
        self._store.mark()
        try:
            run(self.connection, "BEGIN")
            yield
            if self.connection.in_transaction:
                run(self.connection, "COMMIT")
            self._session.close()
            self._state.end()
        except BaseException:
            self._roll_back()
            raise
        finally:
            self._running = False

    def _roll_back(self) -> None:
        if self._recorder:
            self._recorder.discard()
        sound = False
        try:
            self._session.close()
            # A commit that failed leaves SQLAlchemy's connection in a transaction for good.
            sound = self._sqlalchemy.get_transaction() is None
            if self.connection.in_transaction:
                run(self.connection, "ROLLBACK")
        except (apsw.Error, dbapi.Error, SQLAlchemyError):
            sound = False  # A failing disk: the pages are taken back below.
        self._state.forget()
        if not sound or self._store.touched:
            self._restore()

    def _restore(self) -> None:
        """Go back to the pages at the transaction's begin, whatever has been written since: the disk failed."""
        with suppress(apsw.Error, dbapi.Error, SQLAlchemyError):
            self._disconnect()
        self.connection.close(True)
        self._store.undo()
        self._connect()

    def _within(self, act: Callable[[], Any]) -> Any:
        """Run in the running transaction, or in one of its own."""
        if self._running:
            return act()
        with self._atomic():
            return act()

    # -- what greenroom uses

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
        if self._recorder is None:
            return []
        if self._running:
            self._session.flush()
            self._recorder.flush()
        return self._recorder.read(by)

    def clear_changes(self) -> None:
        """Empty the change log."""
        if self._recorder:
            self._within(self._recorder.clear)

    def freeze(self) -> Snapshot:
        """The world as it is, immutable.

        Raises:
            WorldError: A transaction is running.
        """
        if self._running:
            raise WorldError("a transaction is running: freeze the world when it has ended")
        return Snapshot(self._store.freeze(), self._schema)

    @property
    def content_id(self) -> str:
        """SHA-256 of the apps' rows in canonical order."""
        return content.content_id(self.connection, self._schema.shapes)

    def close(self) -> None:
        """Drop the world; what was not frozen is gone."""
        self._disconnect()

    def _disconnect(self) -> None:
        self._session.close()
        self._sqlalchemy.close()
        self.connection.close()

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _check_actor(actor: str) -> None:
    if actor not in ACTORS:
        raise UnknownNameError("actor", actor, ACTORS)


def diff(a: Snapshot, b: Snapshot) -> list[Change]:
    """The rows that differ between two snapshots, by table and key, found by reading all of both.

    Raises:
        WorldError: They do not have the same tables.
    """
    with a.reading() as before, b.reading() as after:
        tables, others = stored_shapes(before), stored_shapes(after)
        if tables != others:
            odd = sorted(tables.keys() ^ others.keys()) or sorted(tables)
            raise WorldError(f"the snapshots are of different apps: they differ in table '{odd[0]}'")
        schema = a.schema or b.schema
        return content.compare(before, after, schema.shapes if schema else tables)


def load_snapshot(path: Path, schema: Schema | None = None) -> Snapshot:
    """Read a snapshot that `Snapshot.save` wrote.

    Args:
        path: The file. It is mapped, not copied: it must not be changed in place while the snapshot is used.
        schema: The apps' tables; can be given to `open` instead.

    Raises:
        SnapshotError: It is no such file, or truncated, altered, or of another format.
        WorldError: The schema is not that of the snapshot.
        OSError: It cannot be read.
    """
    snapshot = Snapshot(portable.load(path))
    try:
        with snapshot.reading() as db:
            stored_shapes(db)
    except (apsw.Error, ValueError, TypeError) as error:
        raise SnapshotError(f"{path} holds no world of greenroom: {error}") from error
    if schema is not None:
        snapshot.adopt(schema)
    return snapshot
