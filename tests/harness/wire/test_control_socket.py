"""Sessions that outlive their connections, from a client's side of the socket."""

import asyncio
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, unix_connect

from greenroom.wire.protocol import PATH, decode, encode
from support.served import TOKEN, Served

HELLO = {"id": 0, "op": "hello", "version": 1, "app": "notes", "session": "of-one-who-does-not-read"}


async def hello(served: Served) -> tuple[ClientConnection, dict[str, Any]]:
    """A connection of the session, and its greeting."""
    token = {"Authorization": f"Bearer {TOKEN}"}
    path, url = str(served.folder / "control.sock"), f"ws://localhost{PATH}"
    socket = await unix_connect(path, url, additional_headers=token, compression=None, max_size=None)
    await socket.send(encode(HELLO))
    return socket, decode(await socket.recv())["ok"]


def test_a_connection_that_does_not_read_keeps_no_other_from_going_on_with_the_session(fresh: Served) -> None:
    """As one does whose network is gone: its end is heard of late, or never."""

    async def work() -> None:
        deaf, _ = await hello(fresh)
        try:
            deaf.transport.pause_reading()
            for number in range(1, 1000):
                await deaf.send(encode({"id": number, "op": "tools"}))
            await asyncio.sleep(0.2)
            another, greeting = await asyncio.wait_for(hello(fresh), 5)
            assert greeting["resumed"]
            await another.send(encode({"id": 1, "op": "tools"}))
            assert decode(await another.recv())["id"] == 1
            await another.close()
        finally:
            deaf.transport.abort()

    asyncio.run(asyncio.wait_for(work(), 30))


@pytest.mark.parametrize("read", [2, 3, -1, "1", None, True, 0.5])
def test_nobody_has_read_an_answer_before_asking_for_it(fresh: Served, read: Any) -> None:
    async def work() -> None:
        socket, _ = await hello(fresh)
        try:
            request = {"id": 2, "op": "ping", "read": 1}
            for odd in ({**request, "read": read}, request, request):
                await socket.send(encode(odd))
            refused, first, again = [decode(await socket.recv()) for _ in range(3)]
            assert "'read' must be a whole number from 0 to 1" in str(refused)
            assert first["ok"] and again == first
        finally:
            await socket.close()

    asyncio.run(asyncio.wait_for(work(), 30))
