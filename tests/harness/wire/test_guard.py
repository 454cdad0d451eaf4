import asyncio
import contextlib
import json
import logging
import secrets
import socket
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from greenroom import messages as m
from greenroom.errors import SandboxLostError
from greenroom.wire.keeper import ROOMS
from greenroom.wire.line import Patience
from support.served import TASK, TOKEN, Served, free_port, serving

CALL = "/v1/episode/tools/notes_search"


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


@contextmanager
def begun(served: Served, token: str, size: int, plane: str = "agent", path: str = CALL) -> Generator[socket.socket]:
    """A request whose body lacks its last 100 bytes."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(20)
        line.connect(str(served.folder / f"{plane}.sock"))
        head = [f"POST {path} HTTP/1.1", "host: x", f"authorization: Bearer {token}", f"content-length: {size}"]
        line.sendall("\r\n".join([*head, "", ""]).encode() + b" " * (size - 100))
        yield line


def wait_until_under_way(served: Served, plane: str, size: int) -> None:
    until = time.monotonic() + 20
    while served.worker.askers[plane].under_way != size and time.monotonic() < until:
        time.sleep(0.01)
    assert served.worker.askers[plane].under_way == size


@pytest.mark.parametrize("path", [CALL, "/v1/mcp"])
def test_a_body_of_the_agent_plane_is_small_and_one_that_says_it_is_not_is_refused_at_once(
    served: Served, path: str
) -> None:
    token = opened(served)[0]["token"]
    head = [f"POST {path} HTTP/1.1", "host: x", f"authorization: Bearer {token}"]
    for length, body in (("content-length: 1048577", b""), ("transfer-encoding: chunked", b"1000\r\n" + b"x" * 4096)):
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(20)
            line.connect(str(served.folder / "agent.sock"))
            line.sendall("\r\n".join([*head, length, "", ""]).encode())
            for _ in range(257 if body else 0):
                line.sendall(body + b"\r\n")
            assert b" 413 " in line.recv(4096)
    most = json.dumps({"word": "\N{GRINNING FACE}" * 65_000}).encode()
    assert 700_000 < len(most) < 1 << 20
    assert served.ask("POST", CALL, most, token=token, plane="agent")[0] == 200


def test_bodies_under_way_have_a_budget_and_each_episode_its_share(tmp_path: Path) -> None:
    with serving(tmp_path / "s", agent_bytes=100_000, episode_bytes=60_000) as served:
        one, two = (episode["token"] for episode in opened(served))
        large = {"word": "x" * 50_000}

        def ask(token: str, body: Any) -> tuple[int, Any, str]:
            return served.ask("POST", CALL, body, token=token, plane="agent")

        with begun(served, one, 50_000):
            wait_until_under_way(served, "agent", 50_000)
            status, told, head = ask(one, large)
            assert (status, told["error"]["code"]) == (429, "SandboxBusyError") and "retry-after: 1" in head
            assert "60000 is the most" in told["error"]["message"]
            status, told, _ = ask(two, large)
            assert status == 429 and "100000 is the most" in told["error"]["message"]
            assert ask(two, {"word": "x"})[0] == ask(one, {"word": "x"})[0] == 200
            assert served.ask("GET", "/v1/server")[0] == 200
        wait_until_under_way(served, "agent", 0)
        assert ask(one, large)[0] == ask(two, large)[0] == 200
        wait_until_under_way(served, "agent", 0)


def test_messages_and_bodies_of_the_control_plane_have_one_budget(tmp_path: Path) -> None:
    async def work(served: Served) -> None:
        half = b"\x81\xff" + (70_000).to_bytes(8, "big") + b"mask" + b"x" * 60_000
        async with greeted(served) as one:
            async with greeted(served) as other:
                one.transport.write(half)
                await asyncio.to_thread(wait_until_under_way, served, "control", 60_000)
                other.transport.write(half)
                with pytest.raises(ConnectionClosed):
                    await other.recv()
                assert other.close_code == 1013
            body = {"task": "x" * 60_000}
            status, told, _ = await asyncio.to_thread(served.ask, "POST", "/v1/prepare", body)
            assert (status, told["error"]["code"]) == (429, "SandboxBusyError")
            one.transport.write(b"x" * 10_000)
            assert "no JSON" in str(await one.recv())
            await asyncio.to_thread(wait_until_under_way, served, "control", 0)

    with serving(tmp_path / "s", control_bytes=100_000) as served:
        asyncio.run(work(served))
        wait_until_under_way(served, "control", 0)


def test_frames_of_a_message_that_never_ends_count(tmp_path: Path) -> None:
    async def work(served: Served) -> None:
        async with greeted(served) as line:
            line.transport.write(b"\x01\x81maskx" + b"\x00\x81maskx" * 2000)
            with pytest.raises(ConnectionClosed):
                await line.recv()
            assert line.close_code == 1013

    with serving(tmp_path / "s", control_bytes=100_000) as served:
        asyncio.run(work(served))
        wait_until_under_way(served, "control", 0)


@pytest.mark.parametrize(("plane", "path"), [("control", "/v1/prepare"), ("agent", CALL), ("agent", "/v1/health")])
def test_a_body_that_is_not_whole_in_time_ends_its_connection(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, plane: str, path: str
) -> None:
    with serving(tmp_path / "s", head_seconds=0.5) as served:
        token = TOKEN if plane == "control" else opened(served)[0]["token"]
        with begun(served, token, 1000, plane, path) as line:
            since = time.monotonic()
            with contextlib.suppress(ConnectionError):
                while time.monotonic() < since + 10:
                    line.sendall(b" ")  # A byte now and then is no excuse.
                    time.sleep(0.1)
            assert time.monotonic() < since + 8
        assert "the body of its request was not whole within 0.5 s" in caplog.text
        wait_until_under_way(served, plane, 0)
        assert "Traceback" not in caplog.text
        assert served.ask("GET", "/v1/health", plane=plane)[0] == 200


def test_an_episode_has_so_many_requests_under_way_and_others_are_not_kept_waiting(tmp_path: Path) -> None:
    with serving(tmp_path / "s", episode_requests=2) as served:
        one, two = (episode["token"] for episode in opened(served))
        with begun(served, one, 200), begun(served, one, 200):
            wait_until_under_way(served, "agent", 400)
            status, told, head = served.ask("GET", "/v1/episode/tools", token=one, plane="agent")
            assert status == 429 and "2 requests are under way" in told["error"]["message"] and "retry-after" in head
            assert served.ask("GET", "/v1/episode/tools", token=two, plane="agent")[0] == 200
            assert served.ask("GET", "/v1/health", token=None, plane="agent")[0] == 200
        wait_until_under_way(served, "agent", 0)
        assert served.ask("GET", "/v1/episode/tools", token=one, plane="agent")[0] == 200


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


@pytest.mark.parametrize("plane", ["control", "agent"])
@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (401, {}),
        (401, {"authorization": "Bearer not-the-token-of-anybody"}),
        (403, {"origin": "http://evil.example"}),
        (413, {"content-length": str(1 << 40)}),
        (421, {"host": "evil.example"}),
    ],
)
def test_every_refusal_is_logged_with_its_reason(
    tcp: tuple[Served, int], caplog: pytest.LogCaptureFixture, plane: str, status: int, headers: dict[str, str]
) -> None:
    served, port = tcp
    with caplog.at_level(logging.WARNING, "greenroom.wire"):
        found, _, _ = served.ask("GET", "/v1/server", token=None, port=port + (plane == "agent"), headers=headers)
    assert found == status
    (record,) = [one for one in caplog.records if one.name == "greenroom.wire"]
    assert f"{plane} plane: refused 127.0.0.1 '/v1/server': {status}" in record.getMessage()
    assert "not-the-token" not in caplog.text


def test_a_websocket_under_another_name_is_refused(tcp: tuple[Served, int]) -> None:
    async def work() -> None:
        told = {"Authorization": f"Bearer {TOKEN}", "Host": "evil.example"}
        line = await asyncio.open_connection("127.0.0.1", tcp[1])
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
        key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        head = "\r\n".join(["GET /v1/ws HTTP/1.1", *(f"{n}: {v}" for n, v in (told | upgrade | key).items()), "", ""])
        line[1].write(head.encode())
        assert b" 421 " in await line[0].readline()
        line[1].close()

    asyncio.run(work())


@asynccontextmanager
async def greeted(served: Served) -> AsyncGenerator[ClientConnection]:
    """A connection by hand, of a session of its own."""
    path, headers = str(served.folder / "control.sock"), {"Authorization": f"Bearer {TOKEN}"}
    async with unix_connect(path, "ws://localhost/v1/ws", additional_headers=headers, max_size=None) as line:
        await line.send('{"id": 0, "op": "hello", "version": 1, "session": "' + secrets.token_hex() + '"}')
        assert '"ok"' in str(await line.recv())
        yield line


async def told(line: ClientConnection, **request: Any) -> dict[str, Any]:
    await line.send(json.dumps(request))
    return json.loads(await line.recv())


def test_a_request_id_that_is_repeated_runs_nothing_twice_whoever_sends_it(served: Served) -> None:
    async def work() -> None:
        async with greeted(served) as line:
            group = await told(line, id=1, op="reset", task=TASK)
            (one,) = group["ok"]["opened"]
            assert await told(line, id=1, op="reset", task=TASK) == group
            add = {"episode": one["episode"], "calls": [m.call("notes_add", title="once only")]}
            first = await told(line, id=2, op="step", steps=[add])
            assert await told(line, id=2, op="step", steps=[add]) == first
            other = await told(line, id=2, op="step", steps=[add, add])
            assert other["error"]["code"] == "UsageError" and "for another request" in other["error"]["message"]
            await told(line, id=9, op="ping")
            skipped = await told(line, id=5, op="step", steps=[add])
            assert skipped["error"]["code"] == "SandboxLostError" and "ids grow" in skipped["error"]["message"]
            search = {"episode": one["episode"], "calls": [m.call("notes_search", word="once only")]}
            found = await told(line, id=10, op="step", steps=[search])
            assert found["ok"][0]["messages"][0]["content"].count('"id"') == 1

    asyncio.run(work())


def test_an_episode_of_another_start_or_a_guessed_one_is_gone_and_says_why(served: Served) -> None:
    async def work() -> None:
        async with greeted(served) as line:
            (one,) = (await told(line, id=1, op="reset", task=TASK))["ok"]["opened"]
            server, number, secret = one["episode"].split(".")
            names = {
                f"{server}.{number}.{secret[:-1]}x": "never opened",
                f"{server}.{int(number) + 1}.{secret}": "never opened",
                f"000000000000.{number}.{secret}": "before this one started",
            }
            for asked, (name, why) in enumerate(names.items(), 2):
                answer = await told(line, id=asked, op="content", episode=name)
                assert answer["error"]["code"] == "SandboxLostError" and why in answer["error"]["message"]

    asyncio.run(work())


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ({"op": "step", "steps": [{"episode": "x", "calls": []}] * 1025}, "1024 is the most"),
        ({"op": "step", "steps": "EPISODE", "calls": 65}, "64 is the most"),
        ({"op": "reset", "task": TASK, "n": 1025}, "from 1 to 1024"),
        ({"op": "close", "episodes": ["x"] * 4097}, "4096 is the most"),
        ({"op": "release", "snapshots": ["x"] * 16_385}, "16384 is the most"),
        ({"op": "release", "snapshots": ["x"], "holds": 0}, "'holds' must be a whole number"),
        ({"op": "verify", "episode": "EPISODE", "messages": [{"role": "user", "content": ""}] * 10_001}, "is the most"),
        ({"op": "upload", "snapshot": "x" * 65, "content": "", "size": 1, "offset": 0, "data": ""}, "64 is the most"),
    ],
)
def test_more_than_the_limits_is_refused_and_the_session_goes_on(
    served: Served, request_: dict[str, Any], why: str
) -> None:
    async def work() -> None:
        async with greeted(served) as line:
            (one,) = (await told(line, id=1, op="reset", task=TASK))["ok"]["opened"]
            asked = {n: one["episode"] if value == "EPISODE" else value for n, value in request_.items()}
            if asked.get("calls"):
                calls = [m.call("notes_search", word="x")] * asked.pop("calls")
                asked["steps"] = [{"episode": one["episode"], "calls": calls}]
            assert why in json.dumps(await told(line, id=2, **asked))
            assert "ok" in await told(line, id=3, op="content", episode=one["episode"])

    asyncio.run(work())


def test_sessions_and_kinds_of_worlds_beyond_the_most_are_busy_and_say_when(tmp_path: Path) -> None:
    async def work(server: Served) -> None:
        async with greeted(server), greeted(server):
            with pytest.raises(SandboxLostError, match="2 sessions are open, the most that is allowed"):
                await server.sandbox(patience=Patience(connect=0.3)).families()

    with serving(tmp_path / "s", sessions=2) as server:
        asyncio.run(work(server))
        body = {"task": TASK, "n": 1}
        found = [server.ask("POST", "/v1/reset", body | {"world": {"seed": seed}}) for seed in range(ROOMS + 1)]
        assert [status for status, _, _ in found] == [200] * ROOMS + [429]
        assert "kinds of worlds" in found[-1][1]["error"]["message"] and "retry-after: 60" in found[-1][2]
