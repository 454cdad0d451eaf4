"""The contract of user simulators: who talks to the agent.

A user is a pure function of its state: the state is JSON, seeded, part of the episode, and forks with the
world. A simulator itself holds nothing that changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from greenroom.messages import Message
from greenroom.tasks import Goal

UserState = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class UserTurn:
    """What the user does next.

    Attributes:
        text: What the user says; may be a goodbye when `ends`.
        state: The user's state afterwards (JSON).
        ends: Whether the user ends the conversation with this turn.
        act: What kind of turn it was, for statistics: `open`, `answer`, `correct`, `repeat`, `thank`, `leave`…
    """

    text: str
    state: UserState
    ends: bool = False
    act: str = ""


class UserSimulator(Protocol):
    """Somebody who wants something from the agent."""

    @property
    def name(self) -> str:
        """The name under which it was chosen."""
        ...

    def open(self, goal: Goal, seed: int) -> UserTurn:
        """The opening turn. Same goal and seed, same turn."""
        ...

    def reply(self, state: UserState, messages: Sequence[Message]) -> UserTurn:
        """The answer to the agent's last message, given the state of the turn before and all messages."""
        ...
