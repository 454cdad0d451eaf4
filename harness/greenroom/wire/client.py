"""The client: a server's apps as a sandbox. One for all episodes of a run; calls overlap and share messages."""

import asyncio
import base64
import itertools
import os
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import apsw

from greenroom.errors import SandboxLostError, SnapshotError, WireError
from greenroom.messages import Message
from greenroom.sandbox import Brief, Opened, StepRequest, StepResult
from greenroom.tasks import Verdict
from greenroom.wire import answers, tokens
from greenroom.wire.address import Address
from greenroom.wire.line import Line, Patience
from greenroom.wire.protocol import PIECE, Limits, WorldSpec
from greenroom.wire.station import Station
from greenroom.worlds import load_snapshot

T = TypeVar("T")
SEARCH = 2.0
"""Times the patience of connecting: so long the workers of a server are tried, one after the other."""


class RemoteSandbox:
    """An `AsyncSandbox` on a server.

    It connects when it is first asked for something, and belongs to the event loop that asks until that ends. Groups
    are spread over the server's workers. A connection that drops is made again and its episodes go on; an episode that
    is gone raises `SandboxLostError`.

    Args:
        address: `unix:DIR`, or `ws://HOST:PORT`.
        app: What is to run there, such as `mail`.
        world: Which worlds; small ones without faults when None.
        token: The token of the control plane; of the environment or of the folder when None.
        patience: How long to wait.
        alone: The server has one worker: whatever it says of others is not followed.
        gone: Whether the server has ended for good, where that can be known: it is not waited for any more.
    """

    def __init__(
        self,
        address: Address | str,
        app: str,
        world: WorldSpec | None = None,
        *,
        token: str | None = None,
        patience: Patience | None = None,
        alone: bool = False,
        gone: Callable[[], bool] = lambda: False,
    ) -> None:
        self._address = Address.parse(address) if isinstance(address, str) else address
        self._app, self._world = app, (world or WorldSpec()).to_json()
        self._given, self._patience, self._gone = token, patience or Patience(), gone
        self._alone = alone or bool(self._address.prefix)
        self._first = self._station(self._address)
        self._stations: list[Station] = []
        self._turns = itertools.count()
        self._of_episode: dict[str, Station] = {}
        self._of_snapshot: dict[str, dict[Station, _Told]] = {}
        self.agent_tokens: dict[str, str] = {}

    @property
    def app(self) -> str:
        """The name of what runs there."""
        return self._app

    async def connect(self) -> dict[str, Any]:
        """Reach the server now, and learn of its workers; returns its limits.

        Raises:
            SandboxLostError: It cannot be reached.
            UsageError: It refuses us.
        """
        if not self._stations:
            await self._first.line.ask("ping")
        if not self._stations:  # Others may have asked meanwhile.
            workers = [] if self._alone else self._first.line.greeting.workers
            found = answers.read(self._address, "hello", self._addresses, workers)
            others = [self._station(address) for address in dict.fromkeys(found) if address != self._address]
            self._stations = [self._first, *others]
        return self._first.line.greeting.limits

    def _addresses(self, workers: list[dict[str, Any]]) -> list[Address]:
        return [self._address.worker(told) for told in workers]

    def _station(self, address: Address) -> Station:
        def token() -> str:
            return self._given or tokens.asking(address.folder)

        return Station(Line(address, token, self._app, self._world, self._patience, self._gone))

    async def families(self) -> list[str]:
        """The task families of the app."""
        return (await self._somewhere("families", answers.names))[1]

    async def tools(self) -> list[dict[str, Any]]:
        """The schemas of all of the app's tools."""
        return (await self._somewhere("tools", answers.schemas))[1]

    async def _somewhere(self, op: str, reader: Callable[[Any], T], **fields: Any) -> tuple[Station, T]:
        """Ask the next worker whose turn it is; another one, where that cannot be reached.

        A server may list workers that are not there: after some time no further one is tried.
        """
        await self.connect()
        stations = self._stations  # Who stops this client takes that list away, perhaps while one of them is asked.
        first, until = next(self._turns), time.monotonic() + SEARCH * self._patience.connect
        for number in range(len(stations)):
            station = stations[(first + number) % len(stations)]
            try:
                return station, await station.ask(op, reader, **fields)
            except SandboxLostError:
                stopped = stations is not self._stations
                if stopped or number + 1 == len(stations) or time.monotonic() > until:
                    raise
        raise SandboxLostError(f"{self._address} has no workers")

    async def prepare(self, task: str) -> Brief:
        """Make a task's start, on the worker whose turn it is, and keep its snapshot there."""
        station, brief = await self._somewhere("prepare", answers.brief, task=task)
        self._keeps(brief.snapshot, station)
        return brief

    async def open(self, snapshot: str, task: str, n: int = 1) -> list[Opened]:
        """Fork a snapshot n times, where it is; a task's start that was released is made again.

        Raises:
            SandboxLostError: No worker knows it.
        """
        await self.connect()
        if snapshot not in self._of_snapshot:  # Another thread may have released it before ours came to hold it.
            await self._make_again(snapshot, task)
        station = self._home_of(snapshot)
        started = await station.ask("open", answers.started(n), snapshot=snapshot, task=task, n=n)
        for one in started:
            self._of_episode[one.episode] = station
            self.agent_tokens[one.episode] = one.token
        return [Opened(episode=one.episode, state=one.state) for one in started]

    async def _make_again(self, snapshot: str, task: str) -> None:
        station, brief = await self._somewhere("prepare", answers.brief, task=task)
        if brief.snapshot != snapshot:
            await station.line.tell("release", snapshots=[brief.snapshot])
            raise SandboxLostError(
                f"snapshot '{snapshot[:16]}…' is not known to this client; the task starts at '{brief.snapshot[:16]}…'"
            )
        self._keeps(snapshot, station)

    def _at(self, episode: str) -> Station:
        station = self._of_episode.get(episode)
        if station is None:
            raise SandboxLostError(f"episode '{episode}' is not running: it was closed, or never opened")
        return station

    async def step(self, requests: Sequence[StepRequest]) -> list[StepResult]:
        """Run the calls of many episodes; what others ask for in the same moment shares the message.

        Raises:
            SandboxLostError: An episode is gone.
            AppError: A tool failed.
        """
        stations = [self._at(request.episode) for request in requests]
        waiting = [station.step(request) for station, request in zip(stations, requests, strict=True)]
        if len(waiting) == 1:
            return [await waiting[0]]
        results = await asyncio.gather(*waiting, return_exceptions=True)
        done: list[StepResult] = []
        for result in results:
            if isinstance(result, BaseException):
                raise result
            done.append(result)
        return done

    async def verify(self, episode: str, messages: Sequence[Message]) -> Verdict:
        """Score an episode."""
        return await self._at(episode).ask("verify", answers.verdict, episode=episode, messages=messages)

    async def snapshot(self, episode: str) -> str:
        """Freeze an episode's world; it stays on its worker."""
        station = self._at(episode)
        snapshot = await station.ask("snapshot", answers.text, episode=episode)
        self._keeps(snapshot, station)
        return snapshot

    async def content(self, episode: str) -> str:
        """The content id of an episode's world."""
        return await self._at(episode).ask("content", answers.text, episode=episode)

    async def close(self, episode: str) -> None:
        """Drop an episode; the server is told, and nobody waits for it."""
        station = self._of_episode.get(episode)
        if station is not None:
            station.line.here()
            self.agent_tokens.pop(episode, None)
            del self._of_episode[episode]
            await station.line.tell("close", episodes=[episode])

    async def release(self, snapshot: str) -> None:
        """Forget a snapshot, on all workers that keep it.

        As many holds are given back as answers have told of: who is being told of it meanwhile keeps it.
        """
        self._first.line.here()
        for station, told in self._of_snapshot.pop(snapshot, {}).items():
            if told.session == station.line.sessions:
                await station.line.tell("release", snapshots=[snapshot], holds=told.holds)

    async def download(self, snapshot: str, path: Path, most: int = Limits.snapshot_bytes) -> str:
        """Fetch a snapshot as a portable file (`load_snapshot` reads it); returns its content id.

        Args:
            snapshot: Its id.
            path: The file; it is replaced when the whole has arrived and is sound, and left alone otherwise.
            most: So many bytes are taken: a server that is not trusted must not fill a disk.

        Raises:
            SandboxLostError: It is not known there.
            SnapshotError: What arrived is not what was asked for, or is larger than that.
        """
        station = self._home_of(snapshot)
        with _replacing(path) as file:
            content = await _fetch(station, snapshot, file, most)
            if await asyncio.to_thread(_ids, file) != (snapshot, content):
                raise SnapshotError(f"{self._address} sent another snapshot than {snapshot[:16]}…: it was not kept")
        return content

    async def upload(self, path: Path) -> str:
        """Send a portable file to every worker; returns the snapshot's id, which `open` takes.

        Raises:
            SnapshotError: It is no snapshot, or the server finds it unsound.
        """
        await self.connect()
        snapshot, content = await asyncio.to_thread(_ids, path)
        stations = self._stations
        await asyncio.gather(*(_send(station, path, snapshot, content) for station in stations))
        first = next(self._turns) % len(stations)
        for station in (*stations[first:], *stations[:first]):
            self._keeps(snapshot, station)
        return snapshot

    def _home_of(self, snapshot: str) -> Station:
        stations = self._of_snapshot.get(snapshot)
        if not stations:
            raise SandboxLostError(f"snapshot '{snapshot[:16]}…' is not known to this client: prepare its task first")
        return next(reversed(stations))

    def _keeps(self, snapshot: str, station: Station) -> None:
        """Note that a worker told of a snapshot that it keeps; the latest is asked."""
        stations = self._of_snapshot.setdefault(snapshot, {})
        known, session = stations.pop(station, None), station.line.sessions
        stations[station] = _Told(session, known.holds + 1 if known and known.session == session else 1)

    async def stop(self) -> None:
        """End the session: its episodes are closed, its snapshots released. The server goes on.

        Raises:
            UsageError: Another event loop, which runs, uses it; it was left alone.
        """
        self._first.line.here()
        stations, self._stations = self._stations or [self._first], []
        await asyncio.gather(*(station.line.stop() for station in stations))
        self._of_episode.clear()
        self._of_snapshot.clear()
        self.agent_tokens.clear()


@dataclass(frozen=True, slots=True)
class _Told:
    """How often a worker told of a snapshot, and in which session of the line: holds end with it."""

    session: int
    holds: int


@contextmanager
def _replacing(path: Path) -> Generator[Path]:
    """A file beside another, which takes its place when all went well; one without a name is written as it is."""
    if path.exists() and not path.stat().st_nlink:
        yield path
        return
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    try:
        yield Path(name)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _ids(path: Path) -> tuple[str, str]:
    """The id and the content id of a portable file, from what it holds.

    Raises:
        SnapshotError: It cannot be read to its end.
    """
    snapshot = load_snapshot(path)
    try:
        return snapshot.page_id, snapshot.content_id
    except (apsw.Error, ValueError, TypeError) as error:
        raise SnapshotError(f"{path} holds no world of greenroom: {error}") from error


async def _fetch(station: Station, snapshot: str, path: Path, most: int) -> str:
    """Write a snapshot's file piece by piece; returns the content id that it is said to have."""
    offset, whole = 0, None
    with path.open("wb") as file:
        while whole is None or offset < whole[0]:
            piece = await station.ask("download", answers.piece, snapshot=snapshot, offset=offset)
            if piece.size > most:
                raise SnapshotError(
                    f"the file of {snapshot[:16]}… has {piece.size} bytes, and {most} are the most here"
                )
            fits = whole in (None, (piece.size, piece.content))
            if not fits or len(piece.data) != min(PIECE, piece.size - offset):  # Of small ones there would be no end.
                raise WireError(f"{station.line.address} sent pieces of {snapshot[:16]}… that do not fit together")
            whole = piece.size, piece.content
            offset += file.write(piece.data)
    return whole[1]


async def _send(station: Station, path: Path, snapshot: str, content: str) -> None:
    size, offset, done = path.stat().st_size, 0, False
    told = {"snapshot": snapshot, "content": content, "size": size}
    with path.open("rb") as file:
        while not done:
            file.seek(offset)
            data = base64.b64encode(file.read(PIECE)).decode()
            reader = answers.taken(offset, size)
            offset, done = await station.ask("upload", reader, **told, offset=offset, data=data)
