"""The guard: stands before both planes, and lets nothing pass that is not meant for them. Refusals are logged."""

import contextlib
import logging
from collections.abc import Awaitable, Callable, Hashable, Iterable, MutableMapping
from typing import Any, Protocol

from greenroom.errors import GreenroomError, SandboxBusyError, UsageError
from greenroom.wire import failures
from greenroom.wire.askers import Askers, BodyTooLargeError
from greenroom.wire.protocol import packed

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

log = logging.getLogger("greenroom.wire")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
OPEN_PATHS = frozenset({"/v1/health"})
"""What anyone may ask: whether this is up, and nothing else."""


ASKER = "greenroom.asker"
"""Where in the scope of a request it stands who asks, if there is more than one: what has a share of its own."""


class Admit(Protocol):
    """Decides on a token; may put what it stands for into the scope."""

    def __call__(self, token: str, scope: Scope, /) -> bool:
        """Whether it is good here."""
        ...


class Guard:
    """Checks Host, Origin, token and size before anything else sees a request, and reads its body whole.

    Args:
        application: What is guarded.
        plane: `control` or `agent`; for the log.
        admit: Decides on tokens.
        askers: How much may be under way.
        hosts: Names that a Host header over TCP may have, beside loopback's.
        most: Bytes of a body.
    """

    def __init__(
        self,
        application: Application,
        plane: str,
        admit: Admit,
        askers: Askers,
        hosts: Iterable[str] = (),
        most: int = 8 << 20,
    ) -> None:
        self._application, self._plane, self._admit, self._most = application, plane, admit, most
        self._askers = askers
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
            await self._refuse(scope, send, status, UsageError(message))
        elif scope["type"] != "http" or scope["path"] in OPEN_PATHS:
            await self._application(scope, receive, send)
        else:
            await self._ask(scope, receive, send, int(headers.get(b"content-length", b"0")))

    async def _ask(self, scope: Scope, receive: Receive, send: Send, declared: int) -> None:
        """Pass a request on, once it is whole and its turn has come."""
        who: Hashable = scope.get(ASKER)
        with contextlib.ExitStack() as until_answered:
            try:
                asked = self._askers.begin(who)
                until_answered.callback(asked.end)
                body = await asked.body(receive, declared, self._most)
            except BodyTooLargeError as error:
                await self._refuse(scope, send, 413, UsageError(str(error)))
                return
            except SandboxBusyError as error:
                await self._refuse(scope, send, 429, error)
                return
            if body is None:
                return
            async with asked.turn():
                await self._application(scope, _Whole(body, receive), send)

    async def _refuse(self, scope: Scope, send: Send, status: int, error: GreenroomError) -> None:
        peer = scope.get("client") or ("unix socket",)
        log.warning("%s plane: refused %s %r: %d %s", self._plane, peer[0], scope["path"][:200], status, error)
        await refuse(scope, send, status, error)

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


class _Whole:
    """What an application receives: the body in one piece, then whatever comes."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> MutableMapping[str, Any]:
        body, self._body = self._body, None
        if body is None:
            return await self._receive()
        return {"type": "http.request", "body": body, "more_body": False}


def name_of(host: str) -> str:
    """A Host header without its port."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host


async def refuse(scope: Scope, send: Send, status: int, error: GreenroomError) -> None:
    """Answer with an error instead of what was asked for.

    What is still to come of the body is read and dropped, for as long as the door lets it come: whoever is cut off in
    the middle of sending would not read why.
    """
    told = failures.to_wire(error)
    body = packed({"error": told})
    prefix = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if "retry_after" in told:
        headers.append((b"retry-after", str(failures.whole_seconds(told["retry_after"])).encode()))
    await send({"type": f"{prefix}.start", "status": status, "headers": headers})
    await send({"type": f"{prefix}.body", "body": body})
