"""GRPO: one loop, read from top to bottom.

    tasks -> groups of rollouts from one snapshot -> rewards -> advantages within the group
          -> clipped loss on the sampled tokens -> optimizer -> publish to the sampler -> checkpoint

After DeepSeekMath (arXiv 2402.03300). Left out of PPO: the value network and its loss (the group's mean
is the baseline), generalised advantage estimation (one reward at the end), reward whitening over the batch.
"""

import asyncio
import random
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from greenroom.rollouts import Group, GroupSpec
from greenroom_trainer import checkpoint
from greenroom_trainer.advantages import group_advantages
from greenroom_trainer.arena import Arena, success
from greenroom_trainer.engine import Engine
from greenroom_trainer.losses import clipped_loss, entropy, kl_to
from greenroom_trainer.model import PolicyModel, load_model
from greenroom_trainer.network import Network
from greenroom_trainer.policy import EnginePolicy
from greenroom_trainer.sft import padded

FIRST_TASK = 1_000_000
"""Tasks before this one are left to demonstrations."""


@dataclass(frozen=True, kw_only=True)
class GRPOConfig:
    """How to learn from rewards."""

    steps: int = 240
    """Optimizer rounds: as many times groups are played and learned from."""
    groups: int = 16
    """Tasks per step."""
    size: int = 8
    """Rollouts per task."""
    lr: float = 4e-4
    """Learning rate at the first step; it falls in a line to the last (or to the end of `seconds`)."""
    lr_end: float = 0.2
    """The learning rate at the last step, as a share of that at the first."""
    clip_low: float = 0.2
    """How far a token's probability ratio may fall before its gradient stops."""
    clip_high: float = 0.2
    """How far it may rise."""
    minibatches: int = 2
    """Optimizer steps per round."""
    rows: int = 32
    """Rollouts per forward pass."""
    kl: float = 0.0
    """Weight of the divergence from the starting policy in the loss; it is measured either way."""
    temperature: float = 1.0
    """Sampling temperature of rollouts."""
    dev_every: int = 20
    """Score on dev tasks every so many steps; 0 never."""
    dev_tasks: int = 60
    """How many dev tasks."""
    keep: int = 3
    """How many of the last checkpoints are kept."""
    shuffle: bool = False
    """Shuffle rewards within groups: a control that must not improve."""
    seconds: float = 0.0
    """Stop after so much time in the loop, dev scores left out; 0 never."""
    seed: int = 0
    """Everything that is drawn follows from it."""


@dataclass(frozen=True)
class Sample:
    """One rollout to learn from: its tokens, which of them were sampled, and its advantage."""

    ids: list[int]
    mask: list[int]
    logprobs: list[float]
    advantage: float


@dataclass
class Clock:
    """Seconds by part."""

    parts: dict[str, float] = field(default_factory=dict[str, float])

    @contextmanager
    def part(self, name: str) -> Generator[None]:
        """Count what happens inside under a name."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.parts[name] = self.parts.get(name, 0.0) + time.perf_counter() - begun


Report = Callable[[int, dict[str, float]], None]


def train(
    model: PolicyModel,
    arena: Arena,
    config: GRPOConfig,
    out: Path,
    *,
    run: int | None = None,
    resume: Path | None = None,
    report: Report = lambda step, metrics: None,
) -> None:
    """Train a policy.

    Args:
        model: Where it starts; when resuming, the model of the checkpoint.
        arena: Where it plays.
        config: How.
        out: Gets `start/` (the first weights) and `checkpoints/`.
        run: The run in the arena's store, for rollouts and metrics.
        resume: The checkpoint to go on from.
        report: Gets each step's metrics.
    """
    network, parameters = model.network, model.parameters
    optimizer = torch.optim.Adam(parameters, lr=config.lr, betas=(0.9, 0.95))
    done, spent = 0, 0.0
    if resume:
        state = checkpoint.load(resume)
        optimizer.load_state_dict(state.optimizer)
        done, spent = state.step, float(state.extra.get("spent", 0.0))
    else:
        model.save(out / "start")
    start = _frozen(out / "start")
    network.refresh()
    engine = Engine(network, end_ids=model.codec.end_ids, temperature=config.temperature, turn_tokens=model.turn_tokens)
    policy = EnginePolicy(engine, model.codec, "training", model.max_tokens)
    for step in range(done + 1, config.steps + 1):
        clock, metrics = Clock(), dict[str, float]()
        for group in optimizer.param_groups:
            group["lr"] = config.lr * (1 - (1 - config.lr_end) * _progress(step, spent, config))
        rng = random.Random(f"{config.seed}/{step}")

        with clock.part("rollouts"):
            tasks = arena.tasks("train", config.groups, FIRST_TASK + (step - 1) * config.groups)
            specs = [GroupSpec(task, config.size, config.seed) for task in tasks]
            groups = asyncio.run(arena.play(policy, specs, run))
        samples = _samples(groups, rng if config.shuffle else None)
        with clock.part("update"):
            metrics |= update(network, optimizer, parameters, samples, config, rng, start)
        with clock.part("publish"):
            network.refresh()
        metrics |= _figures(groups)
        _note(arena, run, step, metrics)  # before the checkpoint: a step that is not done again has its metrics
        with clock.part("checkpoint"):
            extra = {"spent": spent + sum(clock.parts.values())}
            state = checkpoint.Checkpoint(step, optimizer.state_dict(), asdict(config), extra)
            checkpoint.save(out / "checkpoints", model, state, keep=config.keep)
        spent += sum(clock.parts.values())
        last = step == config.steps or 0 < config.seconds < spent
        if config.dev_every and (step % config.dev_every == 0 or step == 1 or last):
            with clock.part("dev"):
                played = asyncio.run(
                    arena.play(policy, [GroupSpec(t, 1, config.seed) for t in arena.tasks("dev", config.dev_tasks)])
                )
            metrics["dev"] = success([r for g in played for r in g.rollouts])
        metrics |= {f"seconds_{name}": s for name, s in clock.parts.items()}
        _note(arena, run, step, metrics)
        report(step, metrics)
        if last:
            return


def _note(arena: Arena, run: int | None, step: int, metrics: dict[str, float]) -> None:
    if arena.store is not None and run is not None:
        arena.store.add_metrics(run, step, metrics)


def _progress(step: int, spent: float, config: GRPOConfig) -> float:
    """How far the run is, from 0 to 1: by steps or, with a time limit, by whichever ends first."""
    by_time = spent / config.seconds if config.seconds else 0.0
    return min(1.0, max((step - 1) / max(1, config.steps - 1), by_time))


def update(
    network: Network,
    optimizer: torch.optim.Optimizer,
    parameters: Sequence[Tensor],
    samples: Sequence[Sample],
    config: GRPOConfig,
    rng: random.Random,
    start: Network | None,
) -> dict[str, float]:
    """One pass over the samples that teach something; returns entropy, divergence from the start, and more."""
    teaching = [s for s in samples if s.advantage]
    rng.shuffle(teaching)
    totals = {"entropy": 0.0, "kl": 0.0, "clipped": 0.0}
    tokens = 0
    size = -(-len(teaching) // config.minibatches)
    for k in range(0, len(teaching), max(1, size)):
        batch = sorted(teaching[k : k + size], key=lambda s: len(s.ids))
        count = sum(sum(s.mask) for s in batch)
        optimizer.zero_grad(set_to_none=True)
        for j in range(0, len(batch), config.rows):
            loss, figures = _loss(network, batch[j : j + config.rows], config, start)
            (loss / count).backward()
            for name, value in figures.items():
                totals[name] += value
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        tokens += count
    means = {name: value / tokens for name, value in totals.items()} if tokens else {}
    return means | {"teaching": float(len(teaching))}


def _loss(
    network: Network, batch: Sequence[Sample], config: GRPOConfig, start: Network | None
) -> tuple[Tensor, dict[str, float]]:
    """The summed loss of the sampled tokens of a few rollouts, and sums for the metrics."""
    ids = padded([s.ids for s in batch])
    select = padded([s.mask for s in batch])[:, 1:].bool()
    old = padded([s.logprobs for s in batch], torch.float32)[:, 1:][select]
    advantages = torch.tensor([s.advantage for s in batch])[:, None].expand(select.shape)[select]
    targets = ids[:, 1:][select][:, None]
    scores = torch.log_softmax(network.logits(ids[:, :-1], select).float() / (config.temperature or 1.0), -1)
    old, advantages, targets = old.to(scores.device), advantages.to(scores.device), targets.to(scores.device)
    new = scores.gather(1, targets)[:, 0]
    loss = clipped_loss(new, old, advantages, low=config.clip_low, high=config.clip_high).sum()
    figures = {"entropy": entropy(scores.detach()).sum().item()}
    ratio = (new.detach() - old).exp()
    figures["clipped"] = ((ratio < 1 - config.clip_low) | (ratio > 1 + config.clip_high)).float().sum().item()
    if start is not None:
        with torch.no_grad():
            reference = torch.log_softmax(start.logits(ids[:, :-1], select).float() / (config.temperature or 1.0), -1)
            reference = reference.gather(1, targets)[:, 0]
        divergence = kl_to(new, reference).sum()
        figures["kl"] = divergence.item()
        if config.kl:
            loss = loss + config.kl * divergence
    return loss, figures


def _samples(groups: Sequence[Group], shuffle: random.Random | None) -> list[Sample]:
    """The valid rollouts of groups with their advantages; what is invalid is left out, never scored 0."""
    samples: list[Sample] = []
    for group in groups:
        valid = [r for r in group.valid if r.trajectory.tokens and any(r.trajectory.tokens.mask)]
        rewards = [r.reward or 0.0 for r in valid]
        if shuffle:
            shuffle.shuffle(rewards)
        for rollout, advantage in zip(valid, group_advantages(rewards), strict=True):
            record = rollout.trajectory.tokens
            if record:
                samples.append(Sample(record.ids, record.mask, record.logprobs, advantage))
    return samples


def _figures(groups: Sequence[Group]) -> dict[str, float]:
    """Figures of the rollouts of one step."""
    rollouts = [r for g in groups for r in g.rollouts]
    valid = [r for r in rollouts if r.valid]
    count = max(1, len(valid))
    return {
        "reward": sum(r.reward or 0.0 for r in valid) / count,
        "success": success(valid),
        "length": sum(sum(r.trajectory.tokens.mask) for r in valid if r.trajectory.tokens) / count,
        "turns": sum(r.trajectory.steps for r in valid) / count,
        "invalid": float(len(rollouts) - len(valid)),
        "seconds_env": sum(r.seconds.get("step", 0.0) for r in valid),
    }


def _frozen(folder: Path) -> Network | None:
    """The starting policy, to measure how far training has gone from it."""
    start: Any = load_model(str(folder))
    for parameter in start.module.parameters():
        parameter.requires_grad_(False)
    return start.network
