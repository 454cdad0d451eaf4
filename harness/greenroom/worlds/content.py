"""What a world holds, whatever its pages look like: the rows of the apps' tables in canonical order."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from greenroom.worlds.changes import Change, net
from greenroom.worlds.schema import Row, Shape


class Contents(Protocol):
    """The rows of the apps' tables in one database."""

    @property
    def shapes(self) -> Mapping[str, Shape]:
        """Its tables, by name."""
        ...

    def stored(self, shape: Shape) -> Iterator[tuple[Any, ...]]:
        """A table's rows, values as SQLite would hold them, in the order of the key (of all columns without one)."""
        ...

    def rows(self, shape: Shape) -> Iterator[tuple[tuple[Any, ...], Row]]:
        """A table's keys and rows, values as the app's models have them; where it has no key, whatever names a row."""
        ...


def content_id(contents: Contents) -> str:
    """SHA-256 of all rows of the apps' tables: by table name, then by primary key.

    It says nothing of greenroom's own tables, of indexes (full-text ones included) and of rowids.
    """
    digest = hashlib.sha256(b"greenroom content 1\n")
    for name in sorted(contents.shapes):
        shape = contents.shapes[name]
        digest.update(repr((name, shape.columns)).encode())
        for row in contents.stored(shape):
            digest.update(repr((None, *row)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def compare(a: Contents, b: Contents, shapes: Mapping[str, Shape]) -> list[Change]:
    """The rows that differ between two databases of the same tables, by table and key."""
    found: list[Change] = []
    for name in sorted(shapes):
        shape = shapes[name]
        found += [Change("", "delete", name, key, row, None) for key, row in a.rows(shape)]
        found += [Change("", "insert", name, key, None, row) for key, row in b.rows(shape)]
    return net(found)


def select(shape: Shape, *first: str) -> str:
    """The query of a table's rows in canonical order.

    Args:
        shape: The table.
        first: What comes before its columns.
    """
    columns = [_quoted(column) for column in shape.columns]
    order = ", ".join(_quoted(shape.columns[i]) for i in shape.key) or ", ".join(columns)
    return f"SELECT {', '.join([*first, *columns])} FROM {_quoted(shape.name)} ORDER BY {order}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
