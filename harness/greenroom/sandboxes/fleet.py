"""Several sandboxes of one app as one: groups take turns, each stays where it began, a lost one stops none."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, TypeVar

from greenroom.errors import SandboxLostError
from greenroom.messages import Message
from greenroom.sandbox import AsyncSandbox, Brief, Opened, StepRequest, StepResult, find_episode
from greenroom.tasks import Verdict

T = TypeVar("T")


class Fleet:
    """Spreads groups over sandboxes.

    Args:
        app: The name of what runs there.
        members: The sandboxes, all of that app and of the same worlds.
    """

    def __init__(self, app: str, members: Sequence[AsyncSandbox] = ()) -> None:
        self._app, self._members = app, list(members)
        self._turns = itertools.count()
        self._of_snapshot: dict[str, list[AsyncSandbox]] = {}
        self._of_episode: dict[str, AsyncSandbox] = {}

    @property
    def app(self) -> str:
        """The name of what runs there."""
        return self._app

    async def crew(self) -> list[AsyncSandbox]:
        """Those that a group may begin at."""
        return self._members

    def lost(self) -> None:
        """Called when a member could not be reached."""

    async def families(self) -> list[str]:
        """The task families of the app; asks all members, so that those that must start do so at once."""
        asked = await asyncio.gather(*(member.families() for member in await self.crew()), return_exceptions=True)
        answers = [answer for answer in asked if not isinstance(answer, BaseException)]
        if answers:
            return answers[0]
        raise next(answer for answer in asked if isinstance(answer, BaseException))

    async def tools(self) -> list[dict[str, Any]]:
        """The schemas of all of the app's tools."""
        return (await self._anywhere(lambda member: member.tools()))[1]

    async def prepare(self, task: str) -> Brief:
        """Make a task's start where it is whose turn, or at the next one that can be reached."""
        member, brief = await self._anywhere(lambda member: member.prepare(task))
        self._keeps(brief.snapshot, member)
        return brief

    async def _anywhere(self, ask: Callable[[AsyncSandbox], Awaitable[T]]) -> tuple[AsyncSandbox, T]:
        """Ask the member whose turn it is; the next one, where that is lost.

        Raises:
            SandboxLostError: All are.
        """
        crew, first = await self.crew(), next(self._turns)
        failed = SandboxLostError(f"no sandbox runs '{self.app}'")
        for number in range(len(crew)):
            member = crew[(first + number) % len(crew)]
            try:
                return member, await ask(member)
            except SandboxLostError as error:
                failed = error
                self.lost()
        raise failed

    def _keeps(self, snapshot: str, member: AsyncSandbox) -> None:
        """Note that a member has a snapshot; the latest to have it is asked first."""
        others = [known for known in self._of_snapshot.get(snapshot, []) if known is not member]
        self._of_snapshot[snapshot] = [member, *others]

    async def open(self, snapshot: str, task: str, n: int = 1) -> list[Opened]:
        """Fork a snapshot n times, at a member that has it; a task's start that was released is made again.

        Raises:
            SandboxLostError: None has it any more.
        """
        if snapshot not in self._of_snapshot:
            member, opened = await self._anywhere(lambda member: member.open(snapshot, task, n))
            self._keeps(snapshot, member)
        else:
            member, opened = await self._open(snapshot, task, n)
        self._of_episode.update((one.episode, member) for one in opened)
        return opened

    async def _open(self, snapshot: str, task: str, n: int) -> tuple[AsyncSandbox, list[Opened]]:
        lost = SandboxLostError(f"snapshot '{snapshot[:16]}…' is not known to any sandbox: prepare its task first")
        for member in self._of_snapshot.get(snapshot, []):
            try:
                return member, await member.open(snapshot, task, n)
            except SandboxLostError as error:
                lost = error
                self._keeps_no_more(snapshot, member)
        raise lost

    def _keeps_no_more(self, snapshot: str, member: AsyncSandbox) -> None:
        left = [known for known in self._of_snapshot.get(snapshot, []) if known is not member]
        if left:
            self._of_snapshot[snapshot] = left
        else:
            self._of_snapshot.pop(snapshot, None)

    def _at(self, episode: str) -> AsyncSandbox:
        return find_episode(self._of_episode, episode)

    async def step(self, requests: Sequence[StepRequest]) -> list[StepResult]:
        """Run the calls of many episodes, those of each member at once.

        Raises:
            SandboxLostError: An episode is gone.
            AppError: A tool failed.
        """
        if len(requests) == 1:
            return await self._at(requests[0].episode).step(requests)
        shares: dict[AsyncSandbox, list[StepRequest]] = {}
        homes = [self._at(request.episode) for request in requests]
        for home, request in zip(homes, requests, strict=True):
            shares.setdefault(home, []).append(request)
        # All are waited for: what a member did is done, whatever becomes of another.
        stepping = (member.step(share) for member, share in shares.items())
        answers = await asyncio.gather(*stepping, return_exceptions=True)
        results: dict[AsyncSandbox, Iterator[StepResult]] = {}
        for member, answer in zip(shares, answers, strict=True):
            if isinstance(answer, BaseException):
                raise answer
            results[member] = iter(answer)
        return [next(results[home]) for home in homes]

    async def verify(self, episode: str, messages: Sequence[Message]) -> Verdict:
        """Score an episode."""
        return await self._at(episode).verify(episode, messages)

    async def snapshot(self, episode: str) -> str:
        """Freeze an episode's world; it stays with its member."""
        member = self._at(episode)
        snapshot = await member.snapshot(episode)
        self._keeps(snapshot, member)
        return snapshot

    async def content(self, episode: str) -> str:
        """The content id of an episode's world."""
        return await self._at(episode).content(episode)

    async def close(self, episode: str) -> None:
        """Drop an episode."""
        member = self._of_episode.pop(episode, None)
        if member is not None:
            await member.close(episode)

    async def release(self, snapshot: str) -> None:
        """Forget a snapshot, wherever it is."""
        await asyncio.gather(*(member.release(snapshot) for member in self._of_snapshot.pop(snapshot, [])))

    async def stop(self) -> None:
        """Stop them all."""
        self._of_episode.clear()
        self._of_snapshot.clear()
        await asyncio.gather(*(member.stop() for member in self._members))
