"""A rollout: an episode played by a policy, recorded as a trajectory."""

from dataclasses import dataclass, field
from typing import Any

from greenroom.messages import Message
from greenroom.policy import TokenRecord
from greenroom.rollouts.failure import Failure


@dataclass(kw_only=True)
class Trajectory:
    """What happened: exactly the messages that the policy saw and wrote, and what came of them.

    Attributes:
        messages: The conversation.
        tokens: The tokens as the policy saw and sampled them; None for a policy without tokens.
        reward: The verifier's score; None when the rollout is invalid.
        findings: What the verifier found.
        acts: What kind of turns the user took.
        faults: What went wrong on the way of its calls (`Fault.to_json`, with its `step`); the policy never saw it.
        steps: How many assistant messages were played.
        truncated: Whether the step limit ended it.
    """

    messages: list[Message] = field(default_factory=list[Message])
    tokens: TokenRecord | None = None
    reward: float | None = None
    findings: tuple[str, ...] = ()
    acts: list[str] = field(default_factory=list[str])
    faults: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    steps: int = 0
    truncated: bool = False


@dataclass(kw_only=True)
class Rollout:
    """One member of a group.

    Attributes:
        task: The task's id.
        group: The group's number in its run.
        member: Its number in the group.
        seed: The policy's seed.
        state: The id of the world it started from, as its own fork proved it.
        trajectory: What happened.
        failure: Why it is invalid; None when it is valid.
        content_id: Of the last world; None when it was not asked for or the rollout is invalid.
        seconds: Wall-clock time by part: `policy`, `step`, `total`.
    """

    task: str
    group: int
    member: int
    seed: int
    state: str
    trajectory: Trajectory = field(default_factory=Trajectory)
    failure: Failure | None = None
    content_id: str | None = None
    seconds: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def valid(self) -> bool:
        """Whether it may be learned from; an invalid rollout has no reward."""
        return self.failure is None

    @property
    def reward(self) -> float | None:
        """The verifier's score; None when the rollout is invalid."""
        return self.trajectory.reward

    @property
    def success(self) -> bool:
        """Whether everything was right."""
        return self.reward is not None and self.reward >= 1.0
