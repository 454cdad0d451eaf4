"""Asking a foreign application: JSON over HTTP, at a port of loopback or at a unix socket."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenroom.unixsocket import connect

SECONDS = 60.0


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
        except ValueError:
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

    Raises:
        OSError: It cannot be reached, or hangs up.
    """
    if place.socket is not None:
        connection: http.client.HTTPConnection = _UnixConnection(place.socket, seconds)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=seconds)
    data = None if body is None else json.dumps(body).encode()
    sent = {"Accept": "application/json", **({"Content-Type": "application/json"} if data else {}), **(headers or {})}
    try:
        connection.request(method, path, data, sent)
        response = connection.getresponse()
        return Answer(response.status, response.read().decode("utf-8", "replace").strip())
    except http.client.HTTPException as error:
        raise ConnectionError(f"no HTTP answer: {error!r}") from error
    finally:
        connection.close()
