from typing import Any

import pytest
import torch

from greenroom_trainer.hf import HFNetwork
from greenroom_trainer.model import with_lora
from greenroom_trainer.network import Context
from greenroom_trainer.qwen3 import Qwen3Network


def qwen3(layers: int = 2, kv_heads: int = 1, seed: int = 0) -> Any:
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(seed)
    config = Qwen3Config(
        vocab_size=50,
        hidden_size=16,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=kv_heads,
        head_dim=12,
        intermediate_size=24,
        initializer_range=0.3,
    )
    return Qwen3ForCausalLM(config)


def adapted() -> Any:
    model = with_lora(qwen3(), 4, seed=1)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    return model


MODELS = {"grouped": qwen3, "ungrouped": lambda: qwen3(kv_heads=2), "LoRA": adapted}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_scores_are_those_of_transformers(make: Any) -> None:
    model = make()
    ids = torch.randint(0, 50, (3, 17))
    select = torch.ones_like(ids, dtype=torch.bool)
    own = Qwen3Network(model).logits(ids, select)
    torch.testing.assert_close(own, model(input_ids=ids).logits.reshape(-1, 50), atol=1e-4, rtol=1e-4)


def likeliest(logits: torch.Tensor, rows: Any) -> tuple[list[int], list[float]]:
    scores = torch.log_softmax(logits, -1)
    best = scores.argmax(-1)
    return best.tolist(), scores.gather(1, best[:, None])[:, 0].tolist()


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("kind", [Qwen3Network, HFNetwork])
def test_cached_turns_score_as_one_pass_over_everything(make: Any, kind: Any) -> None:
    model = make()
    network = kind(model)
    contexts = [Context(ids=[1, 2, 3]), Context(ids=[4]), Context(ids=[5, 6, 7, 8, 9])]
    sampled: list[list[tuple[int, float]]] = [[], [], []]
    for new in ([10, 11], [12], [13, 14, 15]):
        for context, row in zip(contexts, sampled, strict=True):
            context.ids += new
            row += [(-1, 0.0)] * (len(context.ids) - len(row))
        turns = network.generate(contexts, likeliest, end_ids=frozenset({20, 21, 22, 23, 24, 25}), limit=9)
        for turn, row in zip(turns, sampled, strict=True):
            row += list(zip(turn.ids, turn.logprobs, strict=True))
    for context, row in zip(contexts, sampled, strict=True):
        scores = torch.log_softmax(model(input_ids=torch.tensor([context.ids])).logits[0], -1)
        for position, (token, logprob) in enumerate(row):
            if token >= 0:
                assert context.ids[position] == token
                assert scores[position - 1, token].item() == pytest.approx(logprob, abs=1e-4)


def test_after_refresh_an_update_is_sampled_from() -> None:
    model = qwen3()
    network = Qwen3Network(model)
    first = network.generate([Context(ids=[1])], likeliest, end_ids=frozenset(), limit=3)
    with torch.no_grad():
        model.model.layers[0].self_attn.q_proj.weight.add_(torch.randn(24, 16))
        model.model.layers[1].mlp.down_proj.weight.add_(torch.randn(16, 24))
    network.refresh()
    fresh = Qwen3Network(model).generate([Context(ids=[1])], likeliest, end_ids=frozenset(), limit=3)
    assert network.generate([Context(ids=[1])], likeliest, end_ids=frozenset(), limit=3) == fresh != first
