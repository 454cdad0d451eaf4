"""What a world holds, whatever its pages look like: the rows of the apps' tables in canonical order."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import apsw

from greenroom.worlds.changes import Change, net
from greenroom.worlds.connection import stream
from greenroom.worlds.schema import Row, Shape


def content_id(db: apsw.Connection, shapes: Mapping[str, Shape]) -> str:
    """SHA-256 of all rows of the apps' tables: by table name, then by primary key.

    It says nothing of greenroom's own tables, of indexes (full-text ones included) and of rowids.
    """
    digest = hashlib.sha256(b"greenroom content 1\n")
    for name in sorted(shapes):
        shape = shapes[name]
        digest.update(repr((name, shape.columns)).encode())
        for row in stream(db, _select(shape, rowid=False)):
            digest.update(repr(row).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def compare(a: apsw.Connection, b: apsw.Connection, shapes: Mapping[str, Shape]) -> list[Change]:
    """The rows that differ between two databases of the same tables, by table and key."""
    found: list[Change] = []
    for name in sorted(shapes):
        shape = shapes[name]
        found += [Change("", "delete", name, key, row, None) for key, row in _rows(a, shape)]
        found += [Change("", "insert", name, key, None, row) for key, row in _rows(b, shape)]
    return net(found)


def _rows(db: apsw.Connection, shape: Shape) -> Iterator[tuple[tuple[Any, ...], Row]]:
    for rowid, *values in stream(db, _select(shape, rowid=not shape.key)):
        row = shape.to_python(values)
        key = tuple(row[shape.columns[i]] for i in shape.key) if shape.key else (rowid,)
        yield key, row


def _select(shape: Shape, rowid: bool) -> str:
    columns = ", ".join(_quoted(column) for column in shape.columns)
    order = ", ".join(_quoted(shape.columns[i]) for i in shape.key) or columns
    return f"SELECT {'rowid' if rowid else 'NULL'}, {columns} FROM {_quoted(shape.name)} ORDER BY {order}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
