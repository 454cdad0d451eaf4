"""Sessions that outlive their connections, from a client's side of the socket."""

import asyncio
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, unix_connect

from greenroom.wire.control_socket import TAKEN_OVER
from greenroom.wire.protocol import PATH, decode, encode
from support.served import TOKEN, Served

HELLO = {"id": 0, "op": "hello", "version": 1, "app": "notes", "session": "of-one-who-does-not-read"}


async def connected(served: Served) -> ClientConnection:
    token = {"Authorization": f"Bearer {TOKEN}"}
    path, url = str(served.folder / "control.sock"), f"ws://localhost{PATH}"
    return await unix_connect(path, url, additional_headers=token, compression=None, max_size=None)


async def hello(served: Served) -> tuple[ClientConnection, dict[str, Any]]:
    """A connection of the session, and its greeting."""
    socket = await connected(served)
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


def test_of_several_that_go_on_with_a_session_at_once_one_stays_and_the_others_are_told(fresh: Served) -> None:
    async def work() -> None:
        deaf, _ = await hello(fresh)
        sockets = [await connected(fresh) for _ in range(4)]
        try:
            deaf.transport.pause_reading()
            for number in range(1, 1000):
                await deaf.send(encode({"id": number, "op": "tools"}))
            await asyncio.sleep(0.2)
            await asyncio.gather(*(socket.send(encode(HELLO)) for socket in sockets))
            await asyncio.sleep(0.5)
            assert sorted(socket.close_code or 0 for socket in sockets) == [0, *[TAKEN_OVER] * 3]
            assert [session.connected for session in fresh.keeper._sessions.values()] == [1]
        finally:
            for socket in (deaf, *sockets):
                socket.transport.abort()

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
