"""Servers in processes of their own, whose CPU is theirs alone: a worker, the floor, and the floor with steps in it."""

import secrets
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from greenroom.bench.floor import FloorSpec
from greenroom.errors import SandboxError
from greenroom.wire.address import socket_name
from greenroom.wire.worker import WorkerSpec

START = 120
"""Seconds within which a server is up: one makes a world first."""
FLOOR, STEPPING = "floor.sock", "stepping.sock"


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
    """The floor, on a socket and a port."""
    with _floor(FloorSpec(port, str(folder / FLOOR))) as served:
        yield served


@contextmanager
def stepping(folder: Path, app: str, world: str) -> Generator[Served]:
    """The floor with an app's steps in it, on a socket."""
    with _floor(FloorSpec(0, str(folder / STEPPING), app, world)) as served:
        yield served


@contextmanager
def _floor(spec: FloorSpec) -> Generator[Served]:
    with _child(["-m", "greenroom.bench.floor"], spec.to_json(), Path(spec.path)) as process:
        yield Served(process, "")


@contextmanager
def _child(arguments: Sequence[str], line: str, socket: Path) -> Generator[psutil.Process]:
    with subprocess.Popen([sys.executable, *arguments], stdin=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        process.stdin.write(line + "\n")
        process.stdin.flush()
        try:
            until = time.monotonic() + START
            while not socket.exists():
                if process.poll() is not None or time.monotonic() > until:
                    raise SandboxError("the server to be measured did not start: see what it says above")
                time.sleep(0.05)
            time.sleep(0.3)
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
