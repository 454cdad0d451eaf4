"""The floor: how many episodes are played at once, what they start from, and when the first may begin."""

import asyncio
from collections import Counter
from collections.abc import Iterator

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

    Attributes:
        live: What is being played.
    """

    def __init__(self, parallel: int | None) -> None:
        self._slots = asyncio.Semaphore(parallel) if parallel else None
        self._begin = asyncio.Event()
        self._forkings: list[Forking] = []
        self._held: list[Forks] = []
        self._uses: Counter[str] = Counter()
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
        self._uses[forks.brief.snapshot] += 1

    def done_with(self, forks: Forks) -> bool:
        """A group has ended; returns whether nobody needs its start any more."""
        self._uses[forks.brief.snapshot] -= 1
        return self._uses[forks.brief.snapshot] == 0

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
