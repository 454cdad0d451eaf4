"""The operations of the control plane, whatever carries them: each takes a request's fields and returns its answer."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from greenroom.errors import SandboxError, UsageError
from greenroom.wire import failures, fields
from greenroom.wire.keeper import Keeper
from greenroom.wire.protocol import ANSWER_BYTES, MOST_PARTS, PIECE, packed, short
from greenroom.wire.room import Room
from greenroom.wire.running import Started
from greenroom.wire.session import Session
from greenroom.wire.transfer import give
from greenroom.worlds import PageSnapshot, Snapshot

Request = Mapping[str, Any]
SLICE = 0.02
"""Seconds that one message may keep the others waiting."""
LARGE = 4 << 20
"""Bytes of a world whose rows take long to read."""
AT_ONCE = 8
"""So few steps are not worth a task of their own."""
LATER = {"later": True}
"""The answer to a step that was not run: it is to be asked for again."""
ENOUGH = ANSWER_BYTES // 4
"""Bytes of a message's answers, after which no further step is run: the next one's may have most of the rest."""
MANY_PARTS = MOST_PARTS // 4
"""Lists and objects of a message's answers, after which no further step is run."""
SPARE = 1 << 16
"""Bytes, and parts, of a message beside its answers: the steps that are left for later among them."""


class Turn:
    """The time that a message has before others have theirs."""

    def __init__(self) -> None:
        self._until = time.perf_counter() + SLICE

    async def pause(self) -> None:
        """Let others go on, if it is over; then another begins."""
        if time.perf_counter() > self._until:
            await asyncio.sleep(0)
            self._until = time.perf_counter() + SLICE


class Told:
    """How much the answers of one message's steps have together: what is too much would be lost, and has been run."""

    def __init__(self) -> None:
        self._bytes = self._parts = 0

    @property
    def enough(self) -> bool:
        """Whether what comes next is better left for another message: its own answer may be large, too."""
        return self._bytes > ENOUGH or self._parts > MANY_PARTS

    def add(self, answer: Any) -> orjson.Fragment:
        """Count an answer; one that has no room beside those before it becomes an error: they are not lost with it."""
        data = packed(answer)
        size, parts = len(data), _parts(data)
        if _too_much(self._bytes + size, self._parts + parts):
            error = f"done, but its answer has {size} bytes, and {parts} lists and objects: make fewer calls in a step"
            data = packed({"error": failures.to_wire(SandboxError(error))})
            size, parts = len(data), _parts(data)
        self._bytes += size
        self._parts += parts
        return orjson.Fragment(data)


def _parts(data: bytes) -> int:
    """Lists and objects, as `excess` counts them."""
    return data.count(b"[") + data.count(b"{")


def _too_much(size: int, parts: int) -> bool:
    return size > ANSWER_BYTES - SPARE or (size > 2 * MOST_PARTS - SPARE and parts > MOST_PARTS - SPARE)


class Operations:
    """What a session may ask for.

    Args:
        keeper: What is running.
        session: Who asks.
        room: The app and the worlds that are asked for; those of the session when None.
    """

    def __init__(self, keeper: Keeper, session: Session, room: Room | None = None) -> None:
        self._keeper, self._session, self._limits = keeper, session, keeper.limits
        self._about = room or session.room
        self._table: dict[str, Callable[[Request], Any]] = {
            "families": self.families,
            "tools": self.tools,
            "prepare": self.prepare,
            "open": self.open,
            "reset": self.reset,
            "step": self.step,
            "verify": self.verify,
            "snapshot": self.snapshot,
            "content": self.content,
            "close": self.close,
            "release": self.release,
            "upload": self.upload,
            "download": self.download,
            "ping": self.ping,
            "bye": self.bye,
        }

    def ask(self, request: Request) -> Any:
        """The answer to a request `{op, ...}`; a coroutine, where others may go on meanwhile.

        Raises:
            UsageError: There is no such operation, or it needs other fields.
            GreenroomError: It is refused, or fails.
        """
        operation = self._table.get(str(request.get("op")))
        if operation is None:
            raise UsageError(f"no operation {short(request.get('op'))}; there is: {', '.join(self._table)}")
        return operation(request)

    async def answer(self, op: str, request: Request) -> Any:
        """The answer to a request, waited for."""
        found = self._table[op](request)
        return await found if asyncio.iscoroutine(found) else found

    @property
    def _room(self) -> Room:
        if self._about is None:
            raise UsageError("say which app, and which world")
        return self._about

    def families(self, request: Request) -> list[str]:
        """The app's task families."""
        return self._room.sandbox.families()

    def tools(self, request: Request) -> list[dict[str, Any]]:
        """The schemas of all of the app's tools."""
        return self._room.sandbox.tools()

    async def prepare(self, request: Request) -> Any:
        """Make a task's start."""
        return await self._keeper.prepare(self._session, self._room, fields.text(request, "task"))

    async def open(self, request: Request) -> Any:
        """Fork a snapshot n times."""
        snapshot, task = fields.text(request, "snapshot"), fields.text(request, "task")
        n = fields.number(request, "n", 1, self._limits.steps, default=1)
        await self._room.ready(task)
        return await self._open(snapshot, task, n)

    async def reset(self, request: Request) -> Any:
        """Make a task's start and fork it n times: a group begins in one message."""
        task, n = fields.text(request, "task"), fields.number(request, "n", 1, self._limits.steps, default=1)
        brief = await self._keeper.prepare(self._session, self._room, task)
        return {"brief": brief, "opened": await self._open(brief.snapshot, task, n)}

    async def _open(self, snapshot: str, task: str, n: int) -> list[Started]:
        """All n forks or none; others go on meanwhile, for a fork of a world in PostgreSQL takes 50 ms."""
        self._keeper.check_episodes(n)
        opened: list[Started] = []
        turn = Turn()
        try:
            for _ in range(n):
                opened += self._keeper.open(self._session, self._room, snapshot, task, 1)
                await turn.pause()
        except BaseException:
            for one in opened:
                self._keeper.close(one.episode)
            raise
        return opened

    def step(self, request: Request) -> Any:
        """Run the calls of many episodes; each has a result or an error of its own, or is left for later."""
        steps = fields.items(request, "steps", self._limits.steps)
        if len(steps) == 1:
            return [self._step(steps[0])]
        told = Told()
        return [self._told(told, step) for step in steps] if len(steps) <= AT_ONCE else self._steps(told, steps)

    async def _steps(self, told: Told, steps: list[Any]) -> list[Any]:
        answers: list[Any] = []
        turn = Turn()
        for step in steps:
            answers.append(self._told(told, step))
            await turn.pause()
        return answers

    def _told(self, told: Told, step: Any) -> Any:
        if told.enough:
            return LATER
        return told.add(self._step(step))

    def _step(self, step: Any) -> Any:
        try:
            if type(step) is not dict:
                raise UsageError(f"a step is {{episode, calls}}, not {short(step)}")
            running = self._keeper.running(fields.text(step, "episode"))  # pyright: ignore[reportUnknownArgumentType]
            return self._keeper.step(running, fields.calls(step, self._limits.calls))  # pyright: ignore[reportUnknownArgumentType]
        except Exception as error:
            return {"error": failures.to_wire(error)}

    def verify(self, request: Request) -> Any:
        """Score an episode."""
        running = self._keeper.running(fields.text(request, "episode"))
        return self._keeper.verify(running, fields.messages(request))

    def snapshot(self, request: Request) -> str:
        """Freeze an episode's world."""
        return self._keeper.freeze(self._keeper.running(fields.text(request, "episode")), self._session)

    def content(self, request: Request) -> Any:
        """The content id of an episode's world; a large one is read in a thread, as it is now."""
        running = self._keeper.running(fields.text(request, "episode"))
        frozen = running.room.sandbox.freeze(running.local)
        if isinstance(frozen, PageSnapshot) and frozen.layer.size < LARGE:
            return running.room.sandbox.content(running.local)
        return _content_of(frozen)

    def close(self, request: Request) -> None:
        """Drop episodes; unknown ones are ignored."""
        for episode in fields.items(request, "episodes", self._limits.episodes):
            self._keeper.close(fields.text({"episode": episode}, "episode"))

    def release(self, request: Request) -> None:
        """Give back holds on snapshots, one on each unless more are said; unknown ones are ignored."""
        holds = fields.number(request, "holds", 1, 1 << 53, default=1)
        for snapshot in fields.items(request, "snapshots", self._limits.snapshots):
            self._keeper.release(self._session, fields.text({"snapshot": snapshot}, "snapshot"), holds)

    async def upload(self, request: Request) -> Any:
        """Take in a piece of a snapshot; once it is whole and sound, it can be opened."""
        snapshot, content = fields.text(request, "snapshot", 64), fields.text(request, "content", 64)
        size = fields.number(request, "size", 1, self._limits.snapshot_bytes)
        offset = fields.number(request, "offset", 0, size)
        data = fields.text(request, "data", 2 * PIECE)
        owner, room, keeper = self._session, self._room, self._keeper
        keeper.check_snapshots()
        told = await keeper.transfers.take(
            owner.token, room, snapshot, content, size, offset, data, lambda: keeper.may_keep(owner, room, snapshot)
        )
        if told["done"]:
            keeper.hold(owner, room, snapshot)
        return told

    async def download(self, request: Request) -> Any:
        """A piece of a snapshot as a portable file."""
        snapshot = fields.text(request, "snapshot", 64)
        self._keeper.name(self._session, snapshot)
        return await give(self._room, snapshot, fields.number(request, "offset", 0, 1 << 53, default=0))

    def ping(self, request: Request) -> dict[str, Any]:
        """How much is running."""
        return self._keeper.counts()

    def bye(self, request: Request) -> None:
        """End the session, and all that it has open."""
        self._keeper.end(self._session)


async def _content_of(snapshot: Snapshot) -> str:
    return await asyncio.to_thread(lambda: snapshot.content_id)
