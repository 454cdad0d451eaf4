"""The gateway by itself, in front of a socket that says what reached it."""

import json
import secrets
import socket
import threading
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from support.containers import need_images, until

pytestmark = pytest.mark.docker
PORTS = {"control": 8470, "agent": 8471}


@pytest.fixture(scope="module")
def replica(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of sockets with replicas `/mail/one/` and `/booking/one/`, that answer each request with its first line.

    Beside them is what a replica of mail may have put there that was taken over.
    """
    sockets = tmp_path_factory.mktemp("sockets")
    with ExitStack() as stack:
        for name in ("mail/one/control.sock", "mail/one/agent.sock", "booking/one/control.sock"):
            stack.enter_context(_served(sockets / name))
        _tampered(sockets / "mail")
        for folder in (sockets, *(path for path in sockets.rglob("*") if path.is_dir() and not path.is_symlink())):
            folder.chmod(0o755)
        yield sockets


@contextmanager
def _served(path: Path) -> Generator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        path.chmod(0o666)
        server.listen()
        threading.Thread(target=_echo, args=(server,), daemon=True).start()
        yield


def _tampered(mail: Path) -> None:
    """Links to another app's socket and folder, to a folder and a socket of its own; what is no socket in its place."""
    for name in ("away", "up", "inside", "odd"):
        (mail / name).mkdir()
    (mail / "away/agent.sock").symlink_to("/sockets/booking/one/control.sock")
    (mail / "up/control.sock").symlink_to("../../booking/one/control.sock")
    (mail / "folder").symlink_to("/sockets/booking/one")
    (mail / "alias").symlink_to("one")
    (mail / "inside/agent.sock").symlink_to("../one/control.sock")
    (mail / "odd/agent.sock").mkdir()
    (mail / "odd/control.sock").write_text("no socket")
    (mail / "index.html").symlink_to("/etc")
    (mail.parent / "booking/index.html").write_text("no list")


def _echo(server: socket.socket) -> None:
    with suppress(OSError):
        while True:
            plug, _ = server.accept()
            with plug:
                line = plug.recv(65536).partition(b"\r\n")[0]
                head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
                plug.sendall(head % len(line) + line)


@pytest.fixture(scope="module")
def gateway(replica: Path) -> Iterator[Any]:
    engine = need_images("gateway")
    container = engine.client.containers.run(
        "greenroom-gateway",
        name=f"greenroom-test-gateway-{secrets.token_hex(4)}",
        detach=True,
        cap_drop=["ALL"],
        read_only=True,
        tmpfs={"/tmp": "mode=1777"},
        volumes={str(replica): {"bind": "/sockets", "mode": "ro"}},
        ports={f"{port}/tcp": ("127.0.0.1", None) for port in PORTS.values()},
    )
    try:
        until(lambda: ask(container, "/health").startswith("HTTP/1.1 200"))
        yield container
    finally:
        container.remove(force=True)


def ask(container: Any, path: str, plane: str = "control") -> str:
    """What the gateway answers to a path, sent as it is written, on the port of a plane."""
    container.reload()
    with suppress(OSError, KeyError, TypeError, IndexError):
        port = int(container.attrs["NetworkSettings"]["Ports"][f"{PORTS[plane]}/tcp"][0]["HostPort"])
        with socket.create_connection(("127.0.0.1", port), 10) as plug:
            plug.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            return b"".join(iter(lambda: plug.recv(65536), b"")).decode()
    return ""


@pytest.mark.parametrize(
    "behind",
    [
        "/v1/health",
        "/v1/health?a=b%20c&d",
        "/a%20b",
        "/a%0d%0aX-Injected:%20yes",
        "/a%3Fb=1",
        "/a%2Fb%2e%2e",
        "/%23x",
        "/",
    ],
)
def test_what_is_behind_the_replica_goes_on_as_it_came(gateway: Any, behind: str) -> None:
    assert ask(gateway, f"/mail/one{behind}").endswith(f"\r\n\r\nGET {behind} HTTP/1.1")


@pytest.mark.parametrize("path", ["/m%61il/one/v1", "/mail/on%65/v1", "//mail/one/v1"])
def test_app_and_replica_are_not_written_otherwise(gateway: Any, path: str) -> None:
    assert "400 Bad Request" in ask(gateway, path)


@pytest.mark.parametrize("path", ["/mail/one/%2e%2e/two/v1", "/mail/one/../two/v1", "/mail/two/v1"])
def test_nobody_is_reached_in_the_place_of_another(gateway: Any, path: str) -> None:
    assert "502 Bad Gateway" in ask(gateway, path)


@pytest.mark.parametrize("plane", PORTS)
def test_a_socket_that_no_link_leads_to_is_reached(gateway: Any, plane: str) -> None:
    assert ask(gateway, "/mail/one/v1", plane).endswith("GET /v1 HTTP/1.1")


@pytest.mark.parametrize(
    ("plane", "name"),
    [
        ("agent", "away"),
        ("control", "up"),
        ("control", "folder"),
        ("control", "alias"),
        ("agent", "alias"),
        ("agent", "inside"),
        ("control", "odd"),
        ("agent", "odd"),
    ],
)
def test_no_link_leads_anywhere_nor_does_what_is_no_socket(gateway: Any, plane: str, name: str) -> None:
    said = ask(gateway, f"/mail/{name}/v1/server", plane)
    assert "502 Bad Gateway" in said and "GET" not in said


@pytest.mark.parametrize("app", ["mail", "booking"])
def test_what_an_app_calls_index_is_not_taken_for_the_list_of_its_replicas(gateway: Any, app: str) -> None:
    body = ask(gateway, f"/{app}/").partition("\r\n\r\n")[2]
    assert "one" in {entry["name"] for entry in json.loads(body[body.index("[") : body.rindex("]") + 1])}


def test_the_look_at_sockets_is_nobody_s_to_ask_for_and_is_not_logged(gateway: Any) -> None:
    assert "403 Forbidden" in ask(gateway, "/-/socket")
    ask(gateway, "/mail/one/v1/quiet")
    assert "[crit]" not in gateway.logs().decode()
