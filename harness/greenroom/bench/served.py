"""Servers in processes of their own, whose CPU is theirs alone: a worker, and the floor."""

import asyncio
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from websockets.asyncio.server import ServerConnection, serve, unix_serve

from greenroom.errors import SandboxError
from greenroom.wire.address import socket_name
from greenroom.wire.worker import WorkerSpec

FLOOR = "floor.sock"


@dataclass(frozen=True)
class Served:
    """A server that is up.

    Attributes:
        process: Its process.
        token: The token of its control plane.
    """

    process: psutil.Process
    token: str

    @property
    def cpu(self) -> float:
        """Seconds of CPU that it has used; by the kernel's fine clock where there is one."""
        try:
            tasks = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
            return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9
        except (OSError, ValueError, IndexError):
            times = self.process.cpu_times()
            return times.user + times.system

    @property
    def megabytes(self) -> float:
        """Its resident memory."""
        return self.process.memory_info().rss / 1e6


@contextmanager
def worker(folder: Path, apps: Sequence[str], port: int) -> Generator[Served]:
    """A worker that serves apps at a folder and, at loopback, at a port."""
    token = secrets.token_urlsafe(32)
    spec = WorkerSpec(apps=apps, folder=str(folder), token=token, host="127.0.0.1", port=port)
    with _child(["-m", "greenroom.wire.worker"], spec.to_json(), folder / socket_name("agent", 0)) as process:
        yield Served(process, token)


@contextmanager
def floor(folder: Path, port: int) -> Generator[Served]:
    """The least that a server can do: a bare WebSocket that reads JSON and writes it again, on a socket and a port."""
    with _child(["-m", "greenroom.bench.served"], f"{port} {folder / FLOOR}", folder / FLOOR) as process:
        yield Served(process, "")


@contextmanager
def _child(arguments: Sequence[str], line: str, socket: Path) -> Generator[psutil.Process]:
    with subprocess.Popen([sys.executable, *arguments], stdin=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        process.stdin.write(line + "\n")
        process.stdin.flush()
        until = time.monotonic() + 60
        while not socket.exists():
            if process.poll() is not None or time.monotonic() > until:
                raise SandboxError("the server to be measured did not start: see what it says above")
            time.sleep(0.05)
        time.sleep(0.3)
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()


async def _echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(json.dumps(json.loads(message)))


async def _serve_floor(port: str, path: str) -> None:
    async with (
        serve(_echo, "127.0.0.1", int(port), compression=None),
        unix_serve(_echo, path, compression=None) as server,
    ):
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve_floor(*sys.stdin.readline().strip().split(" ", 1)))
