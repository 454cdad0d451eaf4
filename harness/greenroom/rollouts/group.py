"""Groups: N rollouts of one task from one snapshot, under the same conditions."""

import hashlib
from dataclasses import dataclass, field

from greenroom.rollouts.rollout import Rollout


@dataclass(frozen=True)
class GroupSpec:
    """A group to play.

    Attributes:
        task: The task's id, such as `mail/train/find_fact/17`.
        size: How many members.
        seed: Everything that is drawn follows from it: the user's seed is the same for all members, the
            policy's differs.
    """

    task: str
    size: int = 1
    seed: int = 0

    @property
    def user_seed(self) -> int:
        """The user's seed, the same for all members."""
        return _stable(f"user/{self.seed}/{self.task}") % 2**31

    def policy_seed(self, member: int) -> int:
        """The policy's seed of one member."""
        return _stable(f"policy/{self.seed}/{self.task}/{member}") % 2**31


@dataclass(kw_only=True)
class Group:
    """A group that was played.

    Attributes:
        spec: What was asked for.
        number: Its number in its run.
        snapshot: The id of the world that all members started from; empty when it could not be made.
        state: The id that all forks proved at reset; empty likewise.
        opening: The id of the episode snapshot that all members proved before the first step: the world, the
            user's state and the messages; empty until a member has begun.
        rollouts: The members in order, the invalid ones included.
    """

    spec: GroupSpec
    number: int
    snapshot: str = ""
    state: str = ""
    opening: str = ""
    rollouts: list[Rollout] = field(default_factory=list[Rollout])

    @property
    def valid(self) -> list[Rollout]:
        """The members that may be learned from."""
        return [rollout for rollout in self.rollouts if rollout.valid]

    @property
    def rewards(self) -> list[float]:
        """The rewards of the valid members."""
        return [rollout.reward for rollout in self.valid if rollout.reward is not None]


def _stable(text: str) -> int:
    """A number that is the same in every process, unlike `hash`."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
