import asyncio
import logging
import secrets
import socket
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from support.served import TASK, TOKEN, Served, free_port, serving


@pytest.fixture
def tcp(tmp_path: Path) -> Generator[tuple[Served, int]]:
    port = free_port()
    with serving(tmp_path / "s", port=port) as server:
        yield server, port


def opened(served: Served, n: int = 2) -> list[dict[str, Any]]:
    status, group, _ = served.ask("POST", "/v1/reset", {"task": TASK, "n": n})
    assert status == 200
    return group["opened"]


@pytest.mark.parametrize("path", ["/v1/server", "/openapi.json", "/v1/episodes/x/content", "/nothing"])
@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": "Bearer"}, {"authorization": f"Basic {TOKEN}"}, {"authorization": f"Bearer {TOKEN[:-1]}"}],
)
def test_without_its_token_the_control_plane_tells_nothing(
    served: Served, path: str, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "greenroom.wire"):
        status, told, head = served.ask("GET", path, token=None, headers=headers)
    assert status == 401 and told["error"]["code"] == "UsageError" and "www-authenticate: bearer" in head
    assert "control plane: refused" in caplog.text and TOKEN not in caplog.text


def test_health_needs_no_token_and_tells_nothing_else(served: Served) -> None:
    for plane in ("control", "agent"):
        assert served.ask("GET", "/v1/health", token=None, plane=plane)[:2] == (200, {"status": "ok"})


def test_a_token_of_one_plane_is_none_on_the_other(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    (one, _) = opened(served)
    assert served.ask("GET", "/v1/episode/tools", token=one["token"], plane="agent")[0] == 200
    with caplog.at_level(logging.WARNING, "greenroom.wire"):
        assert served.ask("GET", "/v1/episode/tools", token=TOKEN, plane="agent")[0] == 401
        assert served.ask("GET", "/v1/server", token=one["token"])[0] == 401
        assert served.ask("POST", "/v1/mcp", {}, token=TOKEN, plane="agent")[0] == 401
    assert caplog.text.count("refused") == 3 and one["token"] not in caplog.text


def test_a_token_reaches_its_own_episode_and_no_other(served: Served) -> None:
    one, two = opened(served)
    served.ask("POST", "/v1/episode/tools/notes_add", {"title": "mine"}, token=one["token"], plane="agent")
    search = ("POST", "/v1/episode/tools/notes_search", {"word": "mine"})
    assert "mine" in served.ask(*search, token=one["token"], plane="agent")[1]["content"]
    assert "mine" not in served.ask(*search, token=two["token"], plane="agent")[1]["content"]
    mixed = two["token"].rpartition(".")[0] + "." + one["token"].rpartition(".")[2]
    for token in (mixed, one["episode"], one["episode"] + ".", one["token"] + "x", "a.b.c.d"):
        assert served.ask(*search, token=token, plane="agent")[0] == 401
    served.ask("DELETE", f"/v1/episodes/{one['episode']}")
    assert served.ask(*search, token=one["token"], plane="agent")[0] == 401


def test_the_agent_plane_has_no_way_to_the_control_plane(served: Served) -> None:
    (one, _) = opened(served)
    for path in ("/v1/server", "/v1/reset", "/v1/step", "/v1/ws", f"/v1/episodes/{one['episode']}/verify"):
        for method in ("GET", "POST"):
            assert served.ask(method, path, {}, token=one["token"], plane="agent")[0] in (404, 405)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[::2]"])
def test_another_host_over_tcp_is_refused(tcp: tuple[Served, int], host: str) -> None:
    served, port = tcp
    for number in (port, port + 1):
        assert served.ask("GET", "/v1/health", port=number, headers={"host": host})[0] == 421
        assert served.ask("GET", "/v1/server", port=number, headers={"host": host})[0] == 421


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_loopback_names_are_its_own(tcp: tuple[Served, int], host: str) -> None:
    served, port = tcp
    assert served.ask("GET", "/v1/server", port=port, headers={"host": f"{host}:{port}"})[0] == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "https://localhost", "null", "http://localhost:1", "file://"]
)
def test_pages_of_another_origin_are_refused(served: Served, origin: str) -> None:
    for plane in ("control", "agent"):
        assert served.ask("GET", "/v1/server", plane=plane, headers={"origin": origin})[0] == 403


def test_a_websocket_is_guarded_like_everything_else(tcp: tuple[Served, int]) -> None:
    served, port = tcp

    async def refused(status: int, **headers: str) -> None:
        with pytest.raises(InvalidStatus) as raised:
            await connect(f"ws://127.0.0.1:{port}/v1/ws", additional_headers=headers, proxy=None)
        assert raised.value.response.status_code == status

    async def work() -> None:
        await refused(401)
        await refused(401, Authorization="Bearer wrong")
        await refused(403, Authorization=f"Bearer {TOKEN}", Origin="http://evil.example")
        (one, _) = await asyncio.to_thread(opened, served)
        await refused(401, Authorization=f"Bearer {one['token']}")
        with pytest.raises(InvalidStatus) as raised:
            told = {"Authorization": f"Bearer {one['token']}"}
            await connect(f"ws://127.0.0.1:{port + 1}/v1/ws", additional_headers=told, proxy=None)
        assert raised.value.response.status_code == 403

    asyncio.run(work())


@pytest.mark.parametrize(
    ("hello", "why"),
    [
        ("nonsense", "no JSON"),
        ("[]", "JSON object"),
        ('{"op": "step"}', "first message is a hello"),
        ('{"op": "hello", "version": 99, "session": "0123456789abcdef"}', "speaks version 1"),
        ('{"op": "hello", "version": 1, "session": "short"}', "16 characters"),
        ('{"op": "hello", "version": 1, "session": 7}', "must be a text"),
        ('{"op": "hello", "version": 1, "session": "0123456789abcdef", "app": "maul"}', "no environment 'maul'"),
        ('{"op": "hello", "version": 1, "session": "0123456789abcdef", "world": {"size": "huge"}}', "no size 'huge'"),
        ('{"op": "hello", "version": 1, "session": "0123456789abcdef", "world": {"x": 1}}', "a world has no 'x'"),
        ('{"op": "hello", "version": 1, "session": "0123456789abcdef", "world": {"seed": true}}', "of type int"),
        ("[" * 5000, "no JSON"),
    ],
)
def test_a_bad_hello_is_answered_and_ends_the_connection(served: Served, hello: str, why: str) -> None:
    async def work() -> None:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        path = str(served.folder / "control.sock")
        async with unix_connect(path, "ws://localhost/v1/ws", additional_headers=headers) as line:
            await line.send(hello)
            assert why in str(await line.recv())
            with pytest.raises(ConnectionClosed):
                await line.recv()

    asyncio.run(work())


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ("nonsense", "no JSON"),
        ('{"op": "ping"}', "'id' must be a whole number"),
        ('{"id": -1, "op": "ping"}', "'id' must be"),
        ('{"id": 1.5, "op": "ping"}', "'id' must be"),
        ('{"id": 1, "op": "destroy"}', "no operation 'destroy'"),
        ('{"id": 1, "op": ["ping"]}', "no operation"),
        ('{"id": 1, "op": "step"}', "'steps' must be a list"),
        ('{"id": 1, "op": "step", "steps": [7]}', "a step is"),
        ('{"id": 1, "op": "step", "steps": [{"episode": "x", "calls": []}]}', "SandboxLostError"),
        ('{"id": 1, "op": "step", "steps": [{"episode": "\\u0000", "calls": 1}]}', "SandboxLostError"),
        ('{"id": 1, "op": "verify", "episode": "x", "messages": [1]}', "SandboxLostError"),
        ('{"id": 1, "op": "open", "snapshot": "x", "task": "y", "n": 100000}', "from 1 to 1024"),
        ('{"id": 1, "op": "open", "snapshot": "x", "task": "y"}', "no task id"),
        ('{"id": 1, "op": "prepare", "task": "' + "x" * 600 + '"}', "512 is the most"),
        ('{"id": 1, "op": "prepare", "task": "notes/train/find_number/' + "9" * 40 + '"}', "ok"),
        (
            '{"id": 1, "op": "upload", "snapshot": "../../x", "content": "", "size": 5, "offset": 0, "data": "!"}',
            "base64",
        ),
        ('{"id": 1, "op": "download", "snapshot": "../../etc/passwd"}', "SandboxLostError"),
    ],
)
def test_a_bad_request_is_answered_and_the_connection_goes_on(served: Served, request_: str, why: str) -> None:
    async def work() -> None:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        path = str(served.folder / "control.sock")
        async with unix_connect(path, "ws://localhost/v1/ws", additional_headers=headers) as line:
            await line.send('{"id": 0, "op": "hello", "version": 1, "session": "' + secrets.token_hex() + '"}')
            assert '"ok"' in str(await line.recv())
            await line.send(request_)
            assert why in str(await line.recv())
            await line.send('{"id": 2, "op": "ping"}')
            assert '"ok"' in str(await line.recv())
            await line.send(b"\x00\xff")
            assert "messages are texts" in str(await line.recv())

    asyncio.run(work())


def test_a_message_that_is_too_large_ends_the_connection_and_harms_nobody(tmp_path: Path) -> None:
    async def work(served: Served) -> None:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        path = str(served.folder / "control.sock")
        async with unix_connect(path, "ws://localhost/v1/ws", additional_headers=headers) as line:
            await line.send('{"id": 0, "op": "hello", "version": 1, "session": "0123456789abcdef"}')
            await line.recv()
            with pytest.raises(ConnectionClosed):
                await line.send("x" * 100_000)
                await line.recv()
        assert line.close_code == 1009

    with serving(tmp_path / "s", message_bytes=50_000) as served:
        asyncio.run(work(served))
        assert served.ask("POST", "/v1/prepare", {"task": "x" * 60_000})[0] == 413
        assert served.ask("GET", "/v1/server")[0] == 200


def test_a_body_whose_length_nobody_told_is_counted(tmp_path: Path) -> None:
    with serving(tmp_path / "s", message_bytes=50_000) as served, socket.socket(socket.AF_UNIX) as line:
        line.connect(str(served.folder / "control.sock"))
        head = ["POST /v1/prepare HTTP/1.1", "host: x", f"authorization: Bearer {TOKEN}", "transfer-encoding: chunked"]
        line.sendall("\r\n".join([*head, "", ""]).encode())
        for _ in range(20):
            line.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        assert b"413" in line.recv(4096).split(b"\r\n")[0]


def test_nobody_takes_over_a_session_without_its_token(served: Served) -> None:
    async def hello(session: str) -> tuple[Any, Any]:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        line = await unix_connect(
            str(served.folder / "control.sock"), "ws://localhost/v1/ws", additional_headers=headers
        )
        await line.send('{"id": 0, "op": "hello", "version": 1, "session": "' + session + '"}')
        return line, str(await line.recv())

    async def work() -> None:
        first, told = await hello("a-session-of-16-characters")
        assert '"resumed":false' in told
        other, told = await hello("b-session-of-16-characters")
        assert '"resumed":false' in told
        again, told = await hello("a-session-of-16-characters")
        assert '"resumed":true' in told
        with pytest.raises(ConnectionClosed):
            await first.recv()
        assert first.close_code == 4409
        for line in (other, again):
            await line.send('{"id": 1, "op": "ping"}')
            assert '"ok"' in str(await line.recv())
            await line.close()

    asyncio.run(work())


def test_a_session_that_ended_is_over_and_its_connection_too(served: Served) -> None:
    async def work() -> None:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        path = str(served.folder / "control.sock")
        async with unix_connect(path, "ws://localhost/v1/ws", additional_headers=headers) as line:
            await line.send('{"id": 0, "op": "hello", "version": 1, "session": "' + secrets.token_hex() + '"}')
            await line.recv()
            await line.send('{"id": 1, "op": "bye"}')
            await line.send('{"id": 2, "op": "prepare", "task": "' + TASK + '"}')
            assert '"ok"' in str(await line.recv())
            with pytest.raises(ConnectionClosed):
                while True:
                    assert '"ok"' not in str(await line.recv())

    before = served.keeper.counts()
    asyncio.run(work())
    assert served.keeper.counts() == before


def test_what_rest_left_behind_is_released(tmp_path: Path) -> None:
    with serving(tmp_path / "s", idle_seconds=0.4) as server:
        assert server.ask("POST", "/v1/prepare", {"task": TASK})[0] == 200
        until = time.monotonic() + 20
        while server.keeper.counts()["snapshots"] and time.monotonic() < until:
            time.sleep(0.05)
        assert server.keeper.counts()["snapshots"] == 0


def test_a_connection_that_says_nothing_is_closed(tmp_path: Path) -> None:
    with serving(tmp_path / "s", head_seconds=0.2) as server:
        for said in (b"", b"GET /v1/health HTTP/1.1\r\nhost:"):
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(20)
                line.connect(str(server.folder / "agent.sock"))
                line.sendall(said)
                assert line.recv(100) == b""

        async def no_hello() -> None:
            headers = {"Authorization": f"Bearer {TOKEN}"}
            path = str(server.folder / "control.sock")
            async with unix_connect(path, "ws://localhost/v1/ws", additional_headers=headers) as line:
                with pytest.raises(ConnectionClosed):
                    await line.recv()

        asyncio.run(no_hello())
        assert server.ask("GET", "/v1/health")[0] == 200
