"""Losses over the tokens that the policy sampled."""

from torch import Tensor


def clipped_loss(new: Tensor, old: Tensor, advantages: Tensor, *, low: float, high: float) -> Tensor:
    """GRPO's clipped surrogate, one value per token.

    With the ratio w = exp(new - old), the loss is -min(w A, clip(w, 1 - low, 1 + high) A): PPO (arXiv
    1707.06347), equation 7, with the group-relative advantage of DeepSeekMath (arXiv 2402.03300), equation 3.
    The caller averages over all sampled tokens of a minibatch, as in DAPO (arXiv 2503.14476), section 3.3: long
    rollouts weigh more than in the original, which averages within each rollout first.

    Args:
        new: Log-probabilities under the policy being trained (N,), with gradient.
        old: Log-probabilities at sampling time (N,).
        advantages: The advantage of each token's rollout (N,).
        low: How far the ratio may fall below 1 before its gradient stops.
        high: How far it may rise above 1.
    """
    ratio = (new - old).exp()
    return -(ratio * advantages).minimum(ratio.clamp(1 - low, 1 + high) * advantages)


def kl_to(new: Tensor, reference: Tensor) -> Tensor:
    """An unbiased, non-negative estimate of KL(new ‖ reference), one value per token.

    exp(d) - d - 1 with d = reference - new, for tokens sampled from `new`: DeepSeekMath (arXiv 2402.03300),
    equation 4, after Schulman's "Approximating KL divergence".
    """
    d = reference - new
    return d.exp() - d - 1


def entropy(log_probabilities: Tensor) -> Tensor:
    """Entropy in nats of each row of log-probabilities (N, V)."""
    return -(log_probabilities.exp() * log_probabilities).sum(-1)
