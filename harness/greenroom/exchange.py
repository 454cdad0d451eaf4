"""One exchange over HTTP with who is not trusted: its answer is so long at most, and has one deadline."""

import http.client
import socket
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress

PIECE = 64 << 10


class TooLongError(ConnectionError):
    """An answer of more bytes than are taken."""


def exchange(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    seconds: float,
    most: int,
) -> tuple[int, bytes]:
    """Make one request over a connection that is closed after it; returns the status and the body.

    Args:
        connection: Not connected yet.
        method: Such as GET.
        path: With its query.
        body: What is sent.
        headers: What is said beside it.
        seconds: How long all of it may take, however slowly the answer trickles in.
        most: So many bytes of the body are taken.

    Raises:
        TooLongError: It does not stop talking.
        OSError: It cannot be reached, hangs up or takes too long.
        HTTPException: It speaks no HTTP.
    """
    until = time.monotonic() + seconds
    try:
        connection.connect()
        with _hung_up_after(connection.sock, until):
            connection.request(method, path, body, headers or {})
            with connection.getresponse() as response:
                answer = _read(response, most)
            if time.monotonic() >= until:  # What has no length ends wherever it is cut.
                raise TimeoutError("it took too long to answer")
        return response.status, answer
    finally:
        connection.close()


@contextmanager
def _hung_up_after(plug: socket.socket, until: float) -> Generator[None]:
    """Hang up at a moment: the socket's own time-out begins anew with each byte.

    Raises:
        TimeoutError: That moment came first.
    """

    def hang_up() -> None:
        with suppress(OSError):
            plug.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(max(0.0, until - time.monotonic()), hang_up)
    watch.daemon = True
    watch.start()
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        if time.monotonic() >= until:
            raise TimeoutError("it took too long to answer") from error
        raise
    finally:
        watch.cancel()


def _read(response: http.client.HTTPResponse, most: int) -> bytes:
    """The body.

    Raises:
        OSError: It is too long, or was cut short.
    """
    pieces: list[bytes] = []
    size = 0
    while piece := response.read(min(PIECE, most + 1)):
        pieces.append(piece)
        size += len(piece)
        if size > most:
            raise TooLongError(f"its answer is longer than {_said(most)}")
    if response.length:  # Read in pieces, nobody else notices.
        raise ConnectionError(f"it hung up {response.length} bytes before the end of its answer")
    return b"".join(pieces)


def _said(size: int) -> str:
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size} bytes"
