"""An application that was taken over may answer as it likes: the harness takes in so much, for so long."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import pytest

from greenroom.foreign.web import Place, ask

Serve = Callable[..., Place]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Makes servers that answer one request with these pieces, at this pace."""
    with ExitStack() as stack:

        def server(*pieces: bytes, pause: float = 0, times: int = 1) -> Place:
            listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def answer() -> None:
                with suppress(OSError):
                    plug, _ = listening.accept()
                    with plug:
                        plug.recv(65536)
                        for piece in [*pieces[:-1], *[pieces[-1]] * times]:
                            plug.sendall(piece)
                            time.sleep(pause)

            threading.Thread(target=answer, daemon=True).start()
            return Place(port=listening.getsockname()[1])

        yield server


def test_an_answer_is_read(serve: Serve) -> None:
    answer = ask(serve(b"HTTP/1.1 201 Created\r\nContent-Length: 7\r\n\r\n", b'{"a":1}'), "POST", "/", body={})
    assert (answer.status, answer.ok, answer.body) == (201, True, {"a": 1})
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n"
    assert ask(serve(chunked), "GET", "/").body == [1, 2]
    assert ask(serve(b"HTTP/1.1 204 No Content\r\n\r\n"), "DELETE", "/").text == ""


@pytest.mark.parametrize("head", [b"", b"Content-Length: 99999999999\r\n"], ids=["no length", "a length"])
def test_an_answer_without_an_end_is_cut_off(serve: Serve, head: bytes) -> None:
    place = serve(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n", bytes(1 << 20), times=64)
    with pytest.raises(ConnectionError, match="longer than 16 MiB"):
        ask(place, "GET", "/")


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: "],
    ids=["no length", "a length", "within the head"],
)
def test_an_answer_that_trickles_in_has_one_deadline(serve: Serve, head: bytes) -> None:
    begun = time.monotonic()
    with pytest.raises(TimeoutError, match="took too long"):
        ask(serve(head, b"x", pause=0.1, times=300), "GET", "/", seconds=1)
    assert time.monotonic() - begun < 15


def test_an_answer_that_is_cut_short_is_none(serve: Serve) -> None:
    with pytest.raises(ConnectionError, match="2 bytes before the end"):
        ask(serve(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n12345"), "GET", "/")


def test_what_is_nested_too_deep_is_text(serve: Serve) -> None:
    deep = b"[" * 100_000
    assert ask(serve(b"HTTP/1.1 200 OK\r\n\r\n" + deep), "GET", "/").body == deep.decode()


@pytest.mark.parametrize("path", ["/é", "/a b", "/a\r\nX: y", "/\ud800", "//elsewhere/"])
def test_a_path_that_a_request_cannot_carry_is_quoted(serve: Serve, path: str) -> None:
    assert ask(serve(b"HTTP/1.1 204 No Content\r\n\r\n"), "GET", path).status == 204
