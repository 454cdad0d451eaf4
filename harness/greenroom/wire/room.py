"""A room: the one sandbox that a server keeps for an app and a kind of world, and what is known of its snapshots."""

import asyncio
from dataclasses import dataclass, field

from greenroom.app import App
from greenroom.sandboxes.local import LocalSandbox
from greenroom.tasks import TaskId
from greenroom.wire.protocol import WorldSpec


@dataclass(eq=False)
class Room:
    """One app, one kind of world.

    Attributes:
        app: The app.
        spec: The worlds.
        sandbox: Where they run.
        holders: By snapshot, the sessions that were told of it and have not released it.
    """

    app: App
    spec: WorldSpec
    sandbox: LocalSandbox
    holders: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    _building: asyncio.Lock = field(default_factory=asyncio.Lock)
    _waiting: int = 0

    @property
    def needed(self) -> bool:
        """Whether a session holds a snapshot of it, or waits for a base."""
        return bool(self.holders or self._waiting)

    async def ready(self, task: str) -> None:
        """Build the base of a task's split, in a thread: it can take minutes, and others are served meanwhile."""
        try:
            split = TaskId.parse(task).split
        except ValueError:
            return  # The sandbox says what is wrong with it.
        if self.sandbox.has_base(split):
            return
        self._waiting += 1
        try:
            async with self._building:
                if not self.sandbox.has_base(split):
                    await asyncio.to_thread(self.sandbox.base, split)
        finally:
            self._waiting -= 1

    def hold(self, snapshot: str, session: str) -> None:
        """Keep a snapshot for a session."""
        self.holders.setdefault(snapshot, set()).add(session)

    def let_go(self, snapshot: str, session: str) -> bool:
        """A session needs a snapshot no longer; forgotten when nobody does. Returns whether it is."""
        holders = self.holders.get(snapshot)
        if holders is None:
            return False
        holders.discard(session)
        if holders:
            return False
        del self.holders[snapshot]
        self.sandbox.release(snapshot)
        return True
