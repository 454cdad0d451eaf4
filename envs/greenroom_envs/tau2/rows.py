"""A domain's state as rows: one table a collection, one JSON row an entity."""

from collections.abc import Mapping
from typing import Protocol

from sqlalchemy import Column, Integer, String, Table, Text, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import DeclarativeBase, Session

Writes = dict[tuple[str, str], str | None]
"""By table and key: the entity's JSON afterwards, or None when it is gone."""


def entity_table(base: type[DeclarativeBase], name: str) -> Table:
    """The table of a collection: `position` keeps the order in which tau2 goes through it."""
    return Table(
        name,
        base.metadata,
        Column("key", String, primary_key=True),
        Column("position", Integer, nullable=False),
        Column("body", Text, nullable=False),
    )


class Rows(Protocol):
    """Where entities are read from."""

    def get(self, table: str, key: str) -> str | None:
        """One entity's JSON."""
        ...

    def all(self, table: str) -> Mapping[str, str]:
        """All entities of a table, in order."""
        ...


class WorldRows:
    """The rows of a world, in its running transaction.

    Args:
        session: Of the transaction.
        tables: The domain's tables by name.
    """

    def __init__(self, session: Session, tables: Mapping[str, Table]) -> None:
        self._session, self._tables = session, tables

    def get(self, table: str, key: str) -> str | None:
        """One entity's JSON."""
        shape = self._tables[table]
        return self._session.execute(select(shape.c.body).where(shape.c.key == bindparam("k")), {"k": key}).scalar()

    def all(self, table: str) -> Mapping[str, str]:
        """All entities of a table, in order."""
        shape = self._tables[table]
        found = self._session.execute(select(shape.c.key, shape.c.body).order_by(shape.c.position))
        return {key: body for key, body in found}  # noqa: C416 - rows are no pairs to the type checker

    def write(self, writes: Writes) -> None:
        """Write changed entities back; new ones come last."""
        for (table, key), body in writes.items():
            shape = self._tables[table]
            if body is None:
                self._session.execute(delete(shape).where(shape.c.key == key))
            elif self.get(table, key) is not None:
                self._session.execute(update(shape).where(shape.c.key == key).values(body=body))
            else:
                last = self._session.execute(select(func.coalesce(func.max(shape.c.position), -1))).scalar_one()
                self._session.execute(insert(shape).values(key=key, position=last + 1, body=body))

    def fill(self, rows: Mapping[str, Mapping[str, str]]) -> None:
        """Fill empty tables."""
        for table, entities in rows.items():
            values = [{"key": k, "position": i, "body": b} for i, (k, b) in enumerate(entities.items())]
            if values:
                self._session.execute(insert(self._tables[table]), values)


class Draft:
    """Rows with changes on top that go nowhere: to try what calls would do.

    Args:
        below: What lies under the changes.
    """

    def __init__(self, below: Rows) -> None:
        self.below = below
        self.writes: Writes = {}

    def get(self, table: str, key: str) -> str | None:
        """One entity's JSON."""
        return self.writes[table, key] if (table, key) in self.writes else self.below.get(table, key)

    def all(self, table: str) -> Mapping[str, str]:
        """All entities of a table, in order."""
        found = dict(self.below.all(table))
        for (name, key), body in self.writes.items():
            if name == table and body is None:
                found.pop(key, None)
            elif name == table and body is not None:
                found[key] = body
        return found

    def write(self, writes: Writes) -> None:
        """Note changes."""
        self.writes.update(writes)

    def net(self) -> Writes:
        """The noted changes that differ from what lies below."""
        return {place: body for place, body in self.writes.items() if body != self.below.get(*place)}
