"""A server of the test apps, in a thread of this process: quick to start, and open to be looked into."""

import asyncio
import contextlib
import json
import random
import socket
import threading
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenroom import messages as m
from greenroom.sandbox import Brief, Opened, StepRequest
from greenroom.wire.client import RemoteSandbox
from greenroom.wire.line import Patience
from greenroom.wire.protocol import WorldSpec
from greenroom.wire.worker import Worker, WorkerSpec

TOKEN = "a-good-token-0123456789abcdef"
APP = "support.notes:app"
TASK = "notes/train/find_number/3"
SHORT = Patience(answer=20, tries=2, connect=5)
ADD = m.call("notes_add", title="one more")
SEARCH = m.call("notes_search", word="one more")


@dataclass
class Served:
    """A server that is up."""

    folder: Path
    worker: Worker

    @property
    def keeper(self) -> Any:
        return self.worker.keeper

    def sandbox(self, world: WorldSpec | None = None, patience: Patience = SHORT, app: str = "notes") -> RemoteSandbox:
        return RemoteSandbox(f"unix:{self.folder}", app, world, token=TOKEN, patience=patience)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = TOKEN,
        plane: str = "control",
        headers: dict[str, str] | None = None,
        port: int | None = None,
    ) -> tuple[int, Any, str]:
        """One request by hand; returns the status, the JSON of the body, and the head."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        told = {"host": "localhost", "content-type": "application/json", "content-length": str(len(raw))}
        told |= {"authorization": f"Bearer {token}"} if token else {}
        told |= {"connection": "close"} | (headers or {})
        with socket.socket(socket.AF_INET if port else socket.AF_UNIX) as line:
            line.settimeout(60)
            line.connect(("127.0.0.1", port) if port else str(self.folder / f"{plane}.sock"))
            head = "\r\n".join([f"{method} {path} HTTP/1.1", *(f"{n}: {v}" for n, v in told.items()), "", ""])
            line.sendall(head.encode("latin-1") + raw)
            answer = b""
            while piece := line.recv(65536):
                answer += piece
        head, _, content = answer.partition(b"\r\n\r\n")
        data = json.loads(content) if content.startswith((b"{", b"[")) else content
        return int(head.split()[1]), data, head.decode().lower()


@contextlib.contextmanager
def serving(folder: Path, *, port: int = 0, **limits: Any) -> Generator[Served]:
    folder.mkdir(mode=0o700, exist_ok=True)
    spec = WorkerSpec(
        apps=[APP],
        folder=str(folder),
        token=TOKEN,
        host="127.0.0.1" if port else "",
        port=port,
        cache_dir=str(folder / "bases"),
        limits=limits,
    )
    worker = Worker(spec)
    thread = threading.Thread(target=lambda: asyncio.run(worker.serve()))
    thread.start()
    try:
        while not worker.started:
            time.sleep(0.01)
        yield Served(folder, worker)
    finally:
        worker.stop()
        thread.join()


def step(episode: str, *calls: Any) -> StepRequest:
    return StepRequest(episode=episode, calls=calls)


async def begin(sandbox: RemoteSandbox, n: int = 1, task: str = TASK) -> tuple[Brief, list[Opened]]:
    brief = await sandbox.prepare(task)
    return brief, await sandbox.open(brief.snapshot, brief.task, n)


def free_port() -> int:
    """A port that is free now, the next two too; not one that the system may give to any connection meanwhile."""
    while True:
        port = random.SystemRandom().randrange(12_000, 32_000)
        with contextlib.ExitStack() as taken, contextlib.suppress(OSError):
            for number in range(3):
                taken.enter_context(socket.socket()).bind(("127.0.0.1", port + number))
            return port


STRANGERS = [
    b"HTTP/1.0 404 File not found\r\nContent-Type: text/html\r\n\r\n<html></html>",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
    b"SSH-2.0-OpenSSH_9.2\r\n",
]
"""What others answer who listen where a server of ours was expected."""


@contextlib.contextmanager
def stranger(says: bytes) -> Generator[tuple[int, list[bytes]]]:
    """Somebody who says the same to everybody; the port, and what was said there."""
    heard: list[bytes] = []
    over = False
    with socket.create_server(("127.0.0.1", 0)) as door:

        def answer() -> None:
            while True:
                line, _ = door.accept()
                if over:
                    line.close()
                    return
                with line:
                    heard.append(line.recv(65536))
                    line.sendall(says)

        thread = threading.Thread(target=answer)
        thread.start()
        port = int(door.getsockname()[1])
        try:
            yield port, heard
        finally:
            over = True
            socket.create_connection(("127.0.0.1", port)).close()
            thread.join()
