"""The short way of a message, held against the library's own: what is read is cut wherever it may be cut."""

import asyncio
import random
from itertools import pairwise
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode

from greenroom.wire.askers import Askers
from greenroom.wire.direct import DIRECT, DirectProtocol, direct

MOST = 70_000
SHAKE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
NASTY_KEY = b"\x81\x80\x81\x85"
"""A key that masks, and reads as the beginning of a text."""


class Paper(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self.closing, self.reading = b"", False, True

    def write(self, data: Any) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.closing = True

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


class Long(DirectProtocol):
    """The same without the short way: the library reads all."""

    @property
    def short_way(self) -> bool:
        return False


class Talk:
    """One connection to an application that says again what it hears."""

    def __init__(self, kind: type[DirectProtocol]) -> None:
        config = uvicorn.Config(
            self._app, ws_max_size=MOST, ws_per_message_deflate=False, log_config=None, interface="asgi3"
        )
        config.load()
        self.protocol = kind(config, ServerState(), {}, asyncio.get_running_loop())
        self.paper, self.heard = Paper(), list[str]()
        self._before = 0

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        protocol = scope[DIRECT]

        def hear(text: str) -> None:
            self.heard.append(text)
            protocol.say(text.encode())

        protocol.heard = hear
        while (event := await receive())["type"] != "websocket.disconnect":
            self.heard.append(f"queued: {event}")
        self.heard.append(f"ended: {event}")

    async def begin(self) -> None:
        self.protocol.connection_made(self.paper)
        self.protocol.data_received(SHAKE)
        for _ in range(10):
            await asyncio.sleep(0)
        assert self.protocol.heard is not None
        self._before = len(self.paper.written)

    async def read(self, *pieces: bytes) -> None:
        for piece in pieces:
            if self.paper.closing:  # As a transport does: it reads no more.
                break
            self.protocol.data_received(piece)
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    @property
    def said(self) -> bytes:
        return self.paper.written[self._before :]


def kinds() -> tuple[type[DirectProtocol], type[DirectProtocol]]:
    told = {"askers": Askers(1 << 24), "unread_seconds": 30.0}
    return direct(Askers(1 << 24), 30.0), type("OfLibrary", (Long,), told)


def client(said: bytes, opcode: Opcode = Opcode.TEXT, key: bytes = b"", **bits: bool) -> bytes:
    """A frame of a client; with a key of one's own."""
    frame = Frame(opcode, said, **bits).serialize(mask=True)
    if not key:
        return frame
    at = len(frame) - len(said) - 4
    return frame[:at] + key + bytes(byte ^ key[n % 4] for n, byte in enumerate(said))


def parts(said: bytes, cut: int) -> bytes:
    """A text in two frames, with a ping between them."""
    return client(said[:cut], fin=False) + client(b"?", Opcode.PING) + client(said[cut:], Opcode.CONT)


ENDINGS = {
    "none": b"",
    "no UTF-8": client(b"\xff\xfe"),
    "too long": client(b"x" * (MOST + 1)),
    "not masked": Frame(Opcode.TEXT, b"hello").serialize(mask=False),
    "reserved": bytes([0xC1]) + client(b"hello")[1:],
    "no beginning": client(b"more", Opcode.CONT),
    "close": client(b"\x03\xe8", Opcode.CLOSE),
}


def stream(rng: random.Random) -> bytes:
    """Some messages of all kinds, one after the other."""
    makers = [
        lambda: client(b"a text %d" % rng.randrange(99)),
        lambda: client(b"", key=NASTY_KEY),
        lambda: client(b"as a text", key=NASTY_KEY),
        lambda: client(b"m" * rng.choice([125, 126, 300]), key=NASTY_KEY),
        lambda: client(b"l" * rng.choice([65_535, 65_536])),
        lambda: client(b"bytes", Opcode.BINARY),
        lambda: client(b"still there?", Opcode.PING),
        lambda: client(b"yes", Opcode.PONG),
        lambda: parts("Grüße".encode() * 30, rng.randrange(90)),
        lambda: parts(b"", 0),
    ]
    return b"".join(rng.choice(makers)() for _ in range(rng.randrange(1, 7)))


async def both(pieces: list[bytes]) -> tuple[Talk, Talk]:
    short, long = (Talk(kind) for kind in kinds())
    for talk in (short, long):
        await talk.begin()
        await talk.read(*pieces)
    return short, long


def cuts(data: bytes, rng: random.Random) -> list[bytes]:
    """The same in pieces: now and then of one byte each."""
    if len(data) < 400 and rng.random() < 0.3:
        return [data[n : n + 1] for n in range(len(data))]
    at = sorted({0, len(data), *(rng.randrange(len(data) + 1) for _ in range(rng.randrange(6)))})
    return [data[a:b] for a, b in pairwise(at)]


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_heard_and_said_is_the_librarys_however_it_is_cut(ending: str) -> None:
    async def work() -> None:
        for seed in range(60):
            rng = random.Random(seed)
            # What is wrong is read apart: the library drops the whole messages that it has read with it.
            pieces = cuts(stream(rng), rng) + cuts(ENDINGS[ending] + client(b"after"), rng)
            short, long = await both(pieces)
            assert short.heard == long.heard, (ending, seed)
            assert short.said == long.said, (ending, seed)
            assert short.paper.closing == long.paper.closing == (ending != "none"), (ending, seed)
            assert any(text == "after" for text in short.heard) == (ending == "none"), (ending, seed)

    asyncio.run(work())


def test_a_frame_of_which_the_parser_has_taken_the_head_is_not_between() -> None:
    """Nothing is buffered then, and what follows reads as a frame."""

    async def work() -> None:
        frame = client(b"\x81\x80" * 3 + b"hello", Opcode.BINARY, key=NASTY_KEY)
        for cut in range(1, len(frame)):
            short, long = await both([frame[:cut], frame[cut:] + client(b"next")])
            assert short.heard == long.heard
            assert "next" in short.heard

    asyncio.run(work())


def test_whole_texts_take_the_short_way_again_after_anything_else() -> None:
    """Should `websockets` name its parts otherwise one day, this says so: all would go the long way."""

    async def work() -> None:
        talk = Talk(direct(Askers(1 << 24), 30.0))
        await talk.begin()
        assert talk.protocol.short_way
        for data in (client(b"text"), client(b"?", Opcode.PING), parts(b"text", 2), client(b"l" * 66_000)):
            for piece in (data[:1], data[1:]):
                await talk.read(piece)
            assert talk.protocol.short_way
        await talk.read(client(b"a beginning", fin=False))
        assert not talk.protocol.short_way

    asyncio.run(work())


def test_nothing_is_said_after_the_client_has_said_goodbye() -> None:
    async def work() -> None:
        talk = Talk(direct(Askers(1 << 24), 30.0))
        await talk.begin()
        await talk.read(client(b"\x03\xe8", Opcode.CLOSE))
        said = talk.said
        assert not talk.protocol.say(b"too late")
        assert talk.said == said

    asyncio.run(work())


@pytest.mark.parametrize("opcode", [Opcode.TEXT, Opcode.BINARY, Opcode.PING])
def test_nothing_is_read_from_a_client_that_does_not_read_whatever_it_says(opcode: Opcode) -> None:
    async def work() -> None:
        talk = Talk(direct(Askers(1 << 24), 30.0))
        await talk.begin()
        talk.protocol.pause_writing()
        await talk.read(client(b"more", opcode))
        assert not talk.paper.reading
        talk.protocol.resume_writing()
        await talk.read(client(b"more", opcode))
        assert talk.paper.reading

    asyncio.run(work())
