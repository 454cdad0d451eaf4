"""Asking a foreign application: JSON over HTTP, at a port of loopback or at a unix socket."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from greenroom.exchange import exchange
from greenroom.unixsocket import connect

SECONDS = 60.0
MOST_BYTES = 16 << 20
"""No answer is longer: an application that was taken over must not fill the harness's memory."""
WRITTEN = "/?#[]@!$&'()*+,;=:%~"
"""What a path says as it is; anything else a request could not carry is quoted."""


@dataclass(frozen=True)
class Place:
    """Where it answers: a port of loopback, or a unix socket."""

    port: int = 0
    socket: Path | None = None


@dataclass(frozen=True)
class Answer:
    """What it answered.

    Attributes:
        status: The HTTP status.
        text: The body.
    """

    status: int
    text: str

    @property
    def ok(self) -> bool:
        """Whether it is no refusal and no failure."""
        return self.status < 400

    @property
    def body(self) -> Any:
        """The body as data; as text where it is no JSON."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            return self.text


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = connect(self._path, self.timeout)


def ask(
    place: Place,
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: Any = None,
    seconds: float = SECONDS,
) -> Answer:
    """Make one request, once: nothing is repeated, because nobody knows what it would do a second time.

    Args:
        place: Where it answers.
        method: Such as GET.
        path: With its query.
        headers: Beside those of JSON.
        body: Sent as JSON.
        seconds: How long all of it may take, however slowly the answer trickles in.

    Raises:
        OSError: It cannot be reached, hangs up, takes too long, or does not stop talking.
    """
    if place.socket is not None:
        connection: http.client.HTTPConnection = _UnixConnection(place.socket, seconds)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=seconds)
    data = None if body is None else json.dumps(body).encode()
    sent = {"Accept": "application/json", **({"Content-Type": "application/json"} if data else {}), **(headers or {})}
    try:
        written = quote(path, safe=WRITTEN, errors="replace")
        status, told = exchange(connection, method, written, data, sent, seconds=seconds, most=MOST_BYTES)
    except http.client.HTTPException as error:
        raise ConnectionError(f"no HTTP answer: {error!r}") from error
    return Answer(status, told.decode("utf-8", "replace").strip())
