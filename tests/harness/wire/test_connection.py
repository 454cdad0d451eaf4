"""What a server that was taken over may cost the harness: sockets without a library, to say what none would say."""

import asyncio
import base64
import contextlib
import hashlib
import json
import struct
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from greenroom import messages as m
from greenroom.errors import SandboxLostError, WireError
from greenroom.wire.client import RemoteSandbox
from greenroom.wire.connection import UNREAD_BYTES
from greenroom.wire.line import FEW, Patience
from greenroom.wire.protocol import ANSWER_BYTES
from support.served import TASK, TOKEN

GREETING: dict[str, Any] = {"server": "s", "workers": [], "limits": {}, "resumed": True}
QUICK = Patience(answer=1, tries=2, connect=3)
TEXT, PING, CONT, END = 1, 9, 0, 0x80

Then = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""What a server does after it has greeted."""


def frame(data: bytes, what: int = END | TEXT) -> bytes:
    size = len(data)
    return (bytes([what, size]) if size < 126 else bytes([what, 127]) + struct.pack(">Q", size)) + data


async def heard(reader: asyncio.StreamReader) -> dict[str, Any]:
    """The next request; pongs are passed over."""
    while True:
        what, size = await reader.readexactly(2)
        size &= 127
        if size > 125:
            kind, width = (">H", 2) if size == 126 else (">Q", 8)
            (size,) = struct.unpack(kind, await reader.readexactly(width))
        mask, data = await reader.readexactly(4), await reader.readexactly(size)
        if what & 15 == TEXT:
            return json.loads(bytes(byte ^ mask[n % 4] for n, byte in enumerate(data)))


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    (key,) = [
        line.split(b":")[1].strip() for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-k")
    ]
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    switch = b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
    writer.write(switch + accept + b"\r\n\r\n")
    await heard(reader)
    writer.write(frame(json.dumps({"id": 0, "ok": GREETING}).encode()))


@contextlib.asynccontextmanager
async def evil(folder: Path, then: Then) -> Any:
    """A client of a server that greets and then does as it likes; how often it was connected to."""
    connections = [0]
    serving: set[Any] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections[0] += 1
        serving.add(asyncio.current_task())
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await greet(reader, writer)
            await then(reader, writer)
        writer.transport.abort()

    server = await asyncio.start_unix_server(serve, str(folder / "control.sock"))
    sandbox = RemoteSandbox(f"unix:{folder}", "notes", token=TOKEN, patience=QUICK)
    try:
        yield sandbox, connections
    finally:
        await sandbox.stop()
        for one in serving:
            one.cancel()
        await asyncio.sleep(0)
        server.close()


def flood(piece: bytes) -> Then:
    async def then(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await heard(reader)
        while True:
            writer.write(piece)
            await writer.drain()

    return then


async def unread(sandbox: RemoteSandbox) -> int:
    """The most that lay unread in our memory until the sandbox was lost."""
    most, asking = 0, asyncio.ensure_future(sandbox.families())
    while not asking.done():
        line = sandbox._first.line
        if line._socket is not None:
            most = max(most, line._socket.transport.get_write_buffer_size())
        await asyncio.sleep(0.002)
    assert isinstance(asking.exception(), SandboxLostError)
    return most


def test_a_server_that_pings_and_never_reads_is_hung_up_on(tmp_path: Path) -> None:
    async def work() -> None:
        async with evil(tmp_path, flood(frame(b"x" * 125, END | PING) * 4000)) as (sandbox, connections):
            assert await asyncio.wait_for(unread(sandbox), 30) < UNREAD_BYTES + (1 << 20)
            assert connections[0] > 1

    asyncio.run(work())


def test_pings_that_are_read_end_nothing(tmp_path: Path) -> None:
    async def then(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await heard(reader)
        for _ in range(100):
            writer.write(frame(b"x" * 125, END | PING) * 1000)
            await reader.readexactly(1000 * (125 + 6))
        writer.write(frame(json.dumps({"id": request["id"], "ok": {}}).encode()))
        request = await heard(reader)
        writer.write(frame(json.dumps({"id": request["id"], "ok": ["find_number"]}).encode()))
        await heard(reader)

    async def work() -> None:
        async with evil(tmp_path, then) as (sandbox, connections):
            sandbox._first.line._patience = Patience(answer=20, tries=1, connect=3)
            assert await sandbox.families() == ["find_number"] and connections[0] == 1

    asyncio.run(work())


def test_a_server_that_does_not_read_what_it_is_asked_is_lost(tmp_path: Path) -> None:
    async def then(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async def work() -> None:
        async with evil(tmp_path, then) as (sandbox, _):
            with pytest.raises(SandboxLostError, match="gave no answer to 'verify'"):
                await sandbox._first.line.ask("verify", episode="e0", messages=[m.user("x" * (4 << 20))])

    asyncio.run(asyncio.wait_for(work(), 20))


@pytest.mark.parametrize(
    "text", ['{"id": 1, "ok": 0}', '{"id": null, "error": {"code": "UsageError", "message": "y"}}']
)
def test_answers_that_nobody_awaits_end_the_connection(tmp_path: Path, text: str) -> None:
    async def work() -> None:
        async with evil(tmp_path, flood(frame(text.encode()) * 4000)) as (sandbox, _):
            line = sandbox._first.line
            first = asyncio.ensure_future(line.ask("ping"))
            with pytest.raises(WireError, match="answers that nobody awaits"):
                await asyncio.gather(first, line.ask("families"))
            assert line._runner is not None and line._runner.done() and line._needless == FEW + 1

    asyncio.run(asyncio.wait_for(work(), 20))


def test_late_answers_to_many_who_have_given_up_end_nothing(tmp_path: Path) -> None:
    async def then(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        numbers = [(await heard(reader))["id"] for _ in range(10 * FEW)]
        last = (await heard(reader))["id"]
        writer.write(b"".join(frame(json.dumps({"id": n, "ok": {}}).encode()) for n in [*numbers, last]))
        await heard(reader)

    async def work() -> None:
        async with evil(tmp_path, then) as (sandbox, connections):
            line = sandbox._first.line
            asking = [asyncio.ensure_future(line.ask("content", episode="e0")) for _ in range(10 * FEW)]
            await asyncio.sleep(0.2)
            for one in asking:
                one.cancel()
            assert await line.ask("ping") == {} and connections[0] == 1 and not line._given_up

    asyncio.run(asyncio.wait_for(work(), 20))


@pytest.mark.parametrize("piece", [b"[],", b'{"a":{}},', b"x"])
def test_an_answer_that_is_too_large_loses_the_sandbox_at_once(tmp_path: Path, piece: bytes) -> None:
    async def work() -> None:
        size = ANSWER_BYTES + 1 if piece == b"x" else ANSWER_BYTES - 100
        bomb = b'{"id": 1, "ok": [' + piece * (size // len(piece)) + b"0]}"
        async with evil(tmp_path, flood(frame(bomb))) as (sandbox, connections):
            begun = time.monotonic()
            with pytest.raises(WireError, match="too large"):
                await sandbox.families()
            assert connections[0] == 1 and time.monotonic() - begun < 5

    asyncio.run(work())


def test_a_message_of_frames_without_end_ends_the_connection(tmp_path: Path) -> None:
    async def then(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(b"", TEXT))
        await flood(frame(b"", CONT) * 4000)(reader, writer)

    async def work() -> None:
        async with evil(tmp_path, then) as (sandbox, connections):
            with pytest.raises(SandboxLostError):
                await sandbox.prepare(TASK)
            assert connections[0] > 2  # It is hung up on long before an answer is given up.

    asyncio.run(asyncio.wait_for(work(), 20))
