"""The rows of a world in PostgreSQL: as the app's models have them, and as SQLite would hold them."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, LiteralString, cast
from uuid import UUID

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from greenroom.worlds import dbapi
from greenroom.worlds.content import select
from greenroom.worlds.schema import Processor, Row, Schema, Shape

_SQLITE = sqlite.dialect(dbapi=cast(Any, dbapi))
_UNHASHED = ("greenroom_actor",)


class PostgresContents:
    """The rows of the apps' tables in one PostgreSQL database.

    Args:
        db: The database.
        schema: The apps' tables.
    """

    def __init__(self, db: psycopg.Connection[Any], schema: Schema) -> None:
        self._db, self._schema = db, schema

    @property
    def shapes(self) -> Mapping[str, Shape]:
        """Its tables, by name."""
        return self._schema.shapes

    def typed(self, sql: str, shape: Shape) -> Iterator[tuple[Any, tuple[Any, ...]]]:
        """The rows of a query as the app's models have them.

        Args:
            sql: Gives one column more than the table has, before the table's.
            shape: The table.
        """
        # A plain cursor: that of apps refuses what greenroom itself may do.
        cursor = psycopg.Cursor(self._db).execute(cast(LiteralString, sql))
        kinds = [column.type_code for column in (cursor.description or ())[1:]]
        columns = self._schema.tables[shape.name].columns
        dialect = self._schema.engine.dialect
        makers = [
            column.type.dialect_impl(dialect).result_processor(dialect, kind) or _same
            for column, kind in zip(columns, kinds, strict=True)
        ]
        for first, *values in cursor:
            yield first, tuple([make(value) for make, value in zip(makers, values, strict=True)])

    def stored(self, shape: Shape) -> Iterator[tuple[Any, ...]]:
        """A table's rows, values as SQLite would hold them."""
        makers = [_stored_by(column.type) for column in self._schema.tables[shape.name].columns]
        for _, row in self.typed(select(shape, "NULL"), shape):
            yield tuple([make(value) for make, value in zip(makers, row, strict=True)])

    def rows(self, shape: Shape) -> Iterator[tuple[tuple[Any, ...], Row]]:
        """A table's keys (the whole rows without one) and rows."""
        for _, values in self.typed(select(shape, "NULL"), shape):
            yield shape.key_of(values), shape.to_python(values)


def _same(value: Any) -> Any:
    return value


def _stored_by(kind: sa.types.TypeEngine[Any]) -> Callable[[Any], Any]:
    """What SQLite holds of a value of a type: what SQLAlchemy binds there, after the column's affinity."""
    bind: Processor | None = kind.dialect_impl(_SQLITE).bind_processor(_SQLITE)
    is_real = isinstance(kind, sa.Float)
    is_numeric = isinstance(kind, sa.Numeric) and not is_real

    def stored(value: Any) -> Any:
        if value is None:
            return None
        value = _plain(value if bind is None else bind(value))
        if is_real and isinstance(value, int):
            return float(value)
        if is_numeric and isinstance(value, float) and value.is_integer():
            return int(value)
        return value

    return stored


def _plain(value: Any) -> Any:
    """A value that SQLite has; what only PostgreSQL has becomes text."""
    if value is None or isinstance(value, int | float | str):
        return int(value) if isinstance(value, bool) else value
    if isinstance(value, bytes):
        return value
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return json.dumps(value, sort_keys=True, default=str)


def page_id(db: psycopg.Connection[Any], base: str) -> str:
    """SHA-256 of every row of every table, greenroom's own included, and of where sequences stand.

    Args:
        db: The world's database.
        base: The name of what it was cloned from first.
    """
    digest = hashlib.sha256(f"greenroom postgres 1 {base}\n".encode())
    cursor = psycopg.Cursor(db)
    for table, order in _tables(cursor):
        digest.update(f"{table}\n".encode())
        rows = f"(SELECT t.* FROM {table} AS t ORDER BY {order})"
        with cursor.copy(cast(LiteralString, f"COPY {rows} TO STDOUT")) as copy:
            for block in copy:
                digest.update(block)
    positions = sorted(cursor.execute("SELECT sequencename, last_value FROM pg_sequences").fetchall())
    digest.update(repr(positions).encode())
    return digest.hexdigest()


def _tables(cursor: psycopg.Cursor[Any]) -> list[tuple[str, str]]:
    """All tables, each with what orders its rows: the primary key, or else the whole row as text."""
    found = cursor.execute(
        "SELECT quote_ident(c.relname), coalesce((SELECT string_agg(quote_ident(a.attname), ', ' "
        "ORDER BY array_position(i.indkey::int2[], a.attnum)) FROM pg_index i JOIN pg_attribute a "
        "ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey::int2[]) WHERE i.indrelid = c.oid AND i.indisprimary), "
        "'t::text') FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace "
        'AND c.relname <> ALL(%s) ORDER BY c.relname COLLATE "C"',
        (list(_UNHASHED),),
    )
    return [(name, order) for name, order in found.fetchall()]
