"""The gateway by itself, in front of a socket that says what reached it."""

import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from support.containers import need_images, until

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def replica(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of sockets with one replica in it, `/mail/one/`, that answers each request with its first line."""
    sockets = tmp_path_factory.mktemp("sockets")
    folder = sockets / "mail" / "one"
    folder.mkdir(parents=True)
    for one in (sockets, folder.parent, folder):
        one.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "control.sock"))
        (folder / "control.sock").chmod(0o666)
        server.listen()
        threading.Thread(target=_echo, args=(server,), daemon=True).start()
        yield sockets


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
        ports={"8470/tcp": ("127.0.0.1", None)},
    )
    try:
        until(lambda: ask(container, "/health").startswith("HTTP/1.1 200"))
        yield container
    finally:
        container.remove(force=True)


def ask(container: Any, path: str) -> str:
    """What the gateway answers to a path, sent as it is written."""
    container.reload()
    with suppress(OSError, KeyError, TypeError, IndexError):
        port = int(container.attrs["NetworkSettings"]["Ports"]["8470/tcp"][0]["HostPort"])
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
