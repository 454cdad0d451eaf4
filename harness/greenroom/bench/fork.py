"""`greenroom bench fork`: what forks cost, beside the other ways to get a private copy of a database."""

import os
import random
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from greenroom.bench.memory import memory_of_forks
from greenroom.bench.report import Bar, Report, Row, at_most
from greenroom.bench.synthetic import BULK, OWNERS, Message, recipe
from greenroom.bench.timing import side_by_side
from greenroom.worlds import PageSnapshot, World, build_base
from greenroom.worlds.connection import run

FIRST_QUERY = f"SELECT id, name, state FROM {BULK} WHERE owner_id = 7 ORDER BY created DESC LIMIT 20"
DIRTY_ROWS = 20
ROUNDS = 10
"""Transactions of one measured episode; each reads three rows and a list of twenty, or updates one row."""


def bench(*, gigabyte: bool = False, forks: int = 1000, build: bool = True) -> Report:
    """Measure forks at 1, 10 and 100 MB, beside deserialize, file copy, os.fork and a plain read-only open.

    Args:
        gigabyte: Measure at 1 GB too.
        forks: How many forks are held at once when their memory is measured, at 100 MB.
        build: Build the mail world of 200,000 messages too; takes minutes.
    """
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder:
        starts = {mb: build_base(recipe(mb), Path(folder)) for mb in (1, 10, 100, *([1000] if gigabyte else []))}
        figures: dict[int, dict[str, float]] = {}
        for megabytes, base in starts.items():
            figures[megabytes] = copies(base.path, base.snapshot())
            rows += [{"MB": megabytes, "what": what, "ms": s * 1e3} for what, s in figures[megabytes].items()]
        growth = side_by_side({str(mb): _forking(starts[mb].snapshot()) for mb in (1, 100)}, 400)
        orm = orm_figures(starts[100].snapshot(), starts[100].path)
        rows += [{"ORM at 100 MB": what, "ms": s * 1e3} for what, s in orm.items()]
        memory = memory_of_forks(folder, 100, forks)
        rows.append({"memory": f"{forks} forks of 100 MB, one episode each", "GB": memory})
    built = build_large() if build else None
    if built is not None:
        rows.append({"build": "mail, 200,000 messages", "s": built})
    return Report(
        title="Forks of worlds",
        rows=rows,
        bars=_bars(figures[100], growth, orm, memory / forks * 1000, built),
    )


def _bars(
    copied: dict[str, float], growth: dict[str, float], orm: dict[str, float], memory: float, built: float | None
) -> list[Bar]:
    plain = min(copied["plain read-only open + first query"], copied["the same by apsw"])
    forked = copied["fork + open + first query"]
    bars = [
        at_most("fork + open + first query at 100 MB, to a plain read-only open", forked / plain, 1.5, "x"),
        at_most("fork + open + first query at 100 MB, to itself at 1 MB", growth["100"] / growth["1"], 1.3, "x"),
        at_most("private memory of 1,000 forks at 100 MB", memory, 0.6, "GB"),
        at_most(
            "ORM reads, cold fork, to in-memory SQLite", orm["reads, cold fork"] / orm["reads, in memory"], 1.25, "x"
        ),
        at_most(
            "ORM updates, cold fork, to in-memory SQLite",
            orm["updates, cold fork"] / orm["updates, in memory"],
            1.7,
            "x",
        ),
        at_most("fork + first ORM query at 100 MB", orm["fork + first ORM query"] * 1e3, 1.0, "ms"),
    ]
    if built is not None:
        bars.append(at_most("building the world of 200,000 messages", built / 60, 5.0, "min"))
    return bars


# -- getting a private copy


def copies(path: Path, start: PageSnapshot) -> dict[str, float]:
    """Median seconds of each way to a private copy with its first query answered, and of reset, freeze and id."""
    quick = {
        "fork + open + first query": _forking(start),
        "plain read-only open + first query": lambda: _plain(path),
        "the same by apsw": lambda: _plain_apsw(path),
    }
    found = side_by_side(quick, 400)
    with start.open() as world:
        _touch(world)
        found |= side_by_side({"freeze": world.freeze, "id": lambda: world.freeze().page_id}, 200)
    found["reset + first query"] = _median_of(lambda: _reset(start), 100)
    slow = {
        "os.fork + first query + exit": lambda: _os_fork(path),
        "file copy + open + first query": lambda: _file_copy(path),
    }
    size = path.stat().st_size
    rounds = 40 if size < 20e6 else 7
    if size < 500e6:
        image = path.read_bytes()
        slow["deserialize + first query"] = lambda: _deserialize(image)
    return found | side_by_side(slow, rounds)


def _forking(start: PageSnapshot) -> Callable[[], None]:
    def act() -> None:
        db = start.fork().connect()
        run(db, FIRST_QUERY)
        db.close()

    return act


def _plain(path: Path) -> None:
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    db.execute(FIRST_QUERY).fetchall()
    db.close()


def _plain_apsw(path: Path) -> None:
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    run(db, FIRST_QUERY)
    db.close()


def _touch(world: World) -> None:
    with world.transaction("agent") as session:
        for number in range(DIRTY_ROWS):
            session.get_one(Message, 1 + number * 31).state = "void"


def _reset(start: PageSnapshot) -> float:
    """Seconds from a used world to a fresh one on the same snapshot, its first query answered."""
    world = start.open()
    _touch(world)
    begun = time.perf_counter()
    world.close()
    world = start.open()
    run(world.connection, FIRST_QUERY)
    taken = time.perf_counter() - begun
    world.close()
    return taken


def _median_of(measure: Callable[[], float], rounds: int) -> float:
    return sorted(measure() for _ in range(rounds))[rounds // 2]


def _os_fork(path: Path) -> None:
    child = os.fork()
    if child == 0:
        _plain(path)
        os._exit(0)
    os.waitpid(child, 0)


def _file_copy(path: Path) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        copy = Path(folder) / "copy"
        shutil.copyfile(path, copy)
        _plain(copy)


def _deserialize(image: bytes) -> None:
    db = sqlite3.connect(":memory:")
    db.deserialize(image)
    db.execute(FIRST_QUERY).fetchall()
    db.close()


# -- the ORM


def orm_figures(start: PageSnapshot, path: Path) -> dict[str, float]:
    """Median seconds of an episode's ORM reads and updates: in memory, on a warm fork, on a cold one.

    A cold fork is made, opened and closed within the measured time. Rows are drawn anew each round, the same
    for all.
    """
    memory = sa.create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    _fill(memory, path)
    with Session(memory) as session:
        last = session.scalars(sa.select(sa.func.max(Message.id))).one()
    warm = start.open()
    found: dict[str, float] = {}
    for what, play in (("reads", read), ("updates", update)):
        acts = {
            f"{what}, in memory": _rounds(lambda draw, play=play: _in_memory(memory, play, draw, last)),
            f"{what}, warm fork": _rounds(lambda draw, play=play: _on(warm, play, draw, last)),
            f"{what}, cold fork": _rounds(lambda draw, play=play: _cold(start, play, draw, last)),
        }
        found |= side_by_side(acts, 60)
    warm.close()
    memory.dispose()
    return found | side_by_side({"fork + first ORM query": lambda: _first_orm_query(start)}, 200)


def _rounds(act: Callable[[random.Random], None]) -> Callable[[], None]:
    """Give each round its own random rows, the same for every act."""
    numbers = iter(range(1_000_000))
    return lambda: act(random.Random(next(numbers)))


def _fill(engine: sa.Engine, path: Path) -> None:
    source = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    target = engine.raw_connection()
    source.backup(target.driver_connection)  # pyright: ignore[reportArgumentType]
    target.close()
    source.close()


Play = Callable[[Session, random.Random, int], None]


def _in_memory(engine: sa.Engine, play: Play, draw: random.Random, last: int) -> None:
    for _ in range(ROUNDS):
        with Session(engine, expire_on_commit=False) as session:
            play(session, draw, last)
            session.commit()


def _on(world: World, play: Play, draw: random.Random, last: int) -> None:
    for _ in range(ROUNDS):
        with world.transaction("agent") as session:
            play(session, draw, last)


def _cold(start: PageSnapshot, play: Play, draw: random.Random, last: int) -> None:
    with start.open() as world:
        _on(world, play, draw, last)


def read(session: Session, draw: random.Random, last: int) -> None:
    """Three rows by key, and a list of twenty."""
    for _ in range(3):
        session.get_one(Message, draw.randint(1, last))
    newest = sa.select(Message).where(Message.owner_id == draw.randint(1, OWNERS))
    session.scalars(newest.order_by(Message.created.desc()).limit(20)).all()


def update(session: Session, draw: random.Random, last: int) -> None:
    """One update: read a row, change it."""
    row: Any = session.get_one(Message, draw.randint(1, last))
    row.state, row.amount = "void", draw.randint(1, 99_999)


def _first_orm_query(start: PageSnapshot) -> None:
    with start.open() as world, world.transaction("agent") as session:
        session.get_one(Message, 7)


# -- the large world


def build_large() -> float:
    """Seconds to build the mail app's world of 200,000 messages, from nothing.

    Raises:
        UnknownNameError: No app "mail" is installed.
    """
    from greenroom.plugins import load_app

    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder:
        made_from = load_app("mail").recipe("large", "train", 0)
        begun = time.perf_counter()
        build_base(made_from, Path(folder))
        return time.perf_counter() - begun
