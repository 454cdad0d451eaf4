"""An episode that runs on a server: under names that nobody can guess."""

from dataclasses import dataclass

from greenroom.wire.room import Room
from greenroom.wire.session import Session


@dataclass(eq=False, slots=True, weakref_slot=True)
class Running:
    """An episode: where it runs, under which name, and who opened it.

    Attributes:
        id: Its public name.
        local: Its name in its sandbox.
        room: Where it runs.
        session: Who opened it.
        task: Its task.
        secret: The second half of its agent's token.
        seen: When it was last named.
    """

    id: str
    local: str
    room: Room
    session: Session
    task: str
    secret: str
    seen: float

    @property
    def token(self) -> str:
        """The token of its agent: good for this episode's tools and nothing else."""
        return f"{self.id}.{self.secret}"


@dataclass(frozen=True, kw_only=True)
class Started:
    """An episode that was opened, as it crosses the wire.

    Attributes:
        episode: Its name.
        state: The id of its world, as proved by the sandbox.
        token: Its agent's token.
    """

    episode: str
    state: str
    token: str
