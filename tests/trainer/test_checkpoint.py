from pathlib import Path

import pytest
import torch

from greenroom.errors import UsageError
from greenroom_trainer import checkpoint
from greenroom_trainer.checkpoint import Checkpoint
from greenroom_trainer.model import PolicyModel, load_model


def at(step: int) -> Checkpoint:
    return Checkpoint(step, {"state": {0: {"exp_avg": torch.tensor([0.1, step])}}}, {"lr": 0.1}, {})


def test_a_checkpoint_comes_back(tiny: PolicyModel, tmp_path: Path) -> None:
    folder = checkpoint.save(tmp_path, tiny, at(7))
    loaded = checkpoint.load(folder)
    assert (loaded.step, loaded.config) == (7, {"lr": 0.1})
    assert torch.equal(loaded.optimizer["state"][0]["exp_avg"], torch.tensor([0.1, 7]))
    assert load_model(str(tmp_path)).compact


def test_only_the_last_ones_are_kept(tiny: PolicyModel, tmp_path: Path) -> None:
    for step in range(1, 5):
        checkpoint.save(tmp_path, tiny, at(step), keep=2)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["step-000003", "step-000004"]
    newest = checkpoint.newest(tmp_path)
    assert newest is not None and newest.name == "step-000004"


def test_a_draft_is_no_checkpoint(tiny: PolicyModel, tmp_path: Path) -> None:
    checkpoint.save(tmp_path, tiny, at(1)).rename(tmp_path / ".draft-000001")
    assert checkpoint.newest(tmp_path) is None


def test_a_broken_checkpoint_is_named(tiny: PolicyModel, tmp_path: Path) -> None:
    folder = checkpoint.save(tmp_path, tiny, at(1))
    (folder / checkpoint.STATE).write_bytes(b"half")
    with pytest.raises(UsageError, match=r"step-000001.*cannot be read"):
        checkpoint.load(folder)
