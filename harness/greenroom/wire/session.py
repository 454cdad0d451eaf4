"""A session: one client of the control plane, and what is held for it."""

import itertools
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from greenroom.errors import SandboxLostError
from greenroom.wire.replay import Replay
from greenroom.wire.room import Room

_numbers = itertools.count(1)


@dataclass(eq=False)
class Session:
    """One client of the control plane, over all its connections.

    Attributes:
        token: What it is resumed by.
        room: What it is about; None for REST, where each request says it.
        replay: Its latest answers.
        episodes: What it has opened.
        snapshots: What it was told of and has not released, and where that is.
        holds: How often it was told of each of them: as often it is released before it is forgotten.
        seen: When it was last heard of.
        connected: How many connections it has; of REST, how many requests are being answered.
        named: When each of its snapshots was last named.
        ended: Whether it is over: nothing begins in it any more.
        number: Tells it from others that had the same token, before or after.
    """

    token: str
    room: Room | None
    replay: Replay
    seen: float
    episodes: set[str] = field(default_factory=set[str])
    snapshots: dict[str, Room] = field(default_factory=dict[str, Room])
    holds: Counter[str] = field(default_factory=Counter[str])
    connected: int = 0
    named: dict[str, float] = field(default_factory=dict[str, float])
    ended: bool = False
    number: int = field(default_factory=_numbers.__next__)

    def check(self) -> None:
        """Refuse what would begin in a session that is over.

        Raises:
            SandboxLostError: It is.
        """
        if self.ended:
            raise SandboxLostError("this session has ended: begin another one with a hello")

    @contextmanager
    def asking(self) -> Generator[None]:
        """A request of REST is being answered: the session is not given up meanwhile."""
        self.connected += 1
        try:
            yield
        finally:
            self.connected -= 1
