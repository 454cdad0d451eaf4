import asyncio
from pathlib import Path

import pytest
import torch

from greenroom.errors import GreenroomError
from greenroom.plugins import load_simulator
from greenroom.rollouts import GroupSpec, Rollout, Rollouts, load_policy
from greenroom.sandboxes import LocalSandbox
from greenroom_trainer.engine import Engine
from greenroom_trainer.model import PolicyModel, load_model
from greenroom_trainer.policy import EnginePolicy


def weights(model: PolicyModel) -> dict[str, torch.Tensor]:
    return dict(model.module.state_dict())


def same(one: PolicyModel, other: PolicyModel) -> bool:
    left, right = weights(one), weights(other)
    return left.keys() == right.keys() and all(torch.equal(left[k], right[k]) for k in left)


def test_a_tiny_model_is_loaded_as_it_was_saved(tiny: PolicyModel, tmp_path: Path) -> None:
    tiny.save(tmp_path)
    loaded = load_model(str(tmp_path))
    assert same(loaded, tiny) and loaded.compact
    assert loaded.tokenizer.encode(" from:Danielle").ids == tiny.tokenizer.encode(" from:Danielle").ids


def test_an_adapter_is_loaded_with_its_base(tiny: PolicyModel, tmp_path: Path) -> None:
    tiny.save(tmp_path / "base")
    adapted = load_model(str(tmp_path / "base"), lora=2, seed=5)
    assert 0 < sum(p.numel() for p in adapted.parameters) < sum(p.numel() for p in tiny.parameters)
    adapted.save(tmp_path / "adapter")
    for file in ("tokenizer.json", "compact.json"):
        assert (tmp_path / "adapter" / file).exists()
    loaded = load_model(str(tmp_path / "adapter"))
    assert same(loaded, adapted) and loaded.lora
    assert len(loaded.parameters) == len(adapted.parameters)


def test_who_may_read_a_config_may_read_its_weights(tiny: PolicyModel, tmp_path: Path) -> None:
    tiny.save(tmp_path / "base")
    load_model(str(tmp_path / "base"), lora=2).save(tmp_path / "adapter")
    for config, weights_file in (
        (tmp_path / "base/config.json", tmp_path / "base/model.safetensors"),
        (tmp_path / "adapter/adapter_config.json", tmp_path / "adapter/adapter_model.safetensors"),
    ):
        assert weights_file.stat().st_mode == config.stat().st_mode


def play(model: PolicyModel, sandbox: LocalSandbox) -> Rollout:
    engine = Engine(model.network, end_ids=model.codec.end_ids, turn_tokens=model.turn_tokens)
    policy = EnginePolicy(engine, model.codec, "tested", model.max_tokens)
    rollouts = Rollouts(sandbox, load_simulator("goal"), policy)
    task = f"notes/train/{sandbox.families()[0]}/1"
    (group,) = asyncio.run(rollouts.play([GroupSpec(task, 1, 1)]))
    return group.rollouts[0]


@pytest.mark.parametrize("lora", [0, 2])
def test_any_chat_model_plays_and_its_tokens_are_recorded(chat_model: Path, lora: int, sandbox: LocalSandbox) -> None:
    model = load_model(str(chat_model), lora=lora)
    model.turn_tokens = 12
    rollout = play(model, sandbox)
    record = rollout.trajectory.tokens
    assert rollout.valid, rollout.failure
    assert record is not None and len(record.ids) == len(record.mask) == len(record.logprobs)
    ids, sampled = torch.tensor([record.ids]), torch.tensor(record.mask[1:], dtype=torch.bool)
    with torch.no_grad():
        scores = torch.log_softmax(model.module(input_ids=ids).logits[0, :-1].float(), -1)
    found = scores.gather(1, ids[0, 1:, None])[:, 0][sampled]
    torch.testing.assert_close(found, torch.tensor(record.logprobs[1:])[sampled], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    "path, message",
    [
        ("./nowhere/model", "no model at './nowhere/model'"),
        ("{tmp}", "no model in"),
        ("{tmp}/mdel", "did you mean 'model'"),
    ],
)
def test_a_path_without_model_is_refused(path: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    with pytest.raises(GreenroomError, match=message):
        load_model(path.format(tmp=tmp_path))


def test_a_checkpoint_is_a_policy_by_its_path(tiny: PolicyModel, tmp_path: Path) -> None:
    tiny.save(tmp_path / "model")
    policy = load_policy(str(tmp_path / "model"))
    assert policy.name == str(tmp_path / "model")
