"""The schema of a set of apps: its tables, and the one SQLAlchemy engine that all its worlds share."""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import apsw
import sqlalchemy as sa
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateTable
from sqlalchemy.util import OrderedSet

from greenroom.errors import MissingExtraError
from greenroom.worlds import dbapi
from greenroom.worlds.connection import stream

Backend = Literal["sqlite", "postgres"]
"""Where worlds live."""
Processor = Callable[[Any], Any]
Row = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """How a table's rows are read: its columns, and which of them are the primary key.

    Attributes:
        name: The table.
        columns: Their names, in order.
        key: Positions of the primary key's columns; empty where the table has none.
        processors: By position, what makes a Python value of SQLite's; none for PostgreSQL, whose driver does.
    """

    name: str
    columns: tuple[str, ...]
    key: tuple[int, ...]
    processors: tuple[tuple[int, Processor], ...] = ()

    def key_of(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """The primary key within a row's values; all of them where the table has none."""
        return tuple([values[i] for i in self.key]) or tuple(values)

    def to_python(self, row: Sequence[Any]) -> Row:
        """The row by column name, its values as the app's models have them."""
        values = list(row)
        for position, process in self.processors:
            values[position] = process(values[position])
        return dict(zip(self.columns, values, strict=True))


class Schema:
    """The tables of a set of apps and their SQLAlchemy engine: made once a process, so that statements are
    compiled once and not once a fork. Use `Schema.of`.

    Args:
        metadata: The tables of each app.
        backend: Where its worlds live.
    """

    def __init__(self, metadata: Sequence[sa.MetaData], backend: Backend = "sqlite") -> None:
        self.metadata, self.backend = tuple(metadata), backend
        # The pool keeps nothing: it asks for a connection when a world opens, and gets the one being opened.
        self._opening = threading.local()
        self.engine = self._make_engine()
        tables = [table for one in self.metadata for table in one.sorted_tables]
        for table in tables:
            # SQLAlchemy keeps them in a plain set, in the order of addresses: another process, other pages.
            table.indexes = OrderedSet(sorted(table.indexes, key=lambda index: str(index.name)))
        self.tables = {table.name: table for table in tables}
        self.shapes = {table.name: self._shape(table) for table in tables}

    @staticmethod
    def of(*metadata: sa.MetaData, backend: Backend = "sqlite") -> "Schema":
        """The schema of these apps' tables; always the same one in a process."""
        return _schema(metadata, backend)

    def _make_engine(self) -> sa.Engine:
        opened: Callable[[], Any] = lambda: self._opening.connection  # noqa: E731
        if self.backend == "sqlite":
            return sa.create_engine("sqlite://", module=dbapi, creator=opened, poolclass=NullPool)
        try:
            return sa.create_engine(
                "postgresql+psycopg://", creator=opened, poolclass=NullPool, use_native_hstore=False
            )
        except ImportError:
            raise MissingExtraError("a world in PostgreSQL", "postgres") from None

    def connect(self, connection: Any) -> sa.Connection:
        """Hand an open connection to SQLAlchemy."""
        self._opening.connection = connection
        try:
            return self.engine.connect()
        finally:
            del self._opening.connection

    def create(self, connection: sa.Connection) -> None:
        """Make the apps' tables in an empty database, with whatever their events add, and note their shapes."""
        for one in self.metadata:
            one.create_all(connection)
        for shape in self.shapes.values():
            values = (shape.name, json.dumps(shape.columns), json.dumps(shape.key))
            mark = "?" if self.backend == "sqlite" else "%s"
            connection.exec_driver_sql(f"INSERT INTO greenroom_table VALUES({mark}, {mark}, {mark})", values)

    def ddl(self) -> str:
        """The tables as SQL: part of a base's key."""
        tables = [table for one in self.metadata for table in one.sorted_tables]
        created = [str(CreateTable(table).compile(self.engine)) for table in tables]
        indexes = sorted(f"{i.unique} {i.name} {[str(e) for e in i.expressions]}" for t in tables for i in t.indexes)
        return "\n".join(created + indexes)

    def _shape(self, table: sa.Table) -> Shape:
        columns = list(table.columns)
        sqlite = self.backend == "sqlite"
        found = [(i, self._processor(column)) for i, column in enumerate(columns) if sqlite]
        return Shape(
            name=table.name,
            columns=tuple(column.name for column in columns),
            key=tuple(columns.index(column) for column in table.primary_key.columns),
            processors=tuple((i, process) for i, process in found if process),
        )

    def _processor(self, column: sa.Column[Any]) -> Processor | None:
        dialect = self.engine.dialect
        return column.type.dialect_impl(dialect).result_processor(dialect, None)


@lru_cache(maxsize=256)
def _schema(metadata: tuple[sa.MetaData, ...], backend: Backend) -> Schema:
    return Schema(metadata, backend)


def stored_shapes(db: apsw.Connection) -> dict[str, Shape]:
    """The shapes that a base's database notes of its own tables."""
    rows = stream(db, "SELECT name, columns, key FROM greenroom_table ORDER BY name")
    return {name: Shape(name, tuple(json.loads(columns)), tuple(json.loads(key))) for name, columns, key in rows}
