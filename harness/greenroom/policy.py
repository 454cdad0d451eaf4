"""The contract of policies: whatever chooses the next assistant message."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from greenroom.messages import Message

TOO_LONG = "This conversation is longer than I can read."
"""What a policy says, unsampled, once a conversation has outgrown its model: that is its own failure, and scored."""


@dataclass(frozen=True, kw_only=True)
class EpisodeStart:
    """What a policy is given when an episode begins. Plain data.

    Attributes:
        task: The task's id.
        messages: The conversation so far: the app's policy text (system) and the user's opening.
        tools: OpenAI tool schemas.
        seed: The policy's own seed: differs between the members of a group.
        max_steps: How many assistant messages it may send.
        solution: The oracle's messages; only scripted policies may look at them.
        slips: Mistaken solutions; likewise.
    """

    task: str
    messages: Sequence[Message]
    tools: Sequence[dict[str, Any]]
    seed: int
    max_steps: int
    solution: Sequence[Message] = ()
    slips: Sequence[Sequence[Message]] = ()


@dataclass(kw_only=True)
class TokenRecord:
    """The tokens of one rollout, exactly as the policy saw and sampled them.

    Attributes:
        ids: All token ids in order, shape (T,).
        mask: 1 where the policy sampled the token, 0 where it was given, shape (T,).
        logprobs: Log-probability under the sampling policy where mask is 1, else 0.0, shape (T,).
    """

    ids: list[int] = field(default_factory=list[int])
    mask: list[int] = field(default_factory=list[int])
    logprobs: list[float] = field(default_factory=list[float])


class PolicySession(Protocol):
    """A policy's side of one episode."""

    async def act(self, new: Sequence[Message]) -> Message:
        """The next assistant message, given the messages that came since the last (at first: all)."""
        ...

    def tokens(self) -> TokenRecord | None:
        """The tokens so far, or None for a policy without tokens."""
        ...

    def close(self) -> None:
        """The episode is over (or was given up); may be called twice."""
        ...


class Policy(Protocol):
    """Plays many episodes at once; one session each."""

    @property
    def name(self) -> str:
        """How it is recorded, such as `oracle` or a path."""
        ...

    def session(self, start: EpisodeStart) -> PolicySession:
        """Begin an episode."""
        ...
