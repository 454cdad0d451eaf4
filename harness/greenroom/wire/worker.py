"""A worker: one process that serves both planes, each on a socket of its own."""

import asyncio
import contextlib
import gc
import importlib
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from greenroom.app import App
from greenroom.errors import GreenroomError, PluginError
from greenroom.plugins import load_app
from greenroom.wire.address import socket_name
from greenroom.wire.agent import agent_plane
from greenroom.wire.askers import Askers
from greenroom.wire.control import control_plane
from greenroom.wire.direct import direct
from greenroom.wire.door import door, room_for
from greenroom.wire.keeper import Keeper
from greenroom.wire.protocol import Limits

log = logging.getLogger("greenroom.wire")
SWEEP = 5.0
KEEP_ALIVE = 75
"""Seconds that an HTTP connection is kept for the next request: agents think between calls."""
YOUNG = 10_000
"""Objects that are made between two looks for garbage. A request of MCP makes hundreds; Python's 700 are looked through
several times in each, a tenth of its CPU."""


@dataclass(frozen=True, kw_only=True)
class WorkerSpec:
    """What a worker is started with.

    Attributes:
        apps: What it serves.
        folder: Where its unix sockets are.
        token: The token of the control plane.
        number: Which of the workers it is.
        workers: How many there are.
        host: The TCP address to listen at too; none when empty.
        port: The port of worker 0's control plane; each plane of each worker has the next one.
        hosts: Names that a Host header over TCP may have, beside loopback's.
        cache_dir: Where bases are cached.
        socket_mode: Of the unix sockets. Where another user than the server's is to reach them, the folder above them
            and the token are what protects them.
        limits: How much it takes on.
    """

    apps: Sequence[str]
    folder: str
    token: str
    number: int = 0
    workers: int = 1
    host: str = ""
    port: int = 0
    hosts: Sequence[str] = ()
    cache_dir: str | None = None
    socket_mode: int = 0o600
    limits: dict[str, Any] = field(default_factory=dict[str, Any])

    def to_json(self) -> str:
        """As one line of text."""
        return json.dumps(asdict(self))

    def addresses(self) -> list[dict[str, Any]]:
        """Where all workers are, for the greeting."""
        found: list[dict[str, Any]] = []
        for number in range(self.workers):
            told: dict[str, Any] = {plane: socket_name(plane, number) for plane in ("control", "agent")}
            if self.host:
                told |= {"control_port": self.port + 2 * number, "agent_port": self.port + 2 * number + 1}
            found.append(told)
        return found


class _Server(uvicorn.Server):
    """A server that leaves signals to the worker, which has two of them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


class Worker:
    """Serves the apps until it is stopped.

    Args:
        spec: What it is started with.
    """

    def __init__(self, spec: WorkerSpec) -> None:
        limits = Limits(**spec.limits)
        self.keeper = Keeper(
            {app.name: app for app in map(load_served, spec.apps)},
            limits,
            Path(spec.cache_dir) if spec.cache_dir else None,
        )
        self._spec = spec
        self.askers = {
            "control": Askers(limits.control_bytes),
            "agent": Askers(limits.agent_bytes, limits.episode_bytes, limits.episode_requests),
        }
        planes = {
            "control": control_plane(
                self.keeper, spec.addresses(), spec.number, spec.token, spec.hosts, self.askers["control"]
            ),
            "agent": agent_plane(self.keeper, spec.hosts, self.askers["agent"]),
        }
        self._sockets = {plane: self._listen(plane) for plane in planes}
        self._servers = {plane: _Server(_config(app, limits, self.askers[plane])) for plane, app in planes.items()}

    def _listen(self, plane: str) -> list[socket.socket]:
        path = Path(self._spec.folder) / socket_name(plane, self._spec.number)
        path.unlink(missing_ok=True)
        unix = socket.socket(socket.AF_UNIX)
        mask = os.umask(~self._spec.socket_mode & 0o777)
        try:
            unix.bind(str(path))
        finally:
            os.umask(mask)
        found = [unix]
        if self._spec.host:
            port = self._spec.port + 2 * self._spec.number + (plane == "agent")
            family = socket.AF_INET6 if ":" in self._spec.host else socket.AF_INET
            found.append(socket.create_server((self._spec.host, port), family=family))
        return found

    async def serve(self) -> None:
        """Serve until `stop`."""
        sweeping = asyncio.create_task(self._sweep())
        try:
            await asyncio.gather(*(self._servers[p].serve(self._sockets[p]) for p in self._servers))
        finally:
            sweeping.cancel()
            self.keeper.stop()
            for plane in self._sockets:
                (Path(self._spec.folder) / socket_name(plane, self._spec.number)).unlink(missing_ok=True)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(SWEEP, self.keeper.limits.idle_seconds / 4))
            self.keeper.sweep()

    @property
    def started(self) -> bool:
        """Whether both planes are served."""
        return all(server.started for server in self._servers.values())

    def stop(self) -> None:
        """Let `serve` end."""
        for server in self._servers.values():
            server.should_exit = True


def load_served(name: str) -> App:
    """The installed app of that name; `module:attribute` names one that is not installed (yet).

    Raises:
        UnknownNameError: No such app is installed.
        PluginError: It does not load.
    """
    module, colon, attribute = name.partition(":")
    if not colon:
        return load_app(name)
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise PluginError(f"'{name}' does not load: {error}") from error
    if not isinstance(found, App):
        raise PluginError(f"'{name}' is a {type(found).__name__}, not an App")
    return found


def _config(app: Any, limits: Limits, askers: Askers) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="asyncio",
        http=door(room_for(), limits.head_seconds),
        ws=direct(askers, limits.head_seconds),
        ws_max_size=limits.message_bytes,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=2,
    )


def spare_the_collector() -> None:
    """What was loaded by now stays until the end: it is looked through no more, and what comes less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 10)


async def _main(spec: WorkerSpec) -> None:
    worker = Worker(spec)
    spare_the_collector()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop)
    loop.add_reader(sys.stdin.fileno(), _listen_for_the_end, worker)
    await worker.serve()


def _listen_for_the_end(worker: Worker) -> None:
    """Whoever started it holds the other end: when that is gone, by whatever cause, nobody needs this any more."""
    if not os.read(sys.stdin.fileno(), 4096):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())  # It would be called again and again.
        worker.stop()


def _first_line(handle: int) -> bytes:
    """One line, and not a byte more: what follows is nobody's, and its end is waited for."""
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(handle, 1)):
        line += byte
    return line


def main() -> None:
    """Run a worker: its spec is the first line of standard input, so that the token is on no command line."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in ("uvicorn", "mcp"):
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        asyncio.run(_main(WorkerSpec(**json.loads(_first_line(sys.stdin.fileno())))))
    except (GreenroomError, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
