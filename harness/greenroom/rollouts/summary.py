"""What came of a number of rollouts, in a few figures."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from greenroom.rollouts.rollout import Rollout


@dataclass
class Summary:
    """Figures of a set of rollouts.

    Attributes:
        rollouts: All of them.
        invalid: How many are invalid; they count in none of the figures below.
        reward: Mean reward.
        success: Share with reward 1.
        steps: Mean number of assistant messages.
        causes: How many failed at which boundary.
    """

    rollouts: int = 0
    invalid: int = 0
    reward: float | None = None
    success: float | None = None
    steps: float | None = None
    causes: dict[str, int] = field(default_factory=dict[str, int])

    @classmethod
    def of(cls, rollouts: Iterable[Rollout]) -> "Summary":
        """Add up."""
        played = list(rollouts)
        valid = [r for r in played if r.valid]
        causes = Counter(r.failure.boundary for r in played if r.failure)
        summary = cls(len(played), len(played) - len(valid), causes=dict(causes))
        if valid:
            summary.reward = sum(r.reward or 0.0 for r in valid) / len(valid)
            summary.success = sum(r.success for r in valid) / len(valid)
            summary.steps = sum(r.trajectory.steps for r in valid) / len(valid)
        return summary

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)


def by_family(rollouts: Iterable[Rollout]) -> dict[str, Summary]:
    """A summary of each task family, by its name."""
    families: dict[str, list[Rollout]] = {}
    for rollout in rollouts:
        families.setdefault(rollout.task.split("/")[2], []).append(rollout)
    return {name: Summary.of(members) for name, members in sorted(families.items())}
