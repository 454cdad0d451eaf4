import pytest
import torch

from greenroom_trainer.codec import REFUSED, Example, example
from greenroom_trainer.model import PolicyModel
from greenroom_trainer.rename import Renamer
from greenroom_trainer.sft import SFTConfig, schedule, train, weights
from support.tiny import CONVERSATION, TOOLS


def test_given_tokens_count_only_where_they_repeat() -> None:
    ids = [5, 6, 7, 5, 6, 8, 5, 6]
    assert weights(ids, [0, 0, 0, 0, 0, 1, 0, 0], 0.5) == [0, 0, 0, 0, 0.5, 1.0, 0, 0.5]


@pytest.mark.parametrize("muon", [0.0, 0.02])
def test_imitation_lowers_the_loss(tiny: PolicyModel, muon: float) -> None:
    examples = [example(tiny.codec, CONVERSATION, TOOLS)] * 4
    told: list[float] = []
    config = SFTConfig(steps=40, batch=4, warmup=5, every=1, muon=muon)
    train(tiny, examples, config, Renamer(tiny.tokenizer.get_vocab()), lambda d: told.append(d["loss"]))
    assert told[-1] < 0.8 * told[0]


def test_the_same_seed_gives_the_same_weights(tiny: PolicyModel) -> None:
    before = {k: v.clone() for k, v in tiny.module.state_dict().items()}
    examples = [example(tiny.codec, CONVERSATION, TOOLS), Example([1, 2, 3], [0, 1, 1])] * 4
    found: list[dict[str, torch.Tensor]] = []
    for _ in range(2):
        tiny.module.load_state_dict(before)
        train(tiny, examples, SFTConfig(steps=5, batch=4), Renamer(tiny.tokenizer.get_vocab()))
        found.append({k: v.clone() for k, v in tiny.module.state_dict().items()})
    assert all(torch.equal(found[0][k], found[1][k]) for k in before)
    assert not all(torch.equal(found[0][k], before[k]) for k in before)


def test_time_bounds_the_training(tiny: PolicyModel) -> None:
    told: list[int] = []
    examples = [example(tiny.codec, CONVERSATION, TOOLS)] * 4
    train(
        tiny, examples, SFTConfig(steps=10**6, seconds=0.2, batch=2, every=1), report=lambda d: told.append(d["step"])
    )
    assert told and told[-1] < 10**6


def test_the_rate_rises_then_falls_to_a_fiftieth() -> None:
    assert schedule(5, 0.0, 10) == pytest.approx(0.5)
    assert schedule(10, 0.0, 10) == pytest.approx(1.0)
    assert schedule(100, 1.0, 10) == pytest.approx(0.02)


def test_a_refused_turn_has_no_weight_even_where_it_repeats() -> None:
    ids, mask = [1, 2, 3, 1, 2, 1, 2], [0, 0, 1, REFUSED, REFUSED, 0, 0]
    assert weights(ids, mask, 0.5) == [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.5]
