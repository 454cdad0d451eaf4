"""`greenroom bench wire`: what a step costs on every way to an app, beside the floor and the tool's own time."""

import asyncio
import gc
import json
import tempfile
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from websockets.asyncio.client import unix_connect

from greenroom.bench.http import Pool
from greenroom.bench.report import Bar, Report, Row, at_most
from greenroom.bench.served import FLOOR, Served, floor, worker
from greenroom.bench.timing import quantile
from greenroom.errors import GreenroomError
from greenroom.messages import ToolCall, calls_of
from greenroom.plugins import load_app
from greenroom.sandbox import Brief, StepRequest
from greenroom.sandboxes.local import LocalSandbox
from greenroom.wire.client import RemoteSandbox
from greenroom.wire.protocol import WorldSpec

LEDGER = "greenroom.bench.ledger:app"
CONNECTIONS = 64
"""HTTP connections, at most: REST and MCP have as many sessions as they are asked for, over these."""
EACH = 20
"""Steps that each session takes in a round, at least."""
GROUP, RESETS = 64, 15
PROTOCOL = "2026-07-28"

Act = Callable[[int, int], Awaitable[None]]
"""One step: of the session of this number, its k-th."""


def bench(
    *,
    app: str = "mail",
    world: str = "medium",
    sessions: str = "1,16,64,256,1024",
    steps: int = 1600,
    rounds: int = 3,
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
        port: A loopback port that is free, and the next one.
        resets: Measure the reset of a group on a world of 100 MB too; building it takes a minute the first time.
    """
    found: list[Level] = []
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as name:
        folder = Path(name)
        with floor(folder) as bare, worker(folder, (app, LEDGER), port) as served:
            work = Work(app, world, folder, served, bare, port)
            for level in sessions.split(","):
                found += asyncio.run(work.measure(int(level), steps, rounds))
            if resets:
                rows += asyncio.run(_resets(folder, served))
    rows = [*(level.row() for level in found), *rows]
    return Report(title=f"The wire: steps of {app}, {world}", rows=rows, bars=list(_bars(found, rows)))


@dataclass(frozen=True, kw_only=True)
class Level:
    """What was measured of one way with so many sessions.

    Attributes:
        way: Which way.
        sessions: How many.
        steps: How many steps were taken.
        seconds: Wall-clock time of all.
        cpu: Seconds of the server's CPU.
        times: Seconds of each step.
        refused: Steps that were not served.
        megabytes: The server's memory at the end; None where it is this process.
    """

    way: str
    sessions: int
    steps: int
    seconds: float
    cpu: float
    times: Sequence[float]
    refused: int
    megabytes: float | None

    @classmethod
    def of(cls, rounds: "Sequence[Level]") -> "Level":
        """Several rounds of the same as one: with the CPU of the middle one, so that a disturbed one does not count."""
        steps = sum(one.steps for one in rounds)
        return cls(
            way=rounds[0].way,
            sessions=rounds[0].sessions,
            steps=steps,
            seconds=sum(one.seconds for one in rounds),
            cpu=median(one.milliseconds for one in rounds) / 1e3 * steps,
            times=[t for one in rounds for t in one.times],
            refused=sum(one.refused for one in rounds),
            megabytes=rounds[0].megabytes,
        )

    @property
    def milliseconds(self) -> float:
        """The server's CPU per step."""
        return self.cpu / self.steps * 1e3

    def row(self) -> Row:
        """As a row of the report."""
        return {
            "way": self.way,
            "sessions": self.sessions,
            "steps/s": self.steps / self.seconds,
            "p50 ms": quantile(self.times, 0.5) * 1e3,
            "p99 ms": quantile(self.times, 0.99) * 1e3,
            "server CPU ms/step": self.milliseconds,
            "steps": self.steps,
            "refused": self.refused,
            "server MB": self.megabytes,
        }


async def _timed(
    way: str, sessions: int, each: int, act: Act, cpu: Callable[[], float], served: Served | None
) -> Level:
    """Let each session take its steps, one after the other, all sessions at once; one step each goes before."""
    times: list[float] = []
    refused = 0

    async def session(number: int, steps: int) -> None:
        nonlocal refused
        for step in range(steps):
            begun = time.perf_counter()
            try:
                await act(number, step)
            except GreenroomError:
                refused += 1
            times.append(time.perf_counter() - begun)

    await asyncio.gather(*(session(number, 1) for number in range(sessions)))
    times.clear()
    used, begun = cpu(), time.perf_counter()
    await asyncio.gather(*(session(number, each) for number in range(sessions)))
    seconds, used = time.perf_counter() - begun, cpu() - used
    memory = served.megabytes if served else None
    return Level(
        way=way,
        sessions=sessions,
        steps=sessions * each,
        seconds=seconds,
        cpu=used,
        times=times,
        refused=refused,
        megabytes=memory,
    )


def _example() -> ToolCall:
    return {"id": "call_0", "type": "function", "function": {"name": "mail_search", "arguments": '{"query": "lease"}'}}


class Work:
    """The steps to measure: the reading calls of an oracle, in turn.

    Args:
        app: The environment.
        world: How much data its worlds hold.
        folder: Where the server's sockets are.
        served: The server.
        bare: The floor.
        port: Its port at loopback.
    """

    def __init__(self, app: str, world: str, folder: Path, served: Served, bare: Served, port: int) -> None:
        self._app, self._world, self._folder, self._served, self._port = app, world, folder, served, port
        self._bare = bare
        self._local = LocalSandbox(load_app(app), world)
        self._brief = _reading(self._local, app)
        loaded = load_app(app)
        self._calls = [
            call
            for message in self._brief.solution
            for call in calls_of(message)
            if not loaded.tools[call["function"]["name"]].writes
        ]

    async def measure(self, sessions: int, steps: int, rounds: int) -> list[Level]:
        """All ways, with so many sessions, taking turns."""
        each = max(EACH, steps // sessions // rounds)  # The same on every way: the first steps of a fork cost more.
        rounds = max(1, min(rounds, rounds * steps // (sessions * each)))
        ways: list[Callable[[], Awaitable[Level]]] = [
            lambda: self._floor(sessions, 4 * each),
            lambda: self._in_process(sessions, each),
            lambda: self._websocket("websocket, unix", f"unix:{self._folder}", sessions, each),
            lambda: self._websocket("websocket, tcp", f"ws://127.0.0.1:{self._port}", sessions, each),
            lambda: self._http("rest", self._rest, sessions, each),
            lambda: self._http("mcp", self._mcp, sessions, each),
        ]
        found: list[list[Level]] = [[] for _ in ways]
        for _ in range(rounds):
            for way, levels in zip(ways, found, strict=True):
                gc.collect()
                levels.append(await way())
        return [Level.of(levels) for levels in found]

    async def _floor(self, sessions: int, each: int) -> Level:
        """JSON there and back over one bare WebSocket, as many messages under way as there are sessions."""
        text = json.dumps({"id": 1, "op": "step", "steps": [{"episode": "0" * 40, "calls": [_example()]}]})
        waiting: deque[asyncio.Future[None]] = deque()
        async with unix_connect(str(self._folder / FLOOR), compression=None) as socket:

            async def listen() -> None:
                async for _ in socket:
                    waiting.popleft().set_result(None)

            async def act(number: int, step: int) -> None:
                answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                waiting.append(answer)
                await socket.send(text)
                await answer

            listening = asyncio.create_task(listen())
            level = await _timed("floor", sessions, each, act, lambda: self._bare.cpu, self._bare)
            listening.cancel()
        return level

    def _sandbox(self, address: str) -> RemoteSandbox:
        return RemoteSandbox(address, self._app, WorldSpec(size=self._world), token=self._served.token)

    async def _http(
        self, way: str, ask: Callable[[Pool, str, int], Awaitable[None]], sessions: int, each: int
    ) -> Level:
        sandbox = self._sandbox(f"unix:{self._folder}")
        tokens = [sandbox.agent_tokens[episode] for episode in await self._open(sandbox, sessions)]
        pool = Pool(self._folder / "agent.sock", min(CONNECTIONS, sessions))

        async def act(number: int, step: int) -> None:
            await ask(pool, tokens[number], step)

        try:
            return await _timed(way, sessions, each, act, lambda: self._served.cpu, self._served)
        finally:
            pool.close()
            await sandbox.stop()

    async def _open(self, sandbox: RemoteSandbox, sessions: int) -> list[str]:
        brief = await sandbox.prepare(self._brief.task)
        return [one.episode for one in await sandbox.open(brief.snapshot, brief.task, sessions)]

    def _call(self, step: int) -> ToolCall:
        return self._calls[step % len(self._calls)]

    async def _in_process(self, sessions: int, each: int) -> Level:
        opened = self._local.open(self._brief.snapshot, self._brief.task, sessions)

        async def act(number: int, step: int) -> None:
            self._local.step([StepRequest(episode=opened[number].episode, calls=[self._call(step)])])
            await asyncio.sleep(0)

        level = await _timed("in process", sessions, each, act, time.process_time, None)
        for one in opened:
            self._local.close(one.episode)
        return level

    async def _websocket(self, way: str, address: str, sessions: int, each: int) -> Level:
        sandbox = self._sandbox(address)
        episodes = await self._open(sandbox, sessions)

        async def act(number: int, step: int) -> None:
            await sandbox.step([StepRequest(episode=episodes[number], calls=[self._call(step)])])

        level = await _timed(way, sessions, each, act, lambda: self._served.cpu, self._served)
        await sandbox.stop()
        return level

    async def _rest(self, pool: Pool, token: str, step: int) -> None:
        function = self._call(step)["function"]
        headers = {"authorization": f"Bearer {token}"}
        _check(await pool.post(f"/v1/episode/tools/{function['name']}", headers, function["arguments"].encode()))

    async def _mcp(self, pool: Pool, token: str, step: int) -> None:
        """What the client of the `mcp` package sends for a call."""
        function = self._call(step)["function"]
        meta = {
            "io.modelcontextprotocol/protocolVersion": PROTOCOL,
            "io.modelcontextprotocol/clientInfo": {"name": "mcp", "version": "0.1.0"},
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        arguments: Any = json.loads(function["arguments"])
        params = {"name": function["name"], "arguments": arguments, "_meta": meta}
        body = json.dumps({"jsonrpc": "2.0", "id": step + 1, "method": "tools/call", "params": params})
        headers = {
            "authorization": f"Bearer {token}",
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": PROTOCOL,
            "mcp-method": "tools/call",
            "mcp-name": function["name"],
        }
        _check(await pool.post("/v1/mcp", headers, body.encode()))


def _check(answer: tuple[int, bytes]) -> None:
    status, body = answer
    if status != 200 or b'"error"' in body[:40]:
        raise GreenroomError(f"the server answered {status}: {body[:200]!r}")


def _reading(sandbox: LocalSandbox, app: str) -> Brief:
    """The first task whose oracle reads."""
    loaded = load_app(app)
    for family in sandbox.families():
        brief = sandbox.prepare(f"{app}/test/{family}/0")
        names = [call["function"]["name"] for message in brief.solution for call in calls_of(message)]
        if sum(not loaded.tools[name].writes for name in names) > 1:
            return brief
    raise GreenroomError(f"no oracle of '{app}' reads twice: measure another app")


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
        tool, bare = by["in process", sessions].milliseconds, by["floor", sessions].milliseconds
        for way in ("websocket, unix", "websocket, tcp"):
            taken = by[way, sessions].milliseconds
            bars.append(at_most(f"{way}, {sessions} sessions: server CPU per step", taken, 2 * bare + tool, "ms"))
        rest, mcp = by["rest", sessions].milliseconds - tool, by["mcp", sessions].milliseconds - tool
        ratio = mcp / rest if min(rest, mcp) > 0 else None  # Less than the tool alone: the machine was too busy.
        bars.append(at_most(f"mcp to rest, {sessions} sessions: server CPU without the tool's", ratio, 3.0, "x"))
    many = by.get(("websocket, unix", 1024))
    if many is not None:
        bars.append(at_most(f"1,024 episodes, {many.steps // 1024} steps each: not served", many.refused, 0, ""))
    reset = next((row for row in rows if "of one start" in str(row.get("reset"))), None)
    if reset is not None:
        bars.append(at_most(f"reset of a group of {GROUP}, 100 MB", reset["p50 ms"], 60.0, "ms"))
    return bars
