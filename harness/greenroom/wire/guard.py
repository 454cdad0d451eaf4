"""The guard: stands before both planes, and lets nothing pass that is not meant for them. Refusals are logged."""

import logging
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Protocol

from starlette.exceptions import HTTPException

from greenroom.wire.protocol import encode

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

log = logging.getLogger("greenroom.wire")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
OPEN_PATHS = frozenset({"/v1/health"})
"""What anyone may ask: whether this is up, and nothing else."""


class Admit(Protocol):
    """Decides on a token; may put what it stands for into the scope."""

    def __call__(self, token: str, scope: Scope, /) -> bool:
        """Whether it is good here."""
        ...


class Guard:
    """Checks Host, Origin, token and size before anything else sees a request.

    Args:
        application: What is guarded.
        plane: `control` or `agent`; for the log.
        admit: Decides on tokens.
        hosts: Names that a Host header over TCP may have, beside loopback's.
        most: Bytes of a body.
    """

    def __init__(
        self, application: Application, plane: str, admit: Admit, hosts: Iterable[str] = (), most: int = 8 << 20
    ) -> None:
        self._application, self._plane, self._admit, self._most = application, plane, admit, most
        self._hosts = LOOPBACK | {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            status, message = refusal
            peer = scope.get("client") or ("unix socket",)
            log.warning("%s plane: refused %s %r: %d %s", self._plane, peer[0], scope["path"][:200], status, message)
            await refuse(scope, send, status, message)
            return
        if scope["type"] == "http":
            receive = _Limited(receive, self._most)
        await self._application(scope, receive, send)

    def _refusal(self, scope: Scope, headers: dict[bytes, bytes]) -> tuple[int, str] | None:
        host = headers.get(b"host", b"").decode("latin-1").lower()
        server = scope.get("server")
        over_tcp = server is not None and server[1] is not None
        if over_tcp and name_of(host) not in self._hosts:
            return 421, "this server has another name: see --allow-host"
        origin = headers.get(b"origin")
        if origin is not None and origin.decode("latin-1").lower() != f"http://{host}":
            return 403, "requests of web pages of another origin are refused"
        if scope["path"] in OPEN_PATHS:
            return None
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length[:20]) > self._most:
            return 413, f"the body is larger than {self._most} bytes"
        kind, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if kind.lower() != "bearer" or not token:
            return 401, "no token: send `Authorization: Bearer TOKEN`"
        if not self._admit(token.strip(), scope):
            return 401, f"the token is not good for the {self._plane} plane here"
        return None


class _Limited:
    """Counts the bytes of a body whose length nobody told."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive, self._most, self._left = receive, most, most

    async def __call__(self) -> MutableMapping[str, Any]:
        event = await self._receive()
        self._left -= len(event.get("body", b""))
        if self._left < 0:
            raise HTTPException(413, f"the body is larger than {self._most} bytes")
        return event


def name_of(host: str) -> str:
    """A Host header without its port."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host


async def refuse(scope: Scope, send: Send, status: int, message: str) -> None:
    """Answer with an error instead of what was asked for."""
    body = encode({"error": {"code": "UsageError", "message": message}}).encode()
    prefix = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": f"{prefix}.start", "status": status, "headers": headers})
    await send({"type": f"{prefix}.body", "body": body})
