"""Worlds in SQLite: the database of an open world on a store of pages, its snapshot, and the base below."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw
from sqlalchemy.exc import SQLAlchemyError

from greenroom.errors import SnapshotError, WorldError
from greenroom.worlds import dbapi, portable
from greenroom.worlds.changes import Change
from greenroom.worlds.connection import run, stream
from greenroom.worlds.content import select
from greenroom.worlds.fork import Fault, Fork
from greenroom.worlds.layer import BaseFile, Layer
from greenroom.worlds.recorder import Recorder
from greenroom.worlds.schema import Row, Schema, Shape, stored_shapes
from greenroom.worlds.session import WorldSession
from greenroom.worlds.store import Store
from greenroom.worlds.world import Snapshot, World


class PageContents:
    """The rows of the apps' tables in one SQLite database.

    Args:
        db: The database.
        shapes: Its tables.
    """

    def __init__(self, db: apsw.Connection, shapes: Mapping[str, Shape]) -> None:
        self._db, self._shapes = db, shapes

    @property
    def shapes(self) -> Mapping[str, Shape]:
        """Its tables, by name."""
        return self._shapes

    def stored(self, shape: Shape) -> Iterator[tuple[Any, ...]]:
        """A table's rows as SQLite holds them."""
        return stream(self._db, select(shape))

    def rows(self, shape: Shape) -> Iterator[tuple[tuple[Any, ...], Row]]:
        """A table's keys (rowids without one) and rows."""
        for rowid, *values in stream(self._db, select(shape, "NULL" if shape.key else "rowid")):
            row = shape.to_python(values)
            yield tuple(row[shape.columns[i]] for i in shape.key) if shape.key else (rowid,), row


class PageDatabase:
    """The SQLite database of an open world; see `greenroom.worlds.world.Database`.

    Args:
        store: Its pages.
        schema: The apps' tables.
        record: Whether changes are recorded.

    Attributes:
        connection: The SQLite connection.
        session: The ORM session on it.
    """

    connection: apsw.Connection
    session: WorldSession

    def __init__(self, store: Store, schema: Schema, *, record: bool = True) -> None:
        self._store, self._schema, self._record = store, schema, record
        self._connect()

    def _connect(self) -> None:
        self.connection = self._store.connect()
        self._recorder = Recorder(self.connection, self._schema.shapes) if self._record else None
        self._sqlalchemy = self._schema.connect(dbapi.Connection(self.connection, self._recorder))
        self.session = WorldSession(bind=self._sqlalchemy, expire_on_commit=False)

    def run(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run SQL of greenroom's own; returns its rows."""
        return run(self.connection, sql, values)

    def ensure(self, table: str) -> None:
        """Make one of greenroom's tables, if it is not there."""
        run(self.connection, table)

    def begin(self) -> None:
        """Begin a transaction."""
        self._store.mark()
        run(self.connection, "BEGIN")

    def act(self, actor: str) -> None:
        """Say whose the changes are that follow."""
        if self._recorder:
            self._recorder.actor = actor

    def settle(self) -> None:
        """Write the changes that wait into the log.

        Raises:
            WorldError: The app ended the transaction itself.
        """
        if self._recorder:
            self._recorder.flush()
        if not self.connection.in_transaction:
            raise WorldError("an app ended its transaction by SQL: greenroom begins and ends them")

    def commit(self) -> None:
        """Commit, if it has not been done."""
        if self.connection.in_transaction:
            run(self.connection, "COMMIT")
        self.session.close()

    def roll_back(self) -> None:
        """Take back everything since `begin`; if the disk fails too, the pages are put back."""
        if self._recorder:
            self._recorder.discard()
        sound = False
        try:
            self.session.close()
            # A commit that failed leaves SQLAlchemy's connection in a transaction for good.
            sound = self._sqlalchemy.get_transaction() is None
            if self.connection.in_transaction:
                run(self.connection, "ROLLBACK")
        except (apsw.Error, dbapi.Error, SQLAlchemyError):
            sound = False  # A failing disk: the pages are taken back below.
        if not sound or self._store.touched:
            self._restore()

    def _restore(self) -> None:
        """Go back to the pages at the transaction's begin, whatever has been written since: the disk failed."""
        with suppress(apsw.Error, dbapi.Error, SQLAlchemyError):
            self.close()
        self.connection.close(True)
        self._store.undo()
        self._connect()

    def changes(self) -> list[Change]:
        """The change log, oldest first."""
        return self._recorder.read() if self._recorder else []

    def clear_changes(self) -> None:
        """Empty the change log."""
        if self._recorder:
            self._recorder.clear()

    @property
    def page_id(self) -> str:
        """The id that a snapshot would have now."""
        return self._store.freeze().page_id

    @property
    def contents(self) -> PageContents:
        """The rows of the apps' tables."""
        return PageContents(self.connection, self._schema.shapes)

    def freeze(self) -> "PageSnapshot":
        """A snapshot of the pages as they are."""
        return PageSnapshot(self._store.freeze(), self._schema)

    def close(self) -> None:
        """Let go of the connection."""
        self.session.close()
        self._sqlalchemy.close()
        self.connection.close()


class PageSnapshot(Snapshot):
    """An immutable world in SQLite. Cheap to keep: it shares all pages that it did not change.

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

    @contextmanager
    def reading(self) -> Generator[apsw.Connection]:
        """A connection to a fork of it, to look at without the apps' schema."""
        db = self.fork().connect()
        try:
            yield db
        finally:
            db.close()

    @contextmanager
    def contents(self) -> Generator[PageContents]:
        """Its rows, to read."""
        with self.reading() as db:
            yield PageContents(db, stored_shapes(db))

    def fork(self, fault: Fault | None = None) -> Fork:
        """A private, mutable copy of the pages."""
        return Fork(self.layer, fault)

    def open(self, schema: Schema | None = None) -> World:
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
        return World(PageDatabase(self.fork(), self.schema))

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
        return f"<PageSnapshot {self.page_id[:12]}>"


def paged(snapshot: Snapshot) -> PageSnapshot:
    """A snapshot whose pages are asked for.

    Raises:
        WorldError: It has none: it is not in SQLite.
    """
    if not isinstance(snapshot, PageSnapshot):
        raise WorldError(f"{snapshot!r} has no pages: this works for worlds in SQLite only")
    return snapshot


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

    def snapshot(self) -> PageSnapshot:
        """The world as it was populated."""
        return PageSnapshot(Layer.bottom(self._file), self._schema)


def _need_plain_tables(db: apsw.Connection, path: Path) -> None:
    """See to it that the rows which are to be read are stored: of a sender's making they may be endless, or huge.

    What SQLite itself makes of the schema is asked, for its text may be forged.

    Raises:
        SnapshotError: There is a view or a virtual table in a table's place, or a column that is computed.
    """
    kinds = {str(name).lower(): str(kind) for _, name, kind, *_ in run(db, "PRAGMA main.table_list")}
    if kinds.get("greenroom_table", "table") != "table":
        raise SnapshotError(f"{path} has no table of its tables: it is no world of greenroom")
    for name in stored_shapes(db):
        if (kind := kinds.get(name.lower(), "table")) != "table":
            raise SnapshotError(f"{path} has a {kind} where a table should be: it is no world of greenroom")
        quoted = name.replace('"', '""')
        if any(hidden for *_, hidden in run(db, f'PRAGMA main.table_xinfo("{quoted}")')):
            raise SnapshotError(f"{path} has a computed column in '{name[:60]}': a portable file has none")


def load_snapshot(path: Path, schema: Schema | None = None) -> PageSnapshot:
    """Read a snapshot that `Snapshot.save` wrote.

    Args:
        path: The file. It is mapped, not copied: it must not be changed in place while the snapshot is used.
        schema: The apps' tables; can be given to `open` instead.

    Raises:
        SnapshotError: It is no such file, or truncated, altered, or of another format.
        WorldError: The schema is not that of the snapshot.
        OSError: It cannot be read.
    """
    snapshot = PageSnapshot(portable.load(path))
    try:
        with snapshot.reading() as db:
            _need_plain_tables(db, path)
    except (apsw.Error, ValueError, TypeError) as error:
        raise SnapshotError(f"{path} holds no world of greenroom: {error}") from error
    if schema is not None:
        snapshot.adopt(schema)
    return snapshot
