"""The ways to an app, and the steps that are taken on each of them."""

import asyncio
import gc
import json
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect, unix_connect

from greenroom.bench.http import Pool
from greenroom.bench.level import Level, timed
from greenroom.bench.served import FLOOR, STEPPING, Served
from greenroom.bench.steps import Steps, content_of
from greenroom.errors import GreenroomError
from greenroom.wire.client import RemoteSandbox
from greenroom.wire.protocol import WorldSpec

CONNECTIONS = 64
"""HTTP connections, at most: REST and MCP have as many sessions as they are asked for, over these."""
EACH = 20
"""Steps that each session takes in a round, at least."""
MOST = 6_000
"""Steps of a level in all rounds of a start together, at most, unless one round has more."""
FLOOR_PORT = 2
"""What the floor's port is beyond that of the server, which has two."""
PROTOCOL = "2026-07-28"


def _example() -> dict[str, Any]:
    """A step as it is asked for over the wire."""
    function = {"name": "mail_search", "arguments": '{"query": "lease"}'}
    return {"episode": "0" * 40, "calls": [{"id": "call_0", "type": "function", "function": function}]}


@asynccontextmanager
async def _there_and_back(line: connect) -> AsyncGenerator[Callable[[str], Awaitable[None]]]:
    """Texts to a floor and back over one bare WebSocket, by as many at once as like to."""
    waiting: deque[asyncio.Future[None]] = deque()
    async with line as socket:

        async def listen() -> None:
            try:
                async for _ in socket:
                    waiting.popleft().set_result(None)
            finally:  # It hung up: nobody must wait for ever.
                for answer in waiting:
                    answer.set_exception(GreenroomError("the floor hung up: see what it says above"))

        async def there_and_back(text: str) -> None:
            answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            waiting.append(answer)
            await socket.send(text)
            await answer

        listening = asyncio.create_task(listen())
        yield there_and_back
        listening.cancel()


@dataclass(frozen=True)
class Servers:
    """What is measured, each in a process of its own.

    Attributes:
        folder: Where their sockets are.
        port: The worker's at loopback.
        worker: The server.
        floor: The floor; its port is `FLOOR_PORT` beyond the worker's.
        stepping: The floor that takes steps.
    """

    folder: Path
    port: int
    worker: Served
    floor: Served
    stepping: Served


class Work:
    """The steps to measure, on every way.

    Args:
        app: The environment.
        world: How much data its worlds hold.
        servers: Where.
    """

    def __init__(self, app: str, world: str, servers: Servers) -> None:
        self._app, self._world, self._servers = app, world, servers
        self._folder, self._served, self._port = servers.folder, servers.worker, servers.port
        self._steps = Steps(app, world)

    async def measure(self, sessions: int, steps: int, rounds: int) -> list[Level]:
        """All ways, with so many sessions, taking turns."""
        each = max(EACH, steps // sessions // rounds)  # The same on every way: the first steps of a fork cost more.
        rounds = max(1, min(rounds, MOST // (sessions * each)))
        ways: list[Callable[[], Awaitable[Level]]] = [
            lambda: self._floor("floor, unix", self._bare_unix, sessions, 4 * each),
            lambda: self._floor("floor, tcp", self._bare_tcp, sessions, 4 * each),
            lambda: self._in_process(sessions, each),
            lambda: self._stepping(sessions, each),
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

    def _bare_unix(self) -> connect:
        return unix_connect(str(self._folder / FLOOR), compression=None)

    def _bare_tcp(self) -> connect:
        return connect(f"ws://127.0.0.1:{self._port + FLOOR_PORT}", compression=None)

    async def _floor(self, way: str, line: Callable[[], connect], sessions: int, each: int) -> Level:
        """As many messages under way as there are sessions."""
        floor, text = self._servers.floor, json.dumps({"id": 1, "op": "step", "steps": [_example()]})
        async with _there_and_back(line()) as there_and_back:

            async def act(number: int, step: int) -> None:
                await there_and_back(text)

            return await timed(way, sessions, each, act, lambda: floor.cpu, floor)

    async def _stepping(self, sessions: int, each: int) -> Level:
        """The floor with the steps in it: one that is asked for each step, and does nothing beside it."""
        stepping = self._servers.stepping
        async with _there_and_back(unix_connect(str(self._folder / STEPPING), compression=None)) as there_and_back:
            await there_and_back(json.dumps({"sessions": sessions}))

            async def act(number: int, step: int) -> None:
                await there_and_back(json.dumps({"session": number, "step": step, **_example()}))

            return await timed("floor with the tool, unix", sessions, each, act, lambda: stepping.cpu, stepping)

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
            return await timed(way, sessions, each, act, lambda: self._served.cpu, self._served)
        finally:
            pool.close()
            await sandbox.stop()

    async def _open(self, sandbox: RemoteSandbox, sessions: int) -> list[str]:
        brief = await sandbox.prepare(self._steps.brief.task)
        return [one.episode for one in await sandbox.open(brief.snapshot, brief.task, sessions)]

    async def _in_process(self, sessions: int, each: int) -> Level:
        with self._steps.opened(sessions) as opened:

            async def act(number: int, step: int) -> None:
                self._steps.run(opened[number], step)
                await asyncio.sleep(0)

            return await timed("in process", sessions, each, act, time.process_time)

    async def _websocket(self, way: str, address: str, sessions: int, each: int) -> Level:
        sandbox = self._sandbox(address)
        episodes = await self._open(sandbox, sessions)

        async def act(number: int, step: int) -> None:
            (result,) = await sandbox.step([self._steps.request(episodes[number], step)])
            content_of(result)

        level = await timed(way, sessions, each, act, lambda: self._served.cpu, self._served)
        await sandbox.stop()
        return level

    async def _rest(self, pool: Pool, token: str, step: int) -> None:
        function = self._steps.call(step)["function"]
        headers = {"authorization": f"Bearer {token}"}
        _check(await pool.post(f"/v1/episode/tools/{function['name']}", headers, function["arguments"].encode()))

    async def _mcp(self, pool: Pool, token: str, step: int) -> None:
        """What the client of the `mcp` package sends for a call."""
        function = self._steps.call(step)["function"]
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
    """Stop at what is no step: an error, or what the app refused, as REST and MCP say it."""
    status, body = answer
    if status != 200 or any(said in body for said in (b'"error":{', b'"refused":true', b'"isError":true')):
        raise GreenroomError(f"the server answered {status}: {body[:200]!r}")
