"""Surveys: how the data of a world is distributed, read from its tables alone, whatever the app."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import apsw
from sqlalchemy import Column, Date, DateTime, Integer, String, Table

from greenroom.app import App
from greenroom.sandboxes.local import LocalSandbox
from greenroom.tasks import Size, Split
from greenroom.worlds import paged
from greenroom.worlds.connection import run

FEW = 12
"""A column with fewer different values is a kind of thing, not a distribution."""


@dataclass(frozen=True)
class Share:
    """How unevenly rows fall to the things that they belong to: customers, senders, products.

    Attributes:
        rows: What is counted: `shop_order by customer_id`.
        things: How many have any.
        p50: Rows of the middle one.
        p90: Rows that one in ten exceeds.
        most: Rows of the busiest.
        top_tenth: The part of all rows that the busiest tenth has.
        counts: Rows of each, the busiest first.
    """

    rows: str
    things: int
    p50: int
    p90: int
    most: int
    top_tenth: float
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Spread:
    """How numbers spread: prices, stars, sizes; percentiles of a column."""

    column: str
    p5: int
    p50: int
    p95: int
    most: int


@dataclass(frozen=True)
class Season:
    """How many rows of a table fall into each month by one of its dates."""

    column: str
    months: dict[str, int]


@dataclass(frozen=True)
class Kinds:
    """How often each of a few values occurs: states, tiers, folders."""

    column: str
    counts: dict[str, int]


@dataclass(frozen=True)
class Survey:
    """The distributions of one world."""

    app: str
    size: str
    split: str
    tables: dict[str, int]
    shares: tuple[Share, ...]
    spreads: tuple[Spread, ...]
    seasons: tuple[Season, ...]
    kinds: tuple[Kinds, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)


def survey(
    app: App, size: Size | str, split: Split | str = Split.TRAIN, seed: int = 0, cache_dir: Path | None = None
) -> Survey:
    """Survey the populated world of an app.

    Args:
        app: The app.
        size: How much data.
        split: Whose base.
        seed: What the base is populated with.
        cache_dir: Where bases are cached; the user's cache folder when None.

    Raises:
        UnknownNameError: No such size.
    """
    base = paged(LocalSandbox(app, size, seed, cache_dir).base(Split(split)))
    with base.reading() as db:
        tables = [table for metadata in app.tables for table in metadata.sorted_tables]
        rows = {t.name: int(run(db, f'SELECT count(*) FROM "{t.name}"')[0][0]) for t in tables}
        filled = [table for table in tables if rows[table.name] >= FEW]
        return Survey(
            app=app.name,
            size=str(size),
            split=str(split),
            tables={name: count for name, count in rows.items() if count},
            shares=tuple(s for table in filled for s in _shares(db, table)),
            spreads=tuple(s for table in filled for s in _spreads(db, table)),
            seasons=tuple(s for table in filled for s in _seasons(db, table)),
            kinds=tuple(k for table in filled for k in _kinds(db, table)),
        )


def _shares(db: apsw.Connection, table: Table) -> Iterator[Share]:
    """Of what refers to another table, and of texts that many rows have in common."""
    for column in table.columns:
        if not (column.foreign_keys or isinstance(column.type, String)):
            continue
        groups = f'SELECT count(*) AS n FROM "{table.name}" WHERE "{column.name}" IS NOT NULL GROUP BY "{column.name}"'
        counts = [int(row[0]) for row in run(db, f"{groups} ORDER BY n DESC")]
        if len(counts) < FEW or counts[0] < 3 or sum(counts) < 2 * len(counts):
            continue
        tenth = sum(counts[: max(1, len(counts) // 10)]) / sum(counts)
        name = f"{table.name} by {column.name}"
        p50, p90 = _at(counts[::-1], 0.5), _at(counts[::-1], 0.9)
        yield Share(name, len(counts), p50, p90, counts[0], round(tenth, 3), tuple(counts))


def _spreads(db: apsw.Connection, table: Table) -> Iterator[Spread]:
    for column in _numbers(table):
        query = f'SELECT "{column.name}" AS v FROM "{table.name}" WHERE v IS NOT NULL ORDER BY v'
        values = [int(row[0]) for row in run(db, query)]
        if len(set(values)) >= FEW:
            at = (_at(values, 0.05), _at(values, 0.5), _at(values, 0.95), values[-1])
            yield Spread(f"{table.name}.{column.name}", *at)


def _seasons(db: apsw.Connection, table: Table) -> Iterator[Season]:
    for column in table.columns:
        if not isinstance(column.type, DateTime | Date):
            continue
        month = f'substr("{column.name}", 1, 7)'
        query = f'SELECT {month} AS m, count(*) FROM "{table.name}" WHERE m IS NOT NULL GROUP BY m ORDER BY m'
        months = {str(name): int(count) for name, count in run(db, query)}
        if len(months) >= 3 and sum(months.values()) >= 3 * FEW:
            yield Season(f"{table.name}.{column.name}", months)


def _kinds(db: apsw.Connection, table: Table) -> Iterator[Kinds]:
    for column in table.columns:
        number = isinstance(column.type, Integer) and not column.primary_key and not column.foreign_keys
        if not (isinstance(column.type, String) or number):
            continue
        query = f'SELECT "{column.name}" AS v, count(*) AS n FROM "{table.name}" WHERE v IS NOT NULL GROUP BY v'
        found = run(db, f"{query} ORDER BY n DESC LIMIT {FEW}")
        if 1 < len(found) < FEW and all(len(str(value)) <= 20 for value, _ in found):
            yield Kinds(f"{table.name}.{column.name}", {str(value): int(count) for value, count in found})


def _numbers(table: Table) -> list[Column[Any]]:
    """Whole numbers that measure something: no keys, and nothing that counts up."""
    measuring = [c for c in table.columns if isinstance(c.type, Integer) and not c.primary_key and not c.foreign_keys]
    return [c for c in measuring if not c.unique and not c.name.endswith("_id")]


def _at(ordered: Sequence[int], part: float) -> int:
    """The value that this part of them does not exceed."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
