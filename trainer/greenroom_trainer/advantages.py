"""Advantages: how much better a rollout was than the others of its group."""

from collections.abc import Sequence

EPSILON = 1e-4


def group_advantages(rewards: Sequence[float], *, normalise: bool = True) -> list[float]:
    """Group-relative advantages A_i = (r_i - mean(r)) / std(r): DeepSeekMath (arXiv 2402.03300), section 4.1.2.

    Args:
        rewards: The rewards of one group's valid members.
        normalise: Divide by the standard deviation; without, as in Dr. GRPO (arXiv 2503.20783).

    Returns:
        One advantage each; all 0 where all rewards are the same, since such a group teaches nothing.
    """
    if not rewards or min(rewards) == max(rewards):
        return [0.0] * len(rewards)
    mean = sum(rewards) / len(rewards)
    centred = [r - mean for r in rewards]
    if not normalise:
        return centred
    spread = (sum(c * c for c in centred) / max(1, len(rewards) - 1)) ** 0.5
    return [c / (spread + EPSILON) for c in centred]
