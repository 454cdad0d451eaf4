"""The WebSocket of the control plane, as a bare ASGI application: nothing between the server and the operations."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from greenroom.errors import GreenroomError, UsageError
from greenroom.wire import failures, fields
from greenroom.wire.keeper import Keeper, Session
from greenroom.wire.ops import Operations
from greenroom.wire.protocol import VERSION, WorldSpec, decode, encode, short

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

log = logging.getLogger("greenroom.wire")
SLOW = frozenset({"prepare", "reset", "open", "upload", "download", "content"})
"""Operations that may wait: others of the same connection go on meanwhile."""
MOST_ID = 1 << 53


class ControlSocket:
    """Serves sessions.

    Args:
        keeper: What is running.
        workers: The addresses of all workers of this server, for the greeting.
        number: Which of them this is.
    """

    def __init__(self, keeper: Keeper, workers: list[dict[str, Any]], number: int) -> None:
        self._keeper, self._workers, self._number = keeper, workers, number
        self._lines: dict[str, _Line] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection until it ends."""
        await receive()
        await send({"type": "websocket.accept"})
        line = _Line(send)
        session: Session | None = None
        try:
            session = await self._greet(line, await receive())
            if session is None:
                return
            session.connected += 1
            self._lines[session.token] = line
            await self._serve(Operations(self._keeper, session), session, line, receive)
        finally:
            line.open = False
            if session is not None:
                session.connected -= 1
                session.seen = self._keeper.clock()
                if self._lines.get(session.token) is line:
                    del self._lines[session.token]

    async def _greet(self, line: "_Line", event: MutableMapping[str, Any]) -> Session | None:
        """Read the hello and answer it; None when there is nobody to serve."""
        number = 0
        try:
            hello = decode(event.get("text") or event.get("bytes") or "")
            number = fields.number(hello, "id", 0, MOST_ID, default=0)
            session, resumed = self._begin(hello)
        except GreenroomError as error:
            log.warning("refused a hello: %s", error)
            await line.say(encode({"id": number, "error": failures.to_wire(error)}))
            await line.close(4400)
            return None
        if self._lines.get(session.token) is not None:
            await self._lines[session.token].close(4409)
        greeting = {
            "version": VERSION,
            "server": self._keeper.server,
            "worker": self._number,
            "workers": self._workers,
            "limits": self._keeper.limits,
            "resumed": resumed,
            "episodes": sorted(session.episodes),
        }
        await line.say(encode({"id": number, "ok": greeting}))
        return session

    def _begin(self, hello: dict[str, Any]) -> tuple[Session, bool]:
        if hello.get("op") != "hello":
            raise UsageError(f"the first message is a hello, not {short(hello.get('op'))}")
        version = hello.get("version")
        if version != VERSION:
            raise UsageError(f"this server speaks version {VERSION} of the protocol, not {short(version)}")
        app = next(iter(self._keeper.apps)) if "app" not in hello else fields.text(hello, "app")
        room = self._keeper.room(app, WorldSpec.from_json(hello.get("world", {})))
        token = fields.text(hello, "session")
        if len(token) < 16:
            raise UsageError("'session' is a random text of 16 characters or more: who knows it can resume the session")
        return self._keeper.session(token, room)

    async def _serve(self, operations: Operations, session: Session, line: "_Line", receive: Receive) -> None:
        waiting: set[asyncio.Task[None]] = set()
        while True:
            event = await receive()
            if event["type"] != "websocket.receive":
                return  # What was begun goes on: its answers are kept for when the client is back.
            request = event.get("text")
            if request is None:
                await line.say(encode({"id": None, "error": failures.to_wire(UsageError("messages are texts"))}))
                continue
            taken = await self._take(session, line, request)
            if taken is None:
                continue
            number, message = taken
            answering = self._answer(operations, session, number, message)
            if message.get("op") in SLOW:
                task = asyncio.create_task(answering)
                waiting.add(task)
                task.add_done_callback(waiting.discard)
            else:
                await answering

    async def _take(self, session: Session, line: "_Line", request: str) -> tuple[int, dict[str, Any]] | None:
        """Read a request; None when there is nothing to run: it is bad, or a repeated one."""
        number: int | None = None
        try:
            message = decode(request)
            number = fields.number(message, "id", 1, MOST_ID)
            new, answer = session.replay.take(number, request)
        except GreenroomError as error:
            await line.say(encode({"id": number, "error": failures.to_wire(error)}))
            return None
        if new:
            return number, message
        if answer is not None:
            await line.say(answer)
        return None

    async def _answer(self, operations: Operations, session: Session, number: int, message: dict[str, Any]) -> None:
        """Run a request, keep its answer, and tell it to whoever is connected by now."""
        try:
            operation = operations.table.get(str(message.get("op")))
            if operation is None:
                raise UsageError(f"no operation {short(message.get('op'))}; there is: {', '.join(operations.table)}")
            answer = encode({"id": number, "ok": await operation(message)})
        except Exception as error:
            if not isinstance(error, GreenroomError):
                log.exception("request %d failed", number)
            answer = encode({"id": number, "error": failures.to_wire(error)})
        session.replay.keep(number, answer)
        line = self._lines.get(session.token)
        if line is not None:
            await line.say(answer)


class _Line:
    """One connection, to answer on."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.open = True

    async def say(self, text: str) -> None:
        """Send a message; nothing when the client is gone."""
        if self.open:
            try:
                await self._send({"type": "websocket.send", "text": text})
            except (OSError, RuntimeError):
                self.open = False

    async def close(self, code: int) -> None:
        """End the connection."""
        if self.open:
            self.open = False
            try:
                await self._send({"type": "websocket.close", "code": code})
            except (OSError, RuntimeError):
                return
