"""Sandboxes behind a server: it is started when it is needed, and again when it died; each event loop has a client."""

import asyncio
from asyncio import AbstractEventLoop
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from greenroom.errors import SandboxError, SandboxLostError
from greenroom.messages import Message
from greenroom.sandbox import AsyncSandbox, Brief, Opened, PortableSandbox, StepRequest, StepResult
from greenroom.tasks import Verdict

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a server answers.

    Attributes:
        address: `unix:DIR` or `ws://HOST:PORT`.
        token: What its control plane asks for; None: what the environment or the server's folder says.
        start: Which start of the server it is: grows when it is started again, and what lived in it is gone.
        gone: Whether this start has ended for good, where that can be known: nobody tries to reach it any more.
    """

    address: str
    token: str | None = None
    start: int = 0
    gone: Callable[[], bool] = field(default=lambda: False, compare=False)


class Server(Protocol):
    """Something that serves an app."""

    def up(self) -> Place:
        """Start it, unless it runs, and wait until it answers. Called from several threads.

        Raises:
            SandboxError: It does not come up; says what it said last.
        """
        ...

    def down(self) -> None:
        """Stop it, and leave nothing behind. Stopping twice is no error."""
        ...


Connect = Callable[[Place], PortableSandbox]
"""Makes a client of the running event loop."""


@dataclass(eq=False)
class _Desk:
    """What one event loop has.

    Attributes:
        lock: Held while the server is seen to.
        place: Where the client is a client of.
        client: The client.
        suspect: Something was lost since the server was last seen to.
    """

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    place: Place | None = None
    client: PortableSandbox | None = None
    suspect: bool = True


class ServedSandbox:
    """A sandbox behind a server, for many episodes at once.

    Several event loops may use it, one after the other or at once: each has a client of its own, and who begins takes
    over that of one that has ended.
    After something was lost, the next `prepare` sees to it that the server runs.

    Args:
        app: The name of what runs there.
        server: The server.
        connect: Makes clients of it.
    """

    def __init__(self, app: str, server: Server, connect: Connect) -> None:
        self._app, self._server, self._connect = app, server, connect
        self._desks: dict[AbstractEventLoop, _Desk] = {}
        self._stopped = False

    @property
    def app(self) -> str:
        """The name of what runs there."""
        return self._app

    async def families(self) -> list[str]:
        """The task families of the app."""
        return await self._ask(lambda client: client.families(), ready=True)

    async def tools(self) -> list[dict[str, Any]]:
        """The schemas of all of the app's tools."""
        return await self._ask(lambda client: client.tools(), ready=True)

    async def prepare(self, task: str) -> Brief:
        """Make a task's start and keep its snapshot; the server is started again if it died."""
        return await self._ask(lambda client: client.prepare(task), ready=True)

    async def open(self, snapshot: str, task: str, n: int = 1) -> list[Opened]:
        """Fork a snapshot n times."""
        return await self._ask(lambda client: client.open(snapshot, task, n))

    async def step(self, requests: Sequence[StepRequest]) -> list[StepResult]:
        """Run the calls of many episodes."""
        return await self._ask(lambda client: client.step(requests))

    async def verify(self, episode: str, messages: Sequence[Message]) -> Verdict:
        """Score an episode."""
        return await self._ask(lambda client: client.verify(episode, messages))

    async def snapshot(self, episode: str) -> str:
        """Freeze an episode's world."""
        return await self._ask(lambda client: client.snapshot(episode))

    async def content(self, episode: str) -> str:
        """The content id of an episode's world."""
        return await self._ask(lambda client: client.content(episode))

    async def close(self, episode: str) -> None:
        """Drop an episode; one that is lost is dropped."""
        await self._forget(lambda client: client.close(episode))

    async def release(self, snapshot: str) -> None:
        """Forget a snapshot, in all event loops; one that is lost is forgotten."""
        await self._forget(lambda client: client.release(snapshot))
        here = asyncio.get_running_loop()
        for loop, desk in list(self._desks.items()):
            if loop is not here and loop.is_running() and desk.client is not None:
                asyncio.run_coroutine_threadsafe(desk.client.release(snapshot), loop)

    async def download(self, snapshot: str, path: Path, most: int) -> str:
        """Write a snapshot of at most so many bytes to a portable file; returns its content id."""
        return await self._ask(lambda client: client.download(snapshot, path, most))

    async def upload(self, path: Path) -> str:
        """Take in a portable file; returns the snapshot's id."""
        return await self._ask(lambda client: client.upload(path))

    async def _ask(self, what: Callable[[PortableSandbox], Awaitable[T]], *, ready: bool = False) -> T:
        desk = self._desk()
        if desk.suspect and (ready or desk.client is None):
            await self._make_ready(desk)
        if desk.client is None:
            raise SandboxLostError(f"the server of '{self._app}' is down, and what lived in it is gone")
        try:
            return await what(desk.client)
        except SandboxLostError:
            desk.suspect = True
            raise

    async def _forget(self, what: Callable[[AsyncSandbox], Awaitable[None]]) -> None:
        """Let go of something, if there is still something to let go of: nothing is started for it."""
        if not self._stopped and self._desk().client is not None:
            try:
                await self._ask(what)
            except SandboxLostError:
                return

    def _desk(self) -> _Desk:
        if self._stopped:
            raise SandboxError(f"the sandbox of '{self._app}' was stopped: open another")
        loop = asyncio.get_running_loop()
        desk = self._desks.get(loop)
        if desk is None:
            desk = self._desks[loop] = self._inherited() or _Desk()
        return desk

    def _inherited(self) -> _Desk | None:
        """What a loop that has ended leaves: its client goes on in the next."""
        for loop in [known for known in self._desks if known.is_closed()]:
            left = self._desks.pop(loop)
            if left.client is not None:
                return _Desk(place=left.place, client=left.client)
        return None

    async def _make_ready(self, desk: _Desk) -> None:
        """See to it that the server runs, and that there is a client of this start of it."""
        async with desk.lock:
            if not desk.suspect:
                return
            place = await asyncio.to_thread(self._server.up)
            if place != desk.place or desk.client is None:
                former, desk.place, desk.client = desk.client, place, self._connect(place)
                if former is not None:
                    await former.stop()
            desk.suspect = False

    async def stop(self) -> None:
        """End all clients, and stop the server."""
        if self._stopped:
            return
        self._stopped = True
        here = asyncio.get_running_loop()
        for loop, desk in self._desks.items():
            if desk.client is None:
                continue
            if loop is here or loop.is_closed():
                await desk.client.stop()
            else:
                asyncio.run_coroutine_threadsafe(desk.client.stop(), loop)
        self._desks.clear()
        await asyncio.to_thread(self._server.down)
