"""A sandbox for each rollout: no episode ever shares a process, a file or a kernel's namespace with another."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from greenroom.errors import SandboxBusyError, SandboxError, SandboxLostError, UsageError
from greenroom.messages import Message
from greenroom.sandbox import AsyncSandbox, Brief, Opened, StepRequest, StepResult, find_episode
from greenroom.tasks import Verdict

T = TypeVar("T")
log = logging.getLogger(__name__)
WAIT_SECONDS = 1800.0
"""So long a group waits for sandboxes that others have; rollouts that ask models do take minutes."""
LOOK_SECONDS = 0.05


class Isolated:
    """Opens each episode in a sandbox of its own, which ends with it and is never used again.

    Args:
        source: Where starts are made, and tools and families are asked for; no episode runs there.
        make: Makes a sandbox for one episode.
        most: So many of them run at once.
        wait: After so many seconds without room for a group it is refused.

    Attributes:
        room: So many episodes may be played at once: who plays more of them than that waits for ever.
    """

    def __init__(
        self, source: AsyncSandbox, make: Callable[[], AsyncSandbox], most: int, wait: float = WAIT_SECONDS
    ) -> None:
        self._source, self._make, self.room, self._wait = source, make, most, wait
        self._of_episode: dict[str, AsyncSandbox] = {}
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
        """Open n episodes, each in a sandbox of its own that makes the task's start itself.

        Raises:
            UsageError: More than can ever run at once are asked for; or the snapshot is not where the task starts.
            SandboxBusyError: Too many run, and none of them ends.
        """
        if n > self.room:
            raise UsageError(f"{n} episodes at once, each in a container: {self.room} are the most; see 'docker:N'")
        await self._until_there_is_room(n)
        self._opening += n
        try:
            opening = [asyncio.ensure_future(self._open(snapshot, task)) for _ in range(n)]
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

    async def _open(self, snapshot: str, task: str) -> Opened:
        member = self._make()
        try:
            start = (await member.prepare(task)).snapshot
            if start != snapshot:
                raise UsageError(
                    f"with a container for each rollout only a task's start can be opened ('{start[:16]}…'), "
                    f"not '{snapshot[:16]}…'"
                )
            (opened,) = await member.open(snapshot, task)
        except BaseException as error:
            await member.stop()
            if type(error) is SandboxError:  # What starts others may start this one at the next try.
                raise SandboxLostError(str(error)) from error
            raise
        self._of_episode[opened.episode] = member
        return opened

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
        return await self._in(episode, lambda member: member.verify(episode, messages))

    async def snapshot(self, episode: str) -> str:
        """Freeze an episode's world.

        Raises:
            UsageError: Always: what is frozen would end with its container.
        """
        raise UsageError("with a container for each rollout an episode cannot be frozen: take --isolation world")

    async def content(self, episode: str) -> str:
        """The content id of an episode's world."""
        return await self._in(episode, lambda member: member.content(episode))

    async def _in(self, episode: str, ask: Callable[[AsyncSandbox], Awaitable[T]]) -> T:
        """Ask the sandbox of an episode; it is taken away when it is lost, for nobody will come back to it."""
        member = find_episode(self._of_episode, episode)
        try:
            return await ask(member)
        except SandboxLostError:
            await self.close(episode)
            raise

    async def close(self, episode: str) -> None:
        """Drop an episode and its sandbox."""
        member = self._of_episode.pop(episode, None)
        if member is not None:
            await member.stop()

    async def release(self, snapshot: str) -> None:
        """Forget a snapshot."""
        await self._source.release(snapshot)

    async def stop(self) -> None:
        """Stop all sandboxes."""
        members = [self._source, *self._of_episode.values()]
        self._of_episode.clear()
        done = await asyncio.gather(*(member.stop() for member in members), return_exceptions=True)
        for failed in done:
            if isinstance(failed, BaseException):
                raise SandboxError(f"a sandbox did not stop: {failed}") from failed


def _stepping(share: Sequence[StepRequest]) -> Callable[[AsyncSandbox], Awaitable[list[StepResult]]]:
    return lambda member: member.step(share)
