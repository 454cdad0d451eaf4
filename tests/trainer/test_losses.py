import pytest
import torch

from greenroom_trainer.advantages import group_advantages
from greenroom_trainer.losses import clipped_loss, entropy, kl_to


def test_advantages_are_relative_to_the_group() -> None:
    assert group_advantages([1, 0, 0, 1]) == pytest.approx([0.866, -0.866, -0.866, 0.866], abs=1e-3)
    assert group_advantages([1, 0], normalise=False) == [0.5, -0.5]


@pytest.mark.parametrize("rewards", [[], [1.0], [0.5, 0.5, 0.5]])
def test_a_group_without_difference_teaches_nothing(rewards: list[float]) -> None:
    assert group_advantages(rewards) == [0.0] * len(rewards)


@pytest.mark.parametrize(
    "ratio, advantage, loss, flows",
    [
        (1.0, 2.0, -2.0, True),
        (1.5, 1.0, -1.2, False),
        (0.5, 1.0, -0.5, True),
        (0.5, -1.0, 0.8, False),
        (1.5, -1.0, 1.5, True),
    ],
)
def test_the_loss_is_clipped_on_one_side(ratio: float, advantage: float, loss: float, flows: bool) -> None:
    new = torch.tensor([ratio]).log().requires_grad_()
    found = clipped_loss(new, torch.zeros(1), torch.tensor([advantage]), low=0.2, high=0.2)
    found.sum().backward()
    assert found.item() == pytest.approx(loss, abs=1e-5)
    assert new.grad is not None and (new.grad.item() != 0) == flows


def test_the_divergence_estimate_is_unbiased_and_never_negative() -> None:
    p, q = torch.log_softmax(torch.randn(6), -1), torch.log_softmax(torch.randn(6), -1)
    assert (kl_to(p, q) >= 0).all() and kl_to(p, p).abs().max() < 1e-6
    assert (p.exp() * kl_to(p, q)).sum().item() == pytest.approx((p.exp() * (p - q)).sum().item(), abs=1e-5)


def test_entropy_of_a_fair_die() -> None:
    assert entropy(torch.log_softmax(torch.zeros(1, 6), -1)).item() == pytest.approx(1.7918, abs=1e-3)
