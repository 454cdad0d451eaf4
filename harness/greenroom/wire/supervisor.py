"""The supervisor: starts the workers of a server, waits until they serve, and restarts those that die."""

import asyncio
import contextlib
import fcntl
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path

from greenroom.errors import SandboxError
from greenroom.wire.address import socket_name
from greenroom.wire.tokens import VARIABLE
from greenroom.wire.worker import WorkerSpec

log = logging.getLogger("greenroom.wire")
LONGEST_PAUSE = 5.0
SOUND = 10.0
"""A worker that lived for so many seconds is restarted at once."""
GRACE = 10.0


class Supervisor:
    """Runs the workers of one server.

    Args:
        spec: What worker 0 is started with; the others differ by their number.
    """

    def __init__(self, spec: WorkerSpec) -> None:
        self._specs = [replace(spec, number=number) for number in range(spec.workers)]
        self._processes: dict[int, Process] = {}
        self._stopping = asyncio.Event()

    @property
    def pids(self) -> dict[int, int]:
        """The processes, by the workers' numbers."""
        return {number: process.pid for number, process in self._processes.items()}

    async def run(self) -> None:
        """Keep the workers running until `stop`.

        Raises:
            SandboxError: A worker cannot even start, or another server has the folder.
        """
        with _alone(Path(self._specs[0].folder)):
            try:
                await asyncio.gather(*(self._keep(spec) for spec in self._specs))
            finally:
                await asyncio.gather(*(_end(process) for process in self._processes.values()))

    def stop(self) -> None:
        """Let the workers end, and `run` with them."""
        self._stopping.set()

    async def ready(self, seconds: float = 60.0) -> None:
        """Wait until all workers serve.

        Raises:
            SandboxError: They did not in that time.
        """
        folder = Path(self._specs[0].folder)
        try:
            async with asyncio.timeout(seconds):
                for spec in self._specs:
                    while not await _answers(folder / socket_name("agent", spec.number)):
                        await asyncio.sleep(0.05)
        except TimeoutError:
            raise SandboxError(f"the workers did not serve within {seconds:g} s: see their log") from None

    async def _keep(self, spec: WorkerSpec) -> None:
        pause, sound = 0.0, False
        path = Path(spec.folder) / socket_name("agent", spec.number)
        while not self._stopping.is_set():
            begun = asyncio.get_running_loop().time()
            process = await self._start(spec)
            ended, stopping = asyncio.create_task(process.wait()), asyncio.create_task(self._stopping.wait())
            if not sound:
                sound = await _served(path, ended)
            await asyncio.wait([ended, stopping], return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if self._stopping.is_set():
                await _end(process)
                return
            if not sound:
                raise SandboxError(f"worker {spec.number} did not start: see what it says above")
            lived = asyncio.get_running_loop().time() - begun
            pause = 0.0 if lived > SOUND else min(LONGEST_PAUSE, 2 * pause + 0.1)
            log.error("worker %d (pid %d) ended with %s: restarted", spec.number, process.pid, process.returncode)
            await asyncio.sleep(pause)

    async def _start(self, spec: WorkerSpec) -> Process:
        command: Sequence[str] = (sys.executable, "-m", "greenroom.wire.worker")
        environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, env=environment)
        self._processes[spec.number] = process
        assert process.stdin is not None
        process.stdin.write(spec.to_json().encode() + b"\n")
        # Not closed: a worker ends when the other end of its standard input is gone.
        await process.stdin.drain()
        return process


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), GRACE)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _served(path: Path, ended: "asyncio.Task[int]") -> bool:
    """Wait until a worker serves; whether it does, or else has ended."""
    while not ended.done():
        if await _answers(path):
            return True
        await asyncio.sleep(0.05)
    return False


@contextlib.contextmanager
def _alone(folder: Path) -> Generator[None]:
    """Have a folder of sockets to oneself.

    Raises:
        SandboxError: Another server has it.
    """
    with (folder / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SandboxError(f"another server is serving at {folder}: stop it, or take another folder") from None
        yield


async def _answers(path: Path) -> bool:
    try:
        _, writer = await asyncio.open_unix_connection(str(path))
    except OSError:
        return False
    writer.close()
    return True
