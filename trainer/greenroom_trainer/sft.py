"""Supervised warm start: next-token loss on recorded demonstrations."""

import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from greenroom_trainer.codec import Example
from greenroom_trainer.model import PolicyModel
from greenroom_trainer.network import Network


@dataclass(frozen=True, kw_only=True)
class SFTConfig:
    """How to learn from demonstrations."""

    steps: int = 2900
    """Optimizer steps."""
    batch: int = 32
    """Conversations per step."""
    lr: float = 4e-3
    """Highest learning rate; warmed up, then a cosine down to a fiftieth."""
    warmup: int = 50
    """Steps until the highest learning rate."""
    given_weight: float = 1.0
    """Weight of the loss on tokens that the agent was given: reading results teaches copying too."""
    muon: float = 0.02
    """Learning rate of matrices under Muon; 0 leaves them to AdamW, as a model that is already trained wants."""
    renamed: float = 0.7
    """Share of conversations whose names, ids and numbers are renamed at random, alike wherever they occur."""
    seconds: float = 0.0
    """Stop after so much training time, 0 never; the learning rate follows whichever of steps and time ends first."""
    every: int = 100
    """Report every so many steps."""
    seed: int = 0
    """Order of the conversations, and how they are renamed."""


OUTSIDE = ("embed_tokens.weight", "lm_head.weight")
"""Matrices that are tables, not maps: Muon is not for them."""
Report = Callable[[dict[str, Any]], None]


def padded(rows: Sequence[Sequence[float]], dtype: torch.dtype = torch.long) -> Tensor:
    """Rows of unequal length as one tensor, zeros on the right."""
    length = max(map(len, rows))
    return torch.tensor([[*row, *([0] * (length - len(row)))] for row in rows], dtype=dtype)


def batches(examples: Sequence[Example], size: int, rng: random.Random) -> Iterator[list[Example]]:
    """Batches for ever, reshuffled each epoch; conversations of like length together, to waste little padding."""
    while True:
        order = list(examples)
        rng.shuffle(order)
        for k in range(0, len(order), 16 * size):
            pool = sorted(order[k : k + 16 * size], key=lambda e: len(e.ids))
            chunks = [pool[j : j + size] for j in range(0, len(pool), size)]
            rng.shuffle(chunks)
            yield from (c for c in chunks if len(c) == size or len(order) < size)


def weights(ids: Sequence[int], mask: Sequence[int], given: float) -> list[float]:
    """Weights of the loss: 1 on the agent's tokens, `given` on given ones that repeat an earlier pair, else 0.

    A given token that nothing before announces (the first letters of a name) is noise to the gradient; one
    that repeats is practice in copying. What the agent wrote and the app refused is neither.
    """
    seen: set[tuple[int, int]] = set()
    found: list[float] = []
    pair = (-1, -1)
    for token, own in zip(ids, mask, strict=True):
        pair = (pair[1], token)
        found.append(1.0 if own == 1 else given if own == 0 and pair in seen else 0.0)
        seen.add(pair)
    return found


Rename = Callable[[list[int], random.Random], list[int]]
"""Changes a conversation's values alike wherever they occur."""


def optimizers(model: PolicyModel, config: SFTConfig) -> list[torch.optim.Optimizer]:
    """Muon (Jordan et al. 2024) for matrices of a model trained from nothing, AdamW for all else.

    Measured on mail: the same copying loss after two thirds of the steps that AdamW alone needs.
    """
    named = [(n, p) for n, p in model.module.named_parameters() if p.requires_grad]
    matrices = [p for n, p in named if p.ndim == 2 and not n.endswith(OUTSIDE)] if config.muon else []
    inside = set(map(id, matrices))
    rest = [p for _, p in named if id(p) not in inside]
    chosen: list[torch.optim.Optimizer] = [torch.optim.AdamW(rest, lr=config.lr, betas=(0.9, 0.98), weight_decay=0.01)]
    if matrices:
        chosen.append(torch.optim.Muon(matrices, lr=config.muon, momentum=0.95, weight_decay=0.01))
    for optimizer in chosen:
        for group in optimizer.param_groups:
            group["highest"] = group["lr"]
    return chosen


def train(
    model: PolicyModel,
    examples: Sequence[Example],
    config: SFTConfig,
    rename: Rename | None = None,
    report: Report = lambda _: None,
) -> None:
    """Train on examples; `report` gets step, loss (the agent's tokens) and seconds now and then."""
    chosen = optimizers(model, config)
    rng = random.Random(config.seed)
    stream = batches(examples, config.batch, rng)
    begun, tokens = time.monotonic(), 0
    for step in range(1, config.steps + 1):
        spent = time.monotonic() - begun
        hurry = spent / config.seconds if config.seconds else 0.0
        if hurry > 1:
            break
        rate = schedule(step, max(step / config.steps, hurry), config.warmup)
        for optimizer in chosen:
            for group in optimizer.param_groups:
                group["lr"] = group["highest"] * rate
            optimizer.zero_grad(set_to_none=True)
        batch = next(stream)
        rows = [e.ids for e in batch]
        if rename:
            rows = [rename(row, rng) if rng.random() < config.renamed else row for row in rows]
        loss, own = imitation_loss(model.network, rows, [e.mask for e in batch], config.given_weight)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters, 1.0)
        for optimizer in chosen:
            optimizer.step()
        tokens += sum(map(len, rows))
        if step % config.every == 0:
            report({"step": step, "loss": own, "seconds": time.monotonic() - begun, "tokens": tokens})


def schedule(step: int, share: float, warmup: int) -> float:
    """The learning rate as a share of its highest: a ramp, then half a cosine down to a fiftieth."""
    return min(1.0, step / max(1, warmup)) * (0.02 + 0.49 * (1 + math.cos(math.pi * min(1.0, share))))


def imitation_loss(
    network: Network, rows: Sequence[list[int]], masks: Sequence[list[int]], given: float
) -> tuple[Tensor, float]:
    """The weighted next-token loss, and the plain mean over the agent's tokens."""
    ids = padded(rows)
    weight = padded([weights(r, m, given) for r, m in zip(rows, masks, strict=True)], torch.float32)[:, 1:]
    select = weight > 0
    logits = network.logits(ids[:, :-1], select).float()
    losses = functional.cross_entropy(logits, ids[:, 1:][select].to(logits.device), reduction="none")
    weight = weight[select].to(logits.device)
    own = losses[(padded(masks)[:, 1:] == 1)[select].to(logits.device)]
    return (losses * weight).sum() / weight.sum(), own.mean().item() if len(own) else 0.0
