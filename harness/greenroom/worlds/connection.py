"""What every connection of a world is set to, whatever lies below it."""

# apsw leaves the types of SQL values open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

import apsw

from greenroom.errors import WorldError

# secure_delete and cache_spill: else what freed pages hold depends on the size of the cache, and ids with it.
# locking_mode: one connection a world, so SQLite need not look whether another has written.
PRAGMAS = (
    "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; "
    "PRAGMA temp_store=MEMORY; PRAGMA secure_delete=ON; PRAGMA cache_spill={spill}; PRAGMA cache_size=-{cache};"
)


def run(db: apsw.Connection, sql: str, bindings: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run SQL to its end; returns its rows."""
    # apsw steps a statement no further than its first row until somebody asks for more.
    return db.execute(sql, bindings).fetchall()


def stream(db: apsw.Connection, sql: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, one at a time."""
    return db.execute(sql)


def prepare(db: apsw.Connection, *, cache_kib: int, spill: bool = False, trusted: bool = True) -> None:
    """Set a fresh connection to the rules of worlds.

    Args:
        db: The connection.
        cache_kib: SQLite's page cache; it takes as much as it uses, up to this.
        spill: Let a transaction that outgrows the cache write before it commits.
        trusted: False for databases from outside: every page is checked when it is parsed.
    """
    pragmas = PRAGMAS.format(spill="ON" if spill else "OFF", cache=cache_kib)
    run(db, pragmas if trusted else pragmas + "PRAGMA cell_size_check=ON;")
    db.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    db.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    db.config(apsw.SQLITE_DBCONFIG_ENABLE_FKEY, 1)
    # Two shadowed functions cost a microsecond; an authorizer costs a third more for every statement prepared.
    db.create_scalar_function("random", refuse_random, 0)
    db.create_scalar_function("randomblob", refuse_random, 1)


def refuse_random(*_: Any) -> NoReturn:
    """Stand in for SQL's random functions.

    Raises:
        WorldError: Always.
    """
    raise WorldError("SQL's random() and randomblob() are refused in a world: draw from world.random")


class WorldTime(apsw.VFS):
    """A virtual file system without a wall clock: SQL's 'now' and CURRENT_TIMESTAMP are refused.

    SQLite asks its file system for the time, and only then: date functions of given values work as ever.
    """

    def xCurrentTime(self) -> float:  # noqa: N802 - SQLite's name
        """Refuse; see `xCurrentTimeInt64`."""
        return float(self.xCurrentTimeInt64())

    def xCurrentTimeInt64(self) -> int:  # noqa: N802 - SQLite's name
        """Refuse.

        Raises:
            WorldError: Always.
        """
        raise WorldError("SQL's 'now' and CURRENT_TIMESTAMP are refused in a world: pass world.now")
