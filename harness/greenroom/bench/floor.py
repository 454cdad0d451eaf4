"""The floor: the least that a server can do, which is to read JSON from a bare WebSocket and to write it again.

With an app it takes a step between the two, as it is asked: one message, one step.
"""

import asyncio
import json
import sys
from dataclasses import asdict, dataclass

from websockets.asyncio.server import ServerConnection, serve, unix_serve

from greenroom.bench.steps import Steps
from greenroom.wire.worker import spare_the_collector


@dataclass(frozen=True)
class FloorSpec:
    """What a floor is told on its standard input.

    Attributes:
        port: At loopback; any that is free when 0.
        path: Of its unix socket.
        app: Whose steps it takes; none when empty.
        world: How much data the worlds of that app hold.
    """

    port: int
    path: str
    app: str = ""
    world: str = ""

    def to_json(self) -> str:
        """As one line."""
        return json.dumps(asdict(self))


async def _echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(json.dumps(json.loads(message)))


class _Stepping:
    """Takes the step that a message `{session, step}` asks for; sessions begin with the connection's first message."""

    def __init__(self, spec: FloorSpec) -> None:
        self._steps = Steps(spec.app, spec.world)

    async def __call__(self, connection: ServerConnection) -> None:
        sessions = json.loads(await connection.recv())["sessions"]
        await connection.send("{}")
        with self._steps.opened(sessions) as opened:
            async for message in connection:
                asked = json.loads(message)
                answer = self._steps.run(opened[int(asked["session"])], asked["step"])
                await connection.send(json.dumps({"content": answer}))


async def _serve(spec: FloorSpec) -> None:
    handler = _Stepping(spec) if spec.app else _echo
    spare_the_collector()  # As a worker does.
    async with (
        serve(handler, "127.0.0.1", spec.port, compression=None),
        unix_serve(handler, spec.path, compression=None) as server,
    ):
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(FloorSpec(**json.loads(sys.stdin.readline()))))
