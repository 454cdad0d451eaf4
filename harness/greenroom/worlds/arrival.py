"""Snapshots that come from outside: nothing in the file is believed until it has been looked at."""

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import apsw

from greenroom.errors import SnapshotError, WorldError
from greenroom.worlds import portable
from greenroom.worlds.build import Scratch
from greenroom.worlds.connection import run
from greenroom.worlds.pages import PageDatabase, PageSnapshot
from greenroom.worlds.schema import Schema
from greenroom.worlds.state import EPOCH, MICROSECOND, State
from greenroom.worlds.world import World

LATEST = (datetime(9000, 1, 1, tzinfo=UTC) - EPOCH) // MICROSECOND
"""The latest time that an admitted world may be at: what it goes on to is in the calendar, too."""
Entry = tuple[str, str, str, str | None]
"""A row of a database's schema: type, name, table, SQL."""

_ENTRIES = "SELECT type, name, tbl_name, sql FROM sqlite_master"


def admit(path: Path, schema: Schema, page_id: str, content_id: str, later: Sequence[str] = ()) -> PageSnapshot:
    """Read a portable file that somebody sent; the file is needed no more afterwards.

    Its schema must be what the app's own models make, to the letter: a trigger, a view or a table more would be code
    that the sender runs here. Its pages must be sound, and its ids those that were promised.

    Args:
        path: The file.
        schema: Of the app that it is said to be of.
        page_id: What it is said to be.
        content_id: What it is said to hold.
        later: Statements that make tables which the app's worlds get only when they are needed.

    Raises:
        SnapshotError: It is not; the message says where.
    """
    if schema.backend != "sqlite":
        raise SnapshotError("worlds of this app live in PostgreSQL: none is taken from a file")
    snapshot = PageSnapshot(portable.load(path))
    if snapshot.page_id != page_id:
        raise SnapshotError(f"the file is snapshot {snapshot.page_id[:16]}…, not {page_id[:16]}… as was said")
    try:
        with snapshot.reading() as db:
            _check_entries(db, *_known(schema, tuple(later)))
            _check_pages(db)
        snapshot.adopt(schema)
        found = snapshot.content_id
    except (apsw.Error, WorldError, ValueError, TypeError, UnicodeError) as error:
        raise error if isinstance(error, SnapshotError) else SnapshotError(f"not a sound world: {error}") from error
    if found != content_id:
        raise SnapshotError(f"the snapshot holds content {found[:16]}…, not {content_id[:16]}… as was said")
    return snapshot


def _check_entries(db: apsw.Connection, allowed: frozenset[Entry], demanded: frozenset[Entry]) -> None:
    """Compare the schema with what the app makes.

    Raises:
        SnapshotError: Something is there that the app does not make, or the other way round.
    """
    found: list[Entry] = [(str(kind), str(name), str(table), sql) for kind, name, table, sql in run(db, _ENTRIES)]
    odd = [entry for entry in found if entry not in allowed]
    if odd:
        kind, name, table, _ = odd[0]
        raise SnapshotError(
            f"the snapshot has a {kind[:20]} '{name[:60]}' on '{table[:60]}' that the app does not make"
        )
    missing = demanded - set(found)
    if missing or len(found) != len(set(found)):
        what = sorted(missing)[0][1] if missing else "an entry twice"
        raise SnapshotError(f"the snapshot's schema is not the app's: {what}")
    _check_clock(db)


def _check_clock(db: apsw.Connection) -> None:
    """Look at greenroom's own numbers: what no calendar has would fail much later, in the middle of an episode.

    Raises:
        SnapshotError: There are such.
    """
    state = run(db, "SELECT typeof(now), typeof(seed), typeof(draws) FROM greenroom_state")
    if state != [("integer", "text", "integer")]:
        raise SnapshotError("the snapshot has no clock of greenroom")
    odd = run(
        db,
        "SELECT now FROM greenroom_state WHERE now NOT BETWEEN 0 AND ?1 OR draws NOT BETWEEN 0 AND ?2 "
        "UNION ALL SELECT due FROM greenroom_event WHERE typeof(due) != 'integer' OR due NOT BETWEEN 0 AND ?1 "
        "UNION ALL SELECT value FROM greenroom_counter WHERE typeof(value) != 'integer' OR value NOT BETWEEN 0 AND ?2",
        (LATEST, 1 << 53),
    )
    if odd:
        raise SnapshotError(f"the snapshot has a time or a count of greenroom that is none: {str(odd[0][0])[:40]}")


def _check_pages(db: apsw.Connection) -> None:
    """Read every page and index.

    Raises:
        SnapshotError: Some are damaged, or contradict each other.
    """
    (result,) = run(db, "PRAGMA integrity_check(1)")
    if result != ("ok",):
        raise SnapshotError(f"the snapshot is damaged: {str(result[0])[:200]}")
    if run(db, "PRAGMA foreign_key_check"):
        raise SnapshotError("the snapshot has rows that refer to rows which are not there")


@lru_cache(maxsize=64)
def _known(schema: Schema, later: tuple[str, ...]) -> tuple[frozenset[Entry], frozenset[Entry]]:
    """What may be in a world's schema, and what must be: as an empty world of the same apps has it."""
    with tempfile.TemporaryDirectory(prefix="greenroom-") as folder:
        world = World(PageDatabase(Scratch(Path(folder) / "blank"), schema, record=False))
        try:
            with world.transaction("world") as session:
                State.create(world, EPOCH, "")
                schema.create(session.connection())
            made = _entries(world.connection)
            with world.transaction("world"):
                for statement in later:
                    run(world.connection, statement)
            return _entries(world.connection), made
        finally:
            world.close()


def _entries(db: apsw.Connection) -> frozenset[Entry]:
    return frozenset((str(kind), str(name), str(table), sql) for kind, name, table, sql in run(db, _ENTRIES))
