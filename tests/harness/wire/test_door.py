import asyncio
import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from greenroom.wire.door import door

HEAD = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


LARGE = 8 << 20


async def hello(scope: Any, receive: Any, send: Any) -> None:
    body = b"x" * LARGE if scope["path"] == "/large" else b"hello"
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


class _Server(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """Leave signals to pytest."""


@pytest.fixture
def two_at_once(tmp_path: Path) -> Iterator[Path]:
    """A server whose door takes two connections."""
    yield from behind(door(2, 30), tmp_path)


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[Path]:
    """A server whose door waits a third of a second."""
    yield from behind(door(8, 0.33), tmp_path)


def behind(protocol: type[H11Protocol], tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "door.sock"
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    config = uvicorn.Config(hello, http=protocol, lifespan="off", log_config=None, timeout_graceful_shutdown=1)
    server = _Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield path
    server.should_exit = True
    thread.join()


def knock(path: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(20)
    line.connect(str(path))
    return line


def answered(line: socket.socket) -> bool:
    """Whether a request gets its answer; a connection that was closed gets none."""
    try:
        line.sendall(HEAD)
        told = b""
        while not told.endswith(b"hello") and (piece := line.recv(4096)):
            told += piece
    except ConnectionError:
        return False
    return told.endswith(b"hello")


def test_a_newcomer_beyond_the_cap_is_closed_and_those_inside_go_on(
    two_at_once: Path, caplog: pytest.LogCaptureFixture
) -> None:
    inside = [knock(two_at_once) for _ in range(2)]
    assert all(answered(line) for line in inside)
    for _ in range(3):
        beyond = knock(two_at_once)
        assert not answered(beyond)
        beyond.close()
    assert "2 are open, the most that is allowed" in caplog.text
    assert all(answered(line) for line in inside)
    inside.pop().close()
    until = time.monotonic() + 10
    while not (let_in := answered(newcomer := knock(two_at_once))) and time.monotonic() < until:
        newcomer.close()
    assert let_in
    for line in (*inside, newcomer):
        line.close()


@pytest.mark.parametrize(("files", "room"), [(256, 64), (1128, 500), (100, 8)])
def test_both_planes_together_leave_files_to_the_worker(files: int, room: int) -> None:
    """In a process of its own: a limit that was lowered cannot be raised again."""
    code = (
        f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({files // 2}, {files}));"
        "from greenroom.wire.door import room_for;"
        "print(room_for(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.split() == [str(room), str(files)]


def test_the_body_of_a_request_that_came_with_another_must_end_in_time_too(hasty: Path) -> None:
    with knock(hasty) as line:
        line.sendall(HEAD + b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n")
        told = b""
        with contextlib.suppress(ConnectionError):
            while piece := line.recv(4096):
                told += piece
    assert told.count(b"hello") == 1


def test_a_connection_may_wait_for_its_next_request_and_head_and_body_have_their_time_each(hasty: Path) -> None:
    with knock(hasty) as line:
        assert answered(line)
        time.sleep(0.6)
        for part in (b"POST / HTTP/1.1\r\nhost: x\r\n", b"content-length: 1\r\n\r\n", b"x"):
            line.sendall(part)
            time.sleep(0.2)
        assert b"hello" in line.recv(4096)
        assert answered(line)


def test_who_reads_nothing_of_an_answer_is_hung_up_at_and_who_reads_slowly_has_it_all(
    hasty: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with knock(hasty) as idle, knock(hasty) as slow:
        for line in (idle, slow):
            line.sendall(HEAD.replace(b"/", b"/large", 1))
        got = 0
        until = time.monotonic() + 2  # Six times as long as nothing may be read.
        while got <= LARGE and (piece := slow.recv(1 << 20)):
            got += len(piece)
            if time.monotonic() < until:
                time.sleep(0.1)
        assert got > LARGE
        rest = b""
        with contextlib.suppress(ConnectionError):
            while piece := idle.recv(1 << 20):
                rest += piece
        assert len(rest) < LARGE
        assert "nothing of its answer was read within 0.33 s" in caplog.text
    with knock(hasty) as line:
        assert answered(line)
