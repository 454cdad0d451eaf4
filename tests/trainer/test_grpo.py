from pathlib import Path

import pytest

from greenroom.plugins import load_simulator
from greenroom.sandboxes import LocalSandbox
from greenroom_trainer import grpo
from greenroom_trainer.arena import Arena
from greenroom_trainer.grpo import GRPOConfig
from greenroom_trainer.model import PolicyModel
from support import parity


def learn(tiny: PolicyModel, tmp_path: Path, **changes: object) -> list[dict[str, float]]:
    arena = Arena(sandbox=LocalSandbox(parity.app, cache_dir=tmp_path), user=load_simulator("goal"))
    tiny.turn_tokens = 8
    config = GRPOConfig(**{"steps": 25, "groups": 4, "size": 8, "lr": 1e-2, "dev_every": 0, **changes})
    told: list[dict[str, float]] = []
    grpo.train(tiny, arena, config, tmp_path / "out", report=lambda step, metrics: told.append(metrics))
    return told


@pytest.mark.slow
def test_it_learns_what_is_rewarded(tiny: PolicyModel, tmp_path: Path) -> None:
    told = learn(tiny, tmp_path)
    first, last = (sum(t["reward"] for t in part) / 5 for part in (told[:5], told[-5:]))
    assert last > first + 0.1
    assert told[-1]["kl"] > told[0]["kl"] >= 0


@pytest.mark.slow
def test_the_first_update_finds_the_policy_that_sampled(tiny: PolicyModel, tmp_path: Path) -> None:
    (told,) = learn(tiny, tmp_path, steps=1, minibatches=1)
    assert told["clipped"] == 0 and abs(told["kl"]) < 1e-6
    assert told["invalid"] == 0 and told["teaching"] > 0
