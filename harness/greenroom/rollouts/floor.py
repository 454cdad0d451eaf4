"""The floor: how many episodes are played at once, what they start from, and when the first may begin."""

import asyncio
from collections.abc import Iterator

from greenroom.holds import Holds
from greenroom.rollouts.failure import Failure
from greenroom.rollouts.forks import Forks
from greenroom.rollouts.live import LiveEpisode
from greenroom.sandbox import Opened

Forking = asyncio.Task[Forks | Failure]


class Floor:
    """Room for the episodes of one call of `Rollouts.play`, and account of what is open.

    With a limit, a member begins as soon as its group is forked. Without one, all groups are forked before the first
    member begins, and members begin in order: so what a policy sees that answers many at once depends on nothing but
    the groups, however long a sandbox took for each.

    Args:
        parallel: How many episodes are played at once; all when None.
        holds: Who needs which start, here and in other plays on the same sandbox.

    Attributes:
        live: What is being played.
    """

    def __init__(self, parallel: int | None, holds: Holds) -> None:
        self._slots = asyncio.Semaphore(parallel) if parallel else None
        self._begin = asyncio.Event()
        self._forkings: list[Forking] = []
        self._held: list[Forks] = []
        self._holds = holds
        self._needed: list[Forks] = []
        self.live: set[LiveEpisode] = set()
        if parallel:
            self._begin.set()

    async def enter(self) -> None:
        """Wait until there is room for one more."""
        if self._slots:
            await self._slots.acquire()

    def leave(self) -> None:
        """Make room."""
        if self._slots:
            self._slots.release()

    def forking(self, task: Forking) -> Forking:
        """A group that is being forked; members wait for it."""
        self._forkings.append(task)
        return task

    def hold(self, forks: Forks) -> None:
        """A group is forked; its start is needed until `done_with` it."""
        self._held.append(forks)
        self._needed.append(forks)
        self._holds.take(forks.brief.snapshot)

    def done_with(self, forks: Forks) -> bool:
        """A group has ended; returns whether nobody needs its start any more."""
        self._needed.remove(forks)
        return self._holds.leave(forks.brief.snapshot)

    def unneeded(self) -> list[str]:
        """Nothing is played any more: the starts of groups that did not come to their end, and that nobody needs."""
        needed, self._needed = self._needed, []
        return [forks.brief.snapshot for forks in needed if self._holds.leave(forks.brief.snapshot)]

    async def all_launched(self) -> None:
        """No group is to come: members that wait for all to be forked may begin when they are."""
        if not self._begin.is_set() and self._forkings:
            await asyncio.wait(self._forkings)
        self._begin.set()

    async def seated(self, forking: Forking) -> None:
        """Wait until a member of this group may begin."""
        await self._begin.wait()
        if not forking.done():
            await asyncio.wait([forking])

    def left_over(self) -> Iterator[Opened]:
        """Forks that no member has taken, and those of members that were cancelled before they had closed them."""
        for forks in self._held:
            yield from forks.opened
        yield from (live.opened for live in self.live)
