import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from greenroom.errors import SandboxLostError
from greenroom.foreign.web import Place, ask
from greenroom.unixsocket import EXACT, connect, socket_path
from greenroom.wire.address import Address
from greenroom.wire.line import Line, Patience


@pytest.fixture
def host(tmp_path: Path) -> Iterator[socket.socket]:
    """A server of the host's, such as its Docker engine: nobody may be led to it."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "host.sock"))
        server.listen()
        server.setblocking(False)
        yield server


@pytest.fixture
def folder(tmp_path: Path, host: socket.socket) -> Path:
    """The folder that a container writes: it has put a link into it."""
    folder = tmp_path / "s"
    folder.mkdir()
    (folder / "control.sock").symlink_to(tmp_path / "host.sock")
    return folder


def nobody_came(host: socket.socket) -> bool:
    try:
        host.accept()[0].close()
    except BlockingIOError:
        return True
    return False


def test_a_socket_is_reached(tmp_path: Path, host: socket.socket) -> None:
    with connect(tmp_path / "host.sock", 5) as plug:
        other, _ = host.accept()
        other.sendall(b"hello")
        other.close()
        assert plug.recv(5) == b"hello"


def test_a_link_is_not_followed(folder: Path, host: socket.socket) -> None:
    with pytest.raises(OSError, match=r"a link, which is not followed.*control\.sock"):
        connect(folder / "control.sock", 5)
    assert nobody_came(host)


def test_what_is_no_socket_and_what_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="is no socket"):
        connect(tmp_path / "file", 5)
    with pytest.raises(FileNotFoundError):
        connect(tmp_path / "nothing", 5)


@pytest.mark.skipif(not EXACT, reason="only Linux can hold what it has looked at")
def test_what_was_looked_at_is_what_is_reached_whatever_its_name_becomes(tmp_path: Path, host: socket.socket) -> None:
    with socket.socket(socket.AF_UNIX) as mine, socket.socket(socket.AF_UNIX) as plug:
        mine.bind(str(tmp_path / "mine.sock"))
        mine.listen()
        with socket_path(tmp_path / "mine.sock") as path:
            (tmp_path / "mine.sock").unlink()
            (tmp_path / "mine.sock").symlink_to(tmp_path / "host.sock")
            plug.connect(path)
        mine.accept()[0].close()
    assert nobody_came(host)


@pytest.mark.skipif(not EXACT, reason="counts what is open, in /proc")
def test_nothing_stays_open(folder: Path, tmp_path: Path, host: socket.socket) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for name in (folder / "control.sock", tmp_path / "host.sock", folder / "nothing"):
        try:
            connect(name, 5).close()
        except OSError:
            continue
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_an_application_is_not_asked_through_a_link(folder: Path, host: socket.socket) -> None:
    with pytest.raises(OSError, match="not followed"):
        ask(Place(socket=folder / "control.sock"), "GET", "/containers/json", seconds=5)
    assert nobody_came(host)


def test_a_line_does_not_go_through_a_link(folder: Path, host: socket.socket) -> None:
    async def ping() -> None:
        world: dict[str, Any] = {"size": "small"}
        line = Line(Address(folder), lambda: "t" * 32, "mail", world, Patience(connect=0.2))
        with pytest.raises(SandboxLostError, match="a link, which is not followed"):
            await line.ask("ping")
        await line.stop()

    asyncio.run(ping())
    assert nobody_came(host)
