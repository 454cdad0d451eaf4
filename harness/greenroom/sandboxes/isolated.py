"""A sandbox for each rollout: no episode ever shares a process, a file or a kernel's namespace with another."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from greenroom.errors import SandboxBusyError, SandboxError, SandboxLostError, UsageError
from greenroom.messages import Message
from greenroom.sandbox import (
    AsyncSandbox,
    Brief,
    Opened,
    PortableSandbox,
    StepRequest,
    StepResult,
    find_episode,
    find_snapshot,
)
from greenroom.sandboxes.portable_files import PortableFile, PortableFiles
from greenroom.tasks import Verdict

T = TypeVar("T")
log = logging.getLogger(__name__)
WAIT_SECONDS = 1800.0
"""So long a group waits for sandboxes that others have; rollouts that ask models do take minutes."""
LOOK_SECONDS = 0.05


@dataclass(frozen=True, eq=False)
class _Own:
    """The sandbox of an episode, and where the episode's task starts."""

    sandbox: PortableSandbox
    start: str


class Isolated:
    """Opens each episode in a sandbox of its own, which ends with it and is never used again.

    What is frozen is fetched at once, and kept here: it outlives its sandbox, and the next ones are given it.

    Args:
        source: Where starts are made, and tools and families are asked for; no episode runs there.
        make: Makes a sandbox for one episode.
        most: So many of them run at once.
        wait: After so many seconds without room for a group it is refused.
        files: What is frozen.

    Attributes:
        ending: Called with the sandbox of an episode before it ends, for who wants to know what it used.
        room: So many episodes may be played at once: who plays more of them than that waits for ever.
    """

    def __init__(
        self,
        source: AsyncSandbox,
        make: Callable[[], PortableSandbox],
        most: int,
        wait: float = WAIT_SECONDS,
        files: PortableFiles | None = None,
    ) -> None:
        self._source, self._make, self.room, self._wait = source, make, most, wait
        self._files = files or PortableFiles()
        self.ending: Callable[[PortableSandbox], Awaitable[None]] | None = None
        self._of_episode: dict[str, _Own] = {}
        self._opening = 0

    @property
    def app(self) -> str:
        """The name of what runs there."""
        return self._source.app

    async def families(self) -> list[str]:
        """The task families of the app."""
        return await self._source.families()

    async def tools(self) -> list[dict[str, Any]]:
        """The schemas of all of the app's tools."""
        return await self._source.tools()

    async def prepare(self, task: str) -> Brief:
        """Make a task's start and keep its snapshot."""
        return await self._source.prepare(task)

    async def open(self, snapshot: str, task: str, n: int = 1) -> list[Opened]:
        """Open n episodes, each in a sandbox of its own: the task's start is made there, what was frozen is sent there.

        Raises:
            UsageError: More than can ever run at once are asked for.
            SandboxLostError: The snapshot is neither where the task starts nor kept here.
            SandboxBusyError: Too many run, and none of them ends.
        """
        if n > self.room:
            raise UsageError(f"{n} episodes at once, each in a container: {self.room} are the most; see 'docker:N'")
        file = self._files.find(snapshot)  # Ours until all have it, whoever releases it meanwhile.
        await self._until_there_is_room(n)
        self._opening += n
        try:
            opening = [asyncio.ensure_future(self._open(snapshot, task, file)) for _ in range(n)]
            await asyncio.wait(opening)
        finally:
            self._opening -= n
        failed = [one.exception() for one in opening if one.exception() is not None]
        if failed and failed[0] is not None:
            await asyncio.gather(*(self.close(one.result().episode) for one in opening if one.exception() is None))
            raise failed[0]
        return [one.result() for one in opening]

    async def _until_there_is_room(self, n: int) -> None:
        # Looked for again and again: what closes an episode may run in another event loop.
        begun, told = time.monotonic(), False
        while (running := len(self._of_episode) + self._opening) + n > self.room:
            if time.monotonic() - begun > self._wait:
                raise SandboxBusyError(f"{running} of {self.room} containers are in use", retry_after=1.0)
            if not told and time.monotonic() - begun > 10:
                log.warning("%s of %s containers are in use: waiting until %s are closed", running, self.room, n)
                told = True
            await asyncio.sleep(LOOK_SECONDS)

    async def _open(self, snapshot: str, task: str, file: PortableFile | None) -> Opened:
        member = self._make()
        try:
            start = (await member.prepare(task)).snapshot
            if start != snapshot:
                kept = {} if file is None else {snapshot: file}
                await member.upload(find_snapshot(kept, snapshot, start).path)
            (opened,) = await member.open(snapshot, task)
        except BaseException as error:
            await self._end(member)
            if type(error) is SandboxError:  # What starts others may start this one at the next try.
                raise SandboxLostError(str(error)) from error
            raise
        self._of_episode[opened.episode] = _Own(member, start)
        return opened

    async def _end(self, member: PortableSandbox) -> None:
        try:
            if self.ending is not None:
                await self.ending(member)
        finally:
            await member.stop()

    async def step(self, requests: Sequence[StepRequest]) -> list[StepResult]:
        """Run the calls of many episodes, each in its sandbox.

        Raises:
            SandboxLostError: An episode is gone.
            AppError: A tool failed.
        """
        shares: dict[str, list[StepRequest]] = {}
        for request in requests:
            shares.setdefault(request.episode, []).append(request)
        answers = await asyncio.gather(
            *(self._in(episode, _stepping(share)) for episode, share in shares.items()),
        )
        results = {episode: iter(answer) for episode, answer in zip(shares, answers, strict=True)}
        return [next(results[request.episode]) for request in requests]

    async def verify(self, episode: str, messages: Sequence[Message]) -> Verdict:
        """Score an episode."""
        return await self._in(episode, lambda own: own.sandbox.verify(episode, messages))

    async def snapshot(self, episode: str) -> str:
        """Freeze an episode's world, and keep it here as a portable file, unless its task starts from it.

        Raises:
            SandboxBusyError: So much is kept already that there is no room for it.
            SandboxError: It cannot be written here.
            SnapshotError: It is larger than a container can be given, or what came is not what was frozen.
        """
        return await self._in(episode, lambda own: self._freeze(own, episode))

    async def _freeze(self, own: _Own, episode: str) -> str:
        frozen = await own.sandbox.snapshot(episode)
        if frozen != own.start and self._files.find(frozen) is None:
            try:
                with self._files.coming() as file:
                    await own.sandbox.download(frozen, file.path, self._files.each)
                    self._files.keep(frozen, file)
            except OSError as error:
                raise SandboxError(f"what was frozen cannot be kept here: {error.strerror or error}") from error
        return frozen

    async def content(self, episode: str) -> str:
        """The content id of an episode's world."""
        return await self._in(episode, lambda own: own.sandbox.content(episode))

    async def _in(self, episode: str, ask: Callable[[_Own], Awaitable[T]]) -> T:
        """Ask the sandbox of an episode; it is taken away when it is lost, for nobody will come back to it."""
        own = find_episode(self._of_episode, episode)
        try:
            return await ask(own)
        except SandboxLostError:
            await self.close(episode)
            raise

    async def close(self, episode: str) -> None:
        """Drop an episode and its sandbox."""
        own = self._of_episode.pop(episode, None)
        if own is not None:
            await self._end(own.sandbox)

    async def release(self, snapshot: str) -> None:
        """Forget a snapshot; whoever is opening it has it still."""
        self._files.drop(snapshot)
        await self._source.release(snapshot)

    async def stop(self) -> None:
        """Stop all sandboxes, and forget what was frozen."""
        ending = [self._end(own.sandbox) for own in self._of_episode.values()]
        self._of_episode.clear()
        self._files.clear()
        done = await asyncio.gather(self._source.stop(), *ending, return_exceptions=True)
        for failed in done:
            if isinstance(failed, BaseException):
                raise SandboxError(f"a sandbox did not stop: {failed}") from failed


def _stepping(share: Sequence[StepRequest]) -> Callable[[_Own], Awaitable[list[StepResult]]]:
    return lambda own: own.sandbox.step(share)
