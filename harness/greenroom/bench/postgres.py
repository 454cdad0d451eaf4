"""`greenroom bench postgres`: what forks of worlds in PostgreSQL cost, by the size of the world."""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from greenroom.bench.report import Report, Row, at_most
from greenroom.bench.synthetic import MODELS, recipe
from greenroom.bench.timing import side_by_side
from greenroom.errors import UsageError
from greenroom.worlds import Snapshot, World, populated
from greenroom.worlds.backends import VARIABLE

ORDERS = MODELS["shop_orders"]


def bench(*, server: str = "", rounds: int = 9) -> Report:
    """Measure fork, freeze and proof of worlds of 1, 10 and 100 MB.

    Args:
        server: The address of the server; `GREENROOM_POSTGRES` when empty.
        rounds: How often each is done; medians are given.
    """
    address = server or os.environ.get(VARIABLE, "")
    if not address:
        raise UsageError(f"no server to measure: pass --server, or set {VARIABLE}")
    rows: list[Row] = []
    figures: dict[int, dict[str, float]] = {}
    for megabytes in (1, 10, 100):
        start = populated(replace(recipe(megabytes), backend="postgres"), None, address)
        figures[megabytes] = _figures(start, rounds)
        rows += [{"MB": megabytes, "what": what, "ms": s * 1e3} for what, s in figures[megabytes].items()]
    fork = figures[1]["fork + open"] * 1e3
    # The issue expects the order of 100 ms.
    return Report(title="Worlds in PostgreSQL", rows=rows, bars=[at_most("fork + open at 1 MB", fork, 100.0, "ms")])


def _figures(start: Snapshot, rounds: int) -> dict[str, float]:
    """Median seconds of what a rollout does with worlds."""
    worlds: list[World] = []
    acts: dict[str, Callable[[], Any]] = {
        "fork + open": lambda: worlds.append(start.open()),
        "prove (id of all rows)": lambda: worlds[-1].page_id,
        "a transaction of one update": lambda: _write(worlds[-1]),
        "read the changes": lambda: worlds[-1].changes(by="agent"),
        "freeze, id included": lambda: worlds[-1].freeze(),
        "go on after freezing": lambda: worlds[-1].now,
        "close": lambda: worlds.pop().close(),
    }
    return side_by_side(acts, rounds)


def _write(world: World) -> None:
    with world.transaction("agent") as session:
        session.get_one(ORDERS, 7).amount += 1
