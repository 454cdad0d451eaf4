"""The PostgreSQL database of an open world."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy.exc import SQLAlchemyError

from greenroom.errors import WorldError
from greenroom.worlds.changes import Change
from greenroom.worlds.postgres import rules
from greenroom.worlds.postgres.contents import PostgresContents, page_id
from greenroom.worlds.postgres.cursors import GuardedCursor, GuardedServerCursor
from greenroom.worlds.postgres.server import Connection, Lease, Server
from greenroom.worlds.schema import Schema, Shape
from greenroom.worlds.session import WorldSession
from greenroom.worlds.world import Snapshot, World

_Rows = dict[int, tuple[Any, ...]]


@lru_cache(maxsize=256)
def _translated(sql: str) -> LiteralString:
    return cast(LiteralString, rules.translated(sql))


class PostgresDatabase:
    """The database of an open world; see `greenroom.worlds.world.Database`.

    Args:
        server: Where it is.
        lease: Its database.
        schema: The apps' tables.
        base: The name of what it was cloned from first.
        record: Whether changes are recorded.
    """

    def __init__(self, server: Server, lease: Lease, schema: Schema, base: str, *, record: bool = True) -> None:
        self._server, self._schema, self._base, self._record = server, schema, base, record
        self._lease = lease
        self._frozen: PostgresSnapshot | None = None
        self._connect()

    def _connect(self) -> None:
        self._db = self._server.connect(self._lease.name)
        self._db.cursor_factory = GuardedCursor
        self._db.server_cursor_factory = GuardedServerCursor
        self._sqlalchemy = self._schema.connect(self._db)
        self._session = WorldSession(bind=self._sqlalchemy, expire_on_commit=False)

    def disconnect(self) -> None:
        """Close the connection; the next use opens another."""
        with suppress(psycopg.Error, SQLAlchemyError):
            self._session.close()
            self._sqlalchemy.close()
        self._db.close()

    @property
    def connection(self) -> Connection:
        """The connection; after a freeze, and when it broke between transactions, a new one.

        Raises:
            WorldError: The world was closed.
        """
        if self._db.closed:
            broken = self._frozen is None
            if self._frozen is not None:
                self._lease, self._frozen = self._server.clone(self._lease.name), None
            if not self._lease.drop.alive:
                raise WorldError("the world is closed: open another fork of its snapshot")
            self._connect()
            if broken:
                self._renumber()
        return self._db

    @property
    def session(self) -> WorldSession:
        """The ORM session."""
        _ = self.connection
        return self._session

    def run(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run SQL of greenroom's own, written for SQLite; returns its rows.

        Raises:
            WorldError: The server refuses, or is gone.
        """
        try:
            cursor = psycopg.Cursor(self.connection).execute(_translated(sql), values or None)
            return cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            raise WorldError(f"the PostgreSQL server gave a world up: {str(error).strip()}") from error

    def ensure(self, table: str) -> None:
        """Nothing: worlds in PostgreSQL have all of greenroom's tables from the start."""

    def begin(self) -> None:
        """Begin a transaction."""
        self.run("BEGIN")

    def act(self, actor: str) -> None:
        """Say whose the changes are that follow."""
        if self._record:
            self.run("SELECT greenroom_act(?, ?)", (actor, self._server.key))

    @property
    def _status(self) -> TransactionStatus:
        return self._db.info.transaction_status

    def settle(self) -> None:
        """See whether the transaction can be committed; triggers have written the changes.

        Raises:
            WorldError: A statement failed and the app went on.
        """
        if self._status == TransactionStatus.INERROR:
            raise WorldError(
                "a statement failed and the app went on, but PostgreSQL has given the transaction up: "
                "try things in `with session.begin_nested()`"
            )
        if self._status == TransactionStatus.IDLE:
            raise WorldError("an app ended its transaction by SQL: greenroom begins and ends them")

    def commit(self) -> None:
        """Commit, if it has not been done."""
        if self._status != TransactionStatus.IDLE:
            self.run("COMMIT")
        self._session.close()

    def roll_back(self) -> None:
        """Take back everything since `begin`; a connection that broke has taken it back by itself."""
        try:
            self._session.close()
            if self._status != TransactionStatus.IDLE:
                self.run("ROLLBACK")
            self._renumber()
            sound = self._sqlalchemy.get_transaction() is None
        except (psycopg.Error, SQLAlchemyError, WorldError):
            sound = False
        if not sound:
            self.disconnect()

    def _renumber(self) -> None:
        """Take back the numbers that sequences gave to a transaction that is no more; a rollback does not."""
        self.run("SELECT greenroom_renumber(?)", (self._server.key,))

    def changes(self) -> list[Change]:
        """The change log, oldest first."""
        log = self.run("SELECT id, actor, op, name FROM greenroom_change ORDER BY id")
        before, after = self._logged("before", log), self._logged("after", log)
        return [
            change
            for number, actor, op, name in log
            for change in _told(actor, op, self._schema.shapes[name], before.get(number), after.get(number))
        ]

    def _logged(self, column: str, log: Sequence[tuple[Any, ...]]) -> _Rows:
        """The rows before or after the changes, by the change's number: PostgreSQL reads its own text of a row."""
        contents, found = self.contents, _Rows()
        for name in {entry[3] for entry in log}:
            query = (
                f'SELECT id, ({column}::"{name}").* FROM greenroom_change '
                f"WHERE name = '{name}' AND {column} IS NOT NULL"
            )
            found.update(contents.typed(query, self._schema.shapes[name]))
        return found

    def clear_changes(self) -> None:
        """Empty the change log."""
        self.run("SELECT greenroom_clear(?)", (self._server.key,))

    @property
    def page_id(self) -> str:
        """The id that a snapshot would have now; reads every row."""
        return self._frozen.page_id if self._frozen else page_id(self.connection, self._base)

    @property
    def contents(self) -> PostgresContents:
        """The rows of the apps' tables."""
        return PostgresContents(self.connection, self._schema)

    def freeze(self) -> "PostgresSnapshot":
        """Give the database away as a snapshot; the world goes on on a copy, made when it is used again."""
        if self._frozen is None:
            name = self.page_id
            self.disconnect()
            self._frozen = PostgresSnapshot(self._server, self._lease, self._schema, self._base, name)
        return self._frozen

    def close(self) -> None:
        """Drop the database, unless it was frozen as it is."""
        self.disconnect()
        if self._frozen is None:
            self._lease.drop()


def _told(actor: str, op: Any, shape: Shape, old: Sequence[Any] | None, new: Sequence[Any] | None) -> Iterator[Change]:
    """One entry of the log as changes; a row that moved to another key is two."""
    was = None if old is None else shape.to_python(old)
    now = None if new is None else shape.to_python(new)
    left = () if old is None else shape.key_of(old)
    came = () if new is None else shape.key_of(new)
    if was is not None and now is not None and left != came:
        yield Change(actor, "delete", shape.name, left, was, None)
        yield Change(actor, "insert", shape.name, came, None, now)
    else:
        yield Change(actor, op, shape.name, came or left, was, now)


class PostgresSnapshot(Snapshot):
    """An immutable world in PostgreSQL: a database that nobody writes to. Dropped when nobody refers to it.

    Args:
        server: Where it is.
        database: Its database: leased, or the name of a base.
        schema: The apps' tables.
        base: The name of what it was cloned from first.
        page_id: Its id.
    """

    def __init__(self, server: Server, database: Lease | str, schema: Schema, base: str, page_id: str) -> None:
        self._server, self._database, self._base, self._page_id = server, database, base, page_id
        self._schema = self.schema = schema

    @property
    def page_id(self) -> str:
        """SHA-256 of its rows, greenroom's own included, and of its base's name."""
        return self._page_id

    @property
    def gone(self) -> bool:
        """Whether its server went away since it was made."""
        return not self._server.alive()

    def _clone(self) -> PostgresDatabase:
        name = self._database if isinstance(self._database, str) else self._database.name
        return PostgresDatabase(self._server, self._server.clone(name), self._schema, self._base)

    def open(self, schema: Schema | None = None) -> World:
        """Clone it and open the clone.

        Args:
            schema: None, or its own.

        Raises:
            WorldError: It has another schema, or the server refuses.
        """
        if schema is not None and schema is not self.schema:
            raise WorldError("a snapshot in PostgreSQL has the schema of its recipe: open it without another")
        return World(self._clone())

    @contextmanager
    def contents(self) -> Generator[PostgresContents]:
        """The rows of a clone of it: a database that is read cannot be cloned meanwhile."""
        database = self._clone()
        try:
            yield database.contents
        finally:
            database.close()

    def save(self, path: Path) -> None:
        """Refuse.

        Raises:
            WorldError: Always.
        """
        raise WorldError(
            f"a world in PostgreSQL stays on its server, it cannot be written to {path}; play its task anew"
        )

    def __repr__(self) -> str:
        return f"<PostgresSnapshot {self.page_id[:12]}>"
