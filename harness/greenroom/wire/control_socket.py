"""The WebSocket of the control plane: hellos, requests, answers, and sessions that outlive their connections."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, MutableMapping
from typing import Any

from greenroom.errors import GreenroomError, SandboxError, UsageError
from greenroom.wire import failures, fields
from greenroom.wire.direct import DIRECT, DirectProtocol
from greenroom.wire.guard import Receive, Scope, Send
from greenroom.wire.keeper import Keeper
from greenroom.wire.ops import Operations
from greenroom.wire.protocol import VERSION, WorldSpec, decode, excess, packed, short
from greenroom.wire.session import Session

log = logging.getLogger("greenroom.wire")
MOST_ID = 1 << 53
REFUSED, TAKEN_OVER = 4400, 4409
"""Codes that connections are closed with: the hello was refused; the session goes on elsewhere."""


class ControlSocket:
    """Serves sessions.

    Args:
        keeper: What is running.
        workers: The addresses of all workers of this server, for the greeting.
        number: Which of them this is.
    """

    def __init__(self, keeper: Keeper, workers: list[dict[str, Any]], number: int) -> None:
        self._keeper, self._workers, self._number = keeper, workers, number
        self._hello_within = keeper.limits.head_seconds
        self._open: dict[Session, _Connection] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection until it ends."""
        await receive()
        await send({"type": "websocket.accept"})
        protocol: DirectProtocol = scope[DIRECT]
        try:
            session, greeting = self._greet(await asyncio.wait_for(receive(), self._hello_within))
        except TimeoutError:
            log.warning("control plane: no hello within %g s", self._hello_within)
            await send({"type": "websocket.close", "code": REFUSED, "reason": "no hello"})
            return
        except GreenroomError as error:
            log.warning("control plane: refused a hello: %r", str(error))
            protocol.say(packed({"id": 0, "error": failures.to_wire(error)}))
            await send({"type": "websocket.close", "code": REFUSED})
            return
        before, connection = self._open.get(session), _Connection(self._keeper, session, self._open, protocol, send)
        self._open[session] = connection  # At once: of several newcomers the latest stays.
        session.connected += 1
        try:
            protocol.say(greeting)
            if before is not None:
                await before.leave()
            protocol.heard = connection.heard
            while (event := await receive())["type"] == "websocket.receive":
                connection.heard(event.get("text"))
        finally:  # What was begun goes on: its answers are kept for when the client is back.
            session.connected -= 1
            session.seen = self._keeper.clock()
            if self._open.get(session) is connection:
                del self._open[session]

    def _greet(self, event: MutableMapping[str, Any]) -> tuple[Session, bytes]:
        """Read the hello; returns its session and the greeting.

        Raises:
            UsageError: It is none, or of another version.
            SandboxBusyError: There are too many sessions.
        """
        hello = decode(event.get("text") or "")
        number = fields.number(hello, "id", 0, MOST_ID, default=0)
        session, resumed = self._begin(hello)
        greeting = {
            "version": VERSION,
            "server": self._keeper.server,
            "worker": self._number,
            "workers": self._workers,
            "limits": self._keeper.limits,
            "resumed": resumed,
            "episodes": sorted(session.episodes),
        }
        return session, packed({"id": number, "ok": greeting})

    def _begin(self, hello: dict[str, Any]) -> tuple[Session, bool]:
        if hello.get("op") != "hello":
            raise UsageError(f"the first message is a hello, not {short(hello.get('op'))}")
        version = hello.get("version")
        if version != VERSION:
            raise UsageError(f"this server speaks version {VERSION} of the protocol, not {short(version)}")
        app = fields.text(hello, "app") if "app" in hello else self._keeper.first_app
        room = self._keeper.room(app, WorldSpec.from_json(hello.get("world", {})))
        token = fields.text(hello, "session")
        if len(token) < 16:
            raise UsageError("'session' is a random text of 16 characters or more: who knows it can resume the session")
        return self._keeper.session(token, room)


class _Connection:
    """One connection of a session: takes requests, answers them."""

    def __init__(
        self,
        keeper: Keeper,
        session: Session,
        connections: "dict[Session, _Connection]",
        protocol: DirectProtocol,
        send: Send,
    ) -> None:
        self._session, self._open, self._protocol, self._send = session, connections, protocol, send
        self._operations = Operations(keeper, session)
        self._tasks: set[asyncio.Future[None]] = set()

    async def leave(self) -> None:
        """The session goes on with another connection: close this one."""
        if not self._protocol.writable.is_set():  # It does not read, and would not read this: nobody waits for it.
            self._protocol.transport.abort()
        self._protocol.heard = None
        with contextlib.suppress(OSError):  # It is gone.
            await self._send({"type": "websocket.close", "code": TAKEN_OVER, "reason": "the session goes on elsewhere"})

    def heard(self, text: str | None) -> None:
        """Take a message: answer it now, or have it answered."""
        number: int | None = None
        try:
            if text is None:
                raise UsageError("messages are texts")
            self._session.check()
            message = decode(text)
            number = fields.number(message, "id", 1, MOST_ID)
            replay = self._session.replay
            replay.read(fields.number(message, "read", 0, number - 1, default=0))
            new, answer = replay.take(number, text)
        except GreenroomError as error:
            self._protocol.say(packed({"id": number, "error": failures.to_wire(error)}))
            return
        if new:
            self._run(number, message)
        elif answer is not None:
            self._protocol.say(answer)

    def _run(self, number: int, message: dict[str, Any]) -> None:
        try:
            found = self._operations.ask(message)
        except Exception as error:
            self._tell(number, _failed(number, error))
            return
        if not asyncio.iscoroutine(found):
            self._tell(number, packed({"id": number, "ok": found}))
            if self._session.ended:
                self._later(self._send({"type": "websocket.close", "code": 1000, "reason": "the session ended"}))
            return
        self._later(self._wait(number, found))

    def _later(self, doing: Awaitable[None]) -> None:
        task = asyncio.ensure_future(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _wait(self, number: int, found: Awaitable[Any]) -> None:
        try:
            answer = packed({"id": number, "ok": await found})
        except Exception as error:
            answer = _failed(number, error)
        self._tell(number, answer)

    def _tell(self, number: int, answer: bytes) -> None:
        """Keep an answer, and tell it to whoever is connected by now."""
        if (too_much := excess(answer)) is not None:  # The client would hang up, and ask again.
            answer = _failed(number, SandboxError(f"done, but its answer has {too_much}"))
        self._session.replay.keep(number, answer)
        connection = self._open.get(self._session)
        if connection is not None:
            connection._protocol.say(answer)


def _failed(number: int, error: Exception) -> bytes:
    if not isinstance(error, GreenroomError):
        log.error("request %d failed", number, exc_info=error)
    return packed({"id": number, "error": failures.to_wire(error)})
