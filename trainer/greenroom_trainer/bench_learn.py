"""`greenroom bench learn`: is it real? GRPO beside controls that get the same wall time from the same start."""

import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from greenroom.bench.report import Bar, Report, Row, at_least, at_most
from greenroom.cli.output import errors
from greenroom.rollouts.policies import SloppyPolicy
from greenroom.store import Store
from greenroom_trainer import grpo, sft, warmup
from greenroom_trainer.arena import Arena, success
from greenroom_trainer.demo import LESSONS
from greenroom_trainer.engine import Engine
from greenroom_trainer.grpo import FIRST_TASK
from greenroom_trainer.model import PolicyModel, load_model
from greenroom_trainer.policy import EnginePolicy
from greenroom_trainer.run import RunConfig, TrainingRun, begin, set_threads, starting_model

UNBOUNDED = 10**9
"""More steps than fit in any wall time given: the clock ends the run."""
FRESH_TASK = 500_000
"""Where the tasks of further demonstrations begin."""
Way = Callable[[PolicyModel, TrainingRun, float, int], None]


def bench(
    *,
    app: str = "mail",
    seeds: int = 3,
    seconds: float = 240.0,
    tasks: int = 240,
    demonstrations: int = 4000,
    imitate: int = 2200,
) -> Report:
    """Measure GRPO beside shuffled rewards, more supervised training and rejection sampling.

    Args:
        app: An installed environment.
        seeds: How many times everything is done.
        seconds: Wall time that each way of learning gets after the warm start.
        tasks: Held-out test tasks, the same for all.
        demonstrations: Conversations that the warm start imitates.
        imitate: Supervised steps of the warm start.
    """
    set_threads()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder, Store(Path(folder) / "store.db") as store:
        for seed in range(seeds):
            base = RunConfig(app=app, families=LESSONS.get(app, ()), demonstrations=demonstrations, seed=seed)
            config = replace(
                base,
                sft=replace(base.sft, seed=seed, steps=imitate),
                grpo=replace(base.grpo, seed=seed, dev_every=0, keep=1),
            )
            run = begin(config, store, Path(folder) / f"seed-{seed}")
            rows += _one_seed(run, seconds, tasks)
    return Report(title=f"Learning {app}: {seconds:.0f} s from the same start", rows=rows, bars=_bars(rows))


def _one_seed(run: TrainingRun, seconds: float, tasks: int) -> list[Row]:
    model, made = starting_model(run, lambda _: None)
    assert made is not None
    start = run.out / "warm"
    model.save(start)
    seed = run.config.seed
    rows: list[Row] = []

    def note(name: str, share: float) -> None:
        rows.append({"seed": seed, "way": name, "success": share})
        errors().print(f"seed {seed}: {name} {share:.3f}", markup=False)

    note("demonstrations themselves", made.success)
    note("start", evaluate(model, run.arena, tasks, seed))
    for name, way in WAYS.items():
        learner = load_model(str(start))
        way(learner, run, seconds, seed)
        note(name, evaluate(learner, run.arena, tasks, seed))
    return rows


def evaluate(model: PolicyModel, arena: Arena, tasks: int, seed: int) -> float:
    """Sampled success on held-out test tasks."""
    return success(arena.episodes(_sampler(model), arena.tasks("test", tasks), seed=seed))


def _sampler(model: PolicyModel) -> EnginePolicy:
    model.network.refresh()
    engine = Engine(model.network, end_ids=model.codec.end_ids, turn_tokens=model.turn_tokens)
    return EnginePolicy(engine, model.codec, "bench", model.max_tokens)


def _grpo(model: PolicyModel, run: TrainingRun, seconds: float, shuffle: bool) -> None:
    config = replace(run.config.grpo, steps=UNBOUNDED, seconds=seconds, shuffle=shuffle)
    out = run.out / ("shuffled" if shuffle else "grpo")
    grpo.train(model, replace(run.arena, store=None), config, out)


def _more(model: PolicyModel, run: TrainingRun, seconds: float, slips: float, first: int) -> None:
    """More supervised training; recording fresh demonstrations does not count as time."""
    tasks = run.arena.tasks("train", run.config.demonstrations, first)
    played = run.arena.episodes(SloppyPolicy(slips, run.config.fumbles), tasks, seed=run.config.seed, parallel=64)
    made = warmup.Demonstrations([r for r in played if r.valid], run.arena.sandbox.prepare(tasks[0]).tools)
    warmup.imitate(model, made, _gently(run, seconds))


def _gently(run: TrainingRun, seconds: float) -> sft.SFTConfig:
    """Supervised training that goes on where the warm start's learning rate was half way down."""
    config = run.config.sft
    return replace(config, seconds=seconds, steps=UNBOUNDED, lr=config.lr / 2, muon=config.muon / 2)


def _rejection(model: PolicyModel, run: TrainingRun, seconds: float, seed: int) -> None:
    """Sample, keep what was right, imitate it, again: expert iteration (arXiv 1705.08439) on sampled rollouts."""
    import time

    rng, begun, first = random.Random(seed), time.monotonic(), FIRST_TASK
    tools = run.arena.sandbox.prepare(run.arena.tasks("train", 1)[0]).tools
    while (spent := time.monotonic() - begun) < seconds:
        tasks = run.arena.tasks("train", 512, first)
        played = run.arena.episodes(_sampler(model), tasks, seed=rng.randrange(2**31))
        right = warmup.Demonstrations([r for r in played if r.success], tools)
        first += len(tasks)
        if len(right.rollouts) < run.config.sft.batch:
            continue
        rounds = replace(_gently(run, seconds - spent), steps=2 * len(right.rollouts) // run.config.sft.batch)
        warmup.imitate(model, right, replace(rounds, lr=rounds.lr / 4, muon=rounds.muon / 4, warmup=1))


WAYS: dict[str, Way] = {
    "GRPO": lambda model, run, seconds, seed: _grpo(model, run, seconds, False),
    "GRPO, rewards shuffled within groups": lambda model, run, seconds, seed: _grpo(model, run, seconds, True),
    "more SFT on the same demonstrations": lambda model, run, seconds, seed: _more(
        model, run, seconds, run.config.slips, 0
    ),
    "SFT on clean demonstrations": lambda model, run, seconds, seed: _more(model, run, seconds, 0.0, FRESH_TASK),
    "rejection sampling": _rejection,
}


def _bars(rows: Sequence[Row]) -> list[Bar]:
    def middle(way: str) -> float:
        return median(row["success"] for row in rows if row["way"] == way)

    start, shuffled = middle("start"), middle("GRPO, rewards shuffled within groups")
    return [
        at_least("GRPO, sampled test success", middle("GRPO"), 0.9, "share"),
        at_most("start, sampled test success", start, 0.6, "share"),
        at_most("shuffled rewards, gain over the start", shuffled - start, 0.02, "share"),
    ]
