"""A line to one worker: one WebSocket, connected again whenever it drops, over which nothing is asked twice."""

import asyncio
import logging
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tenacity import AsyncRetrying, retry_if_exception, stop_after_delay, wait_random_exponential
from websockets.asyncio.client import ClientConnection, connect, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from greenroom.errors import GreenroomError, SandboxBusyError, SandboxError, SandboxLostError, UsageError, WireError
from greenroom.unixsocket import socket_path
from greenroom.wire import answers, failures
from greenroom.wire.address import Address
from greenroom.wire.answers import Greeting
from greenroom.wire.connection import Connection
from greenroom.wire.knock import knock
from greenroom.wire.protocol import ANSWER_BYTES, PATH, VERSION, decode, encode, excess, short

log = logging.getLogger("greenroom.wire")
FREE = frozenset({"families", "tools", "prepare", "ping"})
"""What needs nothing that a server had before it was started again."""
FAREWELL = 2.0
"""Seconds for saying goodbye: a server that is gone needs none."""
PASSING = (OSError, InvalidHandshake, ConnectionClosed, SandboxBusyError)
"""What a server that is being started again, or is full, may do to who connects."""
SENSELESS = frozenset({1003, 1007, 1009})
"""Connections end so because of what a message is: it would end the next one too."""
FEW = 16
"""Answers of a connection that nobody awaits: one may be late or come twice, but who sends more wants our time."""
PAUSE, LONGEST_PAUSE = 0.05, 2.0
"""Seconds before a connection is made in place of one that answered nothing; each further one waits twice as long."""


class TooLargeError(UsageError):
    """A message that the server would not take."""


@dataclass(eq=False)
class _Asked:
    """A request without an answer yet; whether the server gave one, to whoever waits for it or to nobody any more."""

    op: str
    text: str
    answer: "asyncio.Future[Any]"
    heard: bool = False


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a client waits.

    Attributes:
        answer: Seconds for an answer; then the connection is made anew, and the same request is sent again.
        tries: So often a request is sent before it counts as lost.
        connect: Seconds of trying to reach the server.
    """

    answer: float = 300.0
    tries: int = 3
    connect: float = 30.0


class Line:
    """Asks one worker.

    Args:
        address: Where it is.
        token: Gives the token of the control plane; read at each connection.
        app: The app.
        world: The worlds, as plain data.
        patience: How long to wait.
        gone: Whether the server has ended for good, where that can be known: it is not waited for any more.

    Attributes:
        greeting: What the server said last.
        sessions: How many the server has begun for it; what it held in one is gone in the next.
    """

    def __init__(
        self,
        address: Address,
        token: Callable[[], str],
        app: str,
        world: dict[str, Any],
        patience: Patience,
        gone: Callable[[], bool] = lambda: False,
    ) -> None:
        self.address, self._token, self._patience, self._gone = address, token, patience, gone
        self.session = secrets.token_urlsafe(24)
        self._hello = {"op": "hello", "version": VERSION, "app": app, "world": world, "session": self.session}
        self.greeting, self.sessions = Greeting(), 0
        self._latest = 0
        self._asked: dict[int, _Asked] = {}
        self._given_up: set[int] = set()
        self._needless = 0
        self._socket: ClientConnection | None = None
        self._silent = 0
        self._runner: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def ask(self, op: str, **fields: Any) -> Any:
        """Ask for an operation; the same request is sent again until it is answered.

        Raises:
            SandboxLostError: The server cannot be reached, or what was asked about is gone.
            WireError: The server answered what is no answer.
            TooLargeError: The server takes no message of that size; nothing was sent.
            UsageError: The line belongs to another event loop, which runs; nothing was sent.
            GreenroomError: What the server says.
        """
        self._run_here()
        number = self._next()
        text = encode({"id": number, "op": op, "read": self._read, **fields})
        self._check(op, text)
        asked = self._asked[number] = _Asked(op, text, asyncio.get_running_loop().create_future())
        try:
            await self._send(self._socket, text)
            return await self._answer(asked)
        finally:
            self._drop(number)

    async def tell(self, op: str, **fields: Any) -> None:
        """Ask for something whose answer nobody needs; it is sent before whatever is asked next.

        Raises:
            TooLargeError: The server takes no message of that size; nothing was sent.
            UsageError: The line belongs to another event loop, which runs; nothing was sent.
        """
        self._run_here()
        number = self._next()
        text = encode({"id": number, "op": op, "read": self._read, **fields})
        self._check(op, text)
        asked = _Asked(op, text, asyncio.get_running_loop().create_future())
        self._asked[number] = asked
        asked.answer.add_done_callback(lambda answer: self._forget(number, answer))
        await self._send(self._socket, asked.text)

    @property
    def _read(self) -> int:
        """The latest request of which, and of all before it, nothing is awaited any more."""
        return next(iter(self._asked), self._latest) - 1

    def _next(self) -> int:
        self._latest += 1
        return self._latest

    def _check(self, op: str, text: str) -> None:
        """Refuse what the server would hang up at. How much it takes is known once it has greeted us.

        Raises:
            TooLargeError: The text is longer.
        """
        most = self.greeting.limits.get("message_bytes")
        if most is None or 4 * len(text) <= most:  # A character has four bytes at most.
            return
        if (size := len(text.encode())) > most:
            raise TooLargeError(f"a '{op}' of {size} bytes: {self.address} takes messages of {most} bytes at most")

    def _drop(self, number: int) -> None:
        """Wait for an answer no longer; one that has not come yet may still come."""
        asked = self._asked.pop(number, None)
        if asked is not None and not asked.heard:
            self._given_up.add(number)

    def _forget(self, number: int, answer: "asyncio.Future[Any]") -> None:
        self._drop(number)
        if not answer.cancelled() and answer.exception() is not None:
            log.info("%s: %s", self.address, answer.exception())

    async def _answer(self, asked: _Asked) -> Any:
        for _ in range(self._patience.tries):
            # Cheaper than asyncio.timeout, which counts with thousands of requests a second.
            await asyncio.wait([asked.answer], timeout=self._patience.answer)
            if asked.answer.done():
                return asked.answer.result()
            self.drop()
        raise SandboxLostError(f"{self.address} gave no answer to '{asked.op}', asked {self._patience.tries} times")

    def drop(self) -> None:
        """Let the connection go without a word; it is made anew, and goes on."""
        if self._socket is not None:
            self._socket.transport.abort()

    def here(self) -> asyncio.AbstractEventLoop:
        """The running event loop, which the line belongs to from now on; what another one has left in it is dropped.

        Raises:
            UsageError: It belongs to another one, which runs: the two would take the session away from each other.
        """
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            if self._loop is not None and self._loop.is_running():
                raise UsageError(f"the client of {self.address} is used by another event loop: make one for each loop")
            if self._loop is not None and self._runner is not None and not self._loop.is_closed():
                self._runner.cancel()  # That loop stands still: when it goes on, it must not connect again.
            self._loop, self._runner, self._socket = loop, None, None
            for number in list(self._asked):
                self._drop(number)
        return loop

    def _run_here(self) -> None:
        """Have a connection in the running event loop."""
        loop = self.here()
        if self._runner is None or self._runner.done():
            self._runner = loop.create_task(self._run())

    async def _run(self) -> None:
        """Keep the line up."""
        try:
            while True:
                socket = await self._connect()
                # Answers are read meanwhile: a server that does not read could fill our memory with them.
                sending = asyncio.ensure_future(self._send_again(socket))
                try:
                    self._silent += 1
                    await self._listen(socket)
                finally:
                    # A loop that ends cancels this: the session goes on, over a connection of the next loop.
                    sending.cancel()
                    if self._socket is socket:  # Another loop may have taken over, with one of its own.
                        self._socket = None
                    socket.transport.abort()
                if self._silent:  # What is sent again may be what ended it: no spinning.
                    pause = min(LONGEST_PAUSE, PAUSE * 2 ** min(self._silent - 1, 16))
                    await asyncio.sleep(pause * random.uniform(0.5, 1.0))
        except Exception as error:
            known = isinstance(error, GreenroomError)
            self._fail(error if known else SandboxError(f"{self.address} speaks another language: {error!r}"))

    def _fail(self, error: Exception) -> None:
        """Nothing that was asked will be answered."""
        for asked in list(self._asked.values()):
            if not asked.answer.done():
                asked.answer.set_exception(error)

    async def _connect(self) -> ClientConnection:
        """Connect and greet, again and again with growing pauses.

        Raises:
            SandboxLostError: The server cannot be reached.
            UsageError: It refuses us.
        """
        retrying = AsyncRetrying(
            wait=wait_random_exponential(multiplier=0.05, max=2.0),
            stop=stop_after_delay(self._patience.connect),
            retry=retry_if_exception(lambda error: isinstance(error, PASSING) and not self._gone()),
            reraise=True,
        )
        try:
            return await retrying(self._connect_once)
        except PASSING as error:
            why = str(error) or type(error).__name__
            known = "its server has ended" if self._gone() else f"tried for {self._patience.connect:g} s"
            raise SandboxLostError(f"no server at {self.address}, {known}: {why}") from error

    async def _connect_once(self) -> ClientConnection:
        options: dict[str, Any] = {
            "additional_headers": {"Authorization": f"Bearer {self._token()}"},
            "compression": None,
            "max_size": ANSWER_BYTES,
            "max_queue": None,
            "ping_timeout": 60,
            "proxy": None,
            "create_connection": self._connection,
        }
        await knock(self.address)
        url = self.address.url + PATH
        folder = self.address.folder
        try:
            if folder is None:
                socket = await connect(url, **options)
            else:
                with socket_path(folder / self.address.name) as path:
                    socket = await unix_connect(path, url, **options)
        except InvalidStatus as error:
            raise _refused(self.address, error) from error
        try:
            async with asyncio.timeout(self._patience.connect):
                await socket.send(encode({**self._hello, "id": 0}))
                answer = self._decoded(await socket.recv())
            if "error" in answer:
                raise failures.from_wire(answer["error"])
            self._greeted(answers.read(self.address, "hello", answers.greeting, answer.get("ok")))
        except BaseException:
            socket.transport.abort()
            raise
        return socket

    def _connection(self, *given: Any, **options: Any) -> Connection:
        made = Connection(*given, **options)
        made.unread_seconds = self._patience.answer
        return made

    def _greeted(self, told: Greeting) -> None:
        """Take in the greeting; where the session did not go on, what it had is gone."""
        before, self.greeting = self.greeting.server, told
        if told.resumed and told.server == before:
            return
        self.sessions += 1
        self._given_up.clear()
        if not before:
            return
        why = "was started again" if told.server != before else "ended the session, which was without a client"
        log.warning("%s %s", self.address, why)
        for asked in self._asked.values():
            if asked.op not in FREE and not asked.answer.done():
                asked.answer.set_exception(SandboxLostError(f"{self.address} {why}: its episodes are gone"))

    async def _send_again(self, socket: ClientConnection) -> None:
        """Send what has no answer, in order, and what is asked meanwhile; what is asked later is sent at once."""
        sent = 0
        while left := [n for n, asked in self._asked.items() if n > sent and not asked.answer.done()]:
            for number in left:
                sent = number
                asked = self._asked.get(number)
                if asked is None or asked.answer.done():
                    continue
                try:
                    self._check(asked.op, asked.text)
                except TooLargeError as error:  # It was asked before the greeting.
                    asked.answer.set_exception(error)
                else:
                    await self._send(socket, asked.text)
        self._socket = socket

    async def _send(self, socket: ClientConnection | None, text: str) -> None:
        if socket is not None:
            try:
                await socket.send(text)
            except ConnectionClosed:
                return  # It is sent again on the next connection.

    async def _listen(self, socket: ClientConnection) -> None:
        self._needless = 0
        try:
            async for text in socket:
                self._heard(self._decoded(text))
        except ConnectionClosed as error:
            log.info("%s: the connection was lost: %s", self.address, error)
            if error.sent is not None and error.sent.code in SENSELESS and not error.rcvd_then_sent:
                raise WireError(f"{self.address} sent what is no message, or too large a one: {error}") from error
            if _senseless(error):
                self._fail(SandboxError(f"{self.address}: a message or its answer ended the connection: {error}"))

    def _decoded(self, text: str | bytes) -> dict[str, Any]:
        """A message of the server.

        Raises:
            WireError: It is none. Whose answer it was to be is not known.
        """
        if isinstance(text, bytes):
            raise WireError(f"{self.address} speaks another language: messages are texts")
        if (too_much := excess(text)) is not None:
            raise WireError(f"{self.address} gave an answer that is too large: {too_much}")
        try:
            return decode(text)
        except UsageError as error:
            raise WireError(f"{self.address} speaks another language: {error}") from error

    def _heard(self, message: dict[str, Any]) -> None:
        """Take an answer to whoever asked for it.

        Raises:
            WireError: It is an answer to what nobody asked, or one more that nobody awaits.
        """
        number = message.get("id")
        if number is None and "error" in message:  # The server did not come to read what it was asked.
            log.warning("%s: %s", self.address, failures.from_wire(message["error"]))
            self._needs_none()
            return
        if type(number) is not int or not 0 < number <= self._latest:
            raise WireError(f"{self.address} answers request {short(number)}, of 1 to {self._latest} that were made")
        asked = self._asked.get(number)
        if asked is None or asked.heard:
            if number not in self._given_up:
                self._needs_none()
            self._given_up.discard(number)
            return
        self._silent, asked.heard = 0, True
        if asked.answer.done():
            return  # Whoever asked has given up.
        if "error" in message:
            asked.answer.set_exception(failures.from_wire(message["error"]))
        elif "ok" in message:
            asked.answer.set_result(message["ok"])
        else:
            asked.answer.set_exception(WireError(f"{self.address} answers '{asked.op}' with {short(message)}"))

    def _needs_none(self) -> None:
        """Count an answer that nobody awaits.

        Raises:
            WireError: It is one too many.
        """
        self._needless += 1
        if self._needless > FEW:
            raise WireError(f"{self.address} goes on giving answers that nobody awaits")

    async def stop(self) -> None:
        """End the session, if the server is there, and hang up.

        Raises:
            UsageError: The line belongs to another event loop, which runs; it was left alone.
        """
        self.here()
        if self.greeting.server:
            try:
                async with asyncio.timeout(FAREWELL):
                    await self.ask("bye")
            except (TimeoutError, GreenroomError):
                pass
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)
            self._fail(SandboxLostError(f"the session with {self.address} was ended"))
        self._socket = self._runner = None
        self.greeting = Greeting()  # What is asked from now on begins a session anew.


def _senseless(error: ConnectionClosed) -> bool:
    """Whether either side hung up at what a message is."""
    return any(close is not None and close.code in SENSELESS for close in (error.rcvd, error.sent))


def _refused(address: Address, error: InvalidStatus) -> Exception:
    """What a refused handshake means: a wrong token stays wrong, other refusals may pass."""
    status = error.response.status_code
    if status in (401, 403, 404, 421):
        try:
            told = decode(bytes(error.response.body))["error"]["message"]
        except (GreenroomError, KeyError, TypeError):
            told = str(error)
        return UsageError(f"{address} refused us ({status}): {told}")
    return error if status == 429 or status >= 500 else SandboxError(f"{address} refused us: {error}")
