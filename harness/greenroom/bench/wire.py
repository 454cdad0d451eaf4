"""`greenroom bench wire`: what a step costs on every way to an app, beside the floor and the tool's own time."""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median

from greenroom.bench.level import Level
from greenroom.bench.report import Bar, Report, Row, at_most
from greenroom.bench.served import Served, floor, stepping, worker
from greenroom.bench.ways import FLOOR_PORT, Servers, Work
from greenroom.wire.client import RemoteSandbox
from greenroom.wire.protocol import WorldSpec

LEDGER = "greenroom.bench.ledger:app"
GROUP, RESETS = 64, 15


def bench(
    *,
    app: str = "mail",
    world: str = "medium",
    sessions: str = "1,16,64,256,1024",
    steps: int = 4800,
    rounds: int = 9,
    starts: int = 3,
    port: int = 8791,
    resets: bool = True,
) -> Report:
    """Measure steps in process, over WebSocket, REST and MCP, beside a bare echo; and resets of groups.

    Args:
        app: The environment whose oracle's reading calls are the steps.
        world: How much data its worlds hold.
        sessions: How many episodes are stepped at once, separated by commas.
        steps: Steps of a level, at least, in all rounds together, and 20 of each session a round.
        rounds: The ways take turns so many times, so that what else the machine does hits all of them alike.
        starts: So many processes measure one after the other, each with servers of its own; rounds are shared out.
        port: A loopback port that is free, and the next two.
        resets: Measure the reset of a group on a world of 100 MB too; building it takes a minute the first time.
    """
    asked = _Asked(app, world, tuple(map(int, sessions.split(","))), steps // starts, max(1, rounds // starts), port)
    found: list[list[Level]] = []
    rows: list[Row] = []
    spawn = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, max_tasks_per_child=1) as processes:
        for number in range(starts):
            levels, more = processes.submit(_start, asked, resets and number == 0).result()
            found.append(levels)
            rows += more
    middle = [Level.of(same) for same in zip(*found, strict=True)]
    rows = [*(level.row() for level in middle), *rows]
    return Report(title=f"The wire: steps of {app}, {world}", rows=rows, bars=list(_bars(middle, rows)))


@dataclass(frozen=True)
class _Asked:
    """What one start measures."""

    app: str
    world: str
    sessions: Sequence[int]
    steps: int
    rounds: int
    port: int


def _start(asked: _Asked, resets: bool) -> tuple[list[Level], list[Row]]:
    """Measure in a process of its own, with servers of its own.

    How a process hashes and where its memory lies differ from start to start, and make its steps up to 4 % faster or
    slower for all its life: more rounds of the same processes do not even that out.
    """
    found: list[Level] = []
    rows: list[Row] = []
    port = asked.port
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as name:
        folder = Path(name)
        with (
            worker(folder, (asked.app, LEDGER), port) as served,
            floor(folder, port + FLOOR_PORT) as bare,
            stepping(folder, asked.app, asked.world) as with_tool,
        ):
            work = Work(asked.app, asked.world, Servers(folder, port, served, bare, with_tool))
            for sessions in asked.sessions:
                found += asyncio.run(work.measure(sessions, asked.steps, asked.rounds))
            if resets:
                rows += asyncio.run(_resets(folder, served))
    return found, rows


async def _resets(folder: Path, served: Served) -> list[Row]:
    """Milliseconds until a group is ready on a world of 100 MB: forks of one start, and of tasks not seen before."""
    sandbox = RemoteSandbox(f"unix:{folder}", "ledger", WorldSpec(size="large"), token=served.token)
    brief = await sandbox.prepare("ledger/test/count/0")
    rows: list[Row] = []
    for what, fresh in (("of one start", False), ("of a new task", True)):
        times: list[float] = []
        used = served.cpu
        for number in range(RESETS):
            begun = time.perf_counter()
            if fresh:
                brief = await sandbox.prepare(f"ledger/test/count/{number + 1}")
            opened = await sandbox.open(brief.snapshot, brief.task, GROUP)
            times.append(time.perf_counter() - begun)
            await asyncio.gather(*(sandbox.close(one.episode) for one in opened))
        cpu = (served.cpu - used) / RESETS
        rows.append(
            {
                "reset": f"a group of {GROUP} {what}, 100 MB",
                "p50 ms": median(times) * 1e3,
                "most ms": max(times) * 1e3,
                "server CPU ms": cpu * 1e3,
            }
        )
    await sandbox.stop()
    return rows


def _bars(levels: Sequence[Level], rows: Sequence[Row]) -> list[Bar]:
    """The issue's bars, each against what the same run has measured."""
    by = {(level.way, level.sessions): level for level in levels}
    bars: list[Bar] = []
    for sessions in sorted({level.sessions for level in levels}):
        tool = by["in process", sessions].milliseconds
        for line in ("unix", "tcp"):
            taken, bare = (by[f"{way}, {line}", sessions].milliseconds for way in ("websocket", "floor"))
            name = f"websocket, {line}, {sessions} at once: server CPU per step"
            bars.append(at_most(name, taken, 2 * bare + tool, "ms"))
        rest, mcp = by["rest", sessions].milliseconds - tool, by["mcp", sessions].milliseconds - tool
        ratio = mcp / rest if min(rest, mcp) > 0 else None  # Less than the tool alone: the machine was too busy.
        bars.append(at_most(f"mcp to rest, {sessions} at once: server CPU without the tool's", ratio, 3.0, "x"))
    many = by.get(("websocket, unix", 1024))
    if many is not None:
        bars.append(at_most(f"1,024 episodes, {many.steps // 1024} steps each: not served", many.refused, 0, ""))
    reset = next((row for row in rows if "of one start" in str(row.get("reset"))), None)
    if reset is not None:
        bars.append(at_most(f"reset of a group of {GROUP}, 100 MB", reset["p50 ms"], 60.0, "ms"))
    return bars
