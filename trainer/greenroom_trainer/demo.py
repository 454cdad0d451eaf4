"""The demo: a small model that outgrows its teachers, told as it happens."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from greenroom.cli.rollout import load_user
from greenroom.rollouts import Rollout
from greenroom.rollouts.summary import by_family
from greenroom_trainer.arena import Arena, success
from greenroom_trainer.model import PolicyModel
from greenroom_trainer.run import TrainingRun, starting_model

Say = Callable[[str], None]
LESSONS = {"mail": ("file_rule", "find_fact", "forward", "reply_fact", "schedule", "unsubscribe")}
"""The task families that the demo learns, where an app has more than ten minutes can teach; else all."""


@dataclass
class Outcome:
    """What the demo found.

    Attributes:
        app: What was learned.
        run: The run in the store.
        teachers: The demonstrations' own success.
        before: Sampled success on held-out test tasks before GRPO.
        after: The same tasks after it.
        people: The same tasks opened with people's own words; None without them.
        tasks: How many test tasks.
        families: Success after, by family.
        seconds: Wall-clock time by part.
        picture: Where the picture is.
        policy: The last checkpoint.
        invalid: By part, how many episodes failed and were left out, and how many were played.
    """

    app: str
    run: int
    teachers: float
    before: float = 0.0
    after: float = 0.0
    people: float | None = None
    tasks: int = 0
    families: dict[str, float] = field(default_factory=dict[str, float])
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    picture: str = ""
    policy: str = ""
    invalid: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])

    def score(self, name: str, played: Sequence[Rollout]) -> float:
        """The success of what was played; its invalid episodes are counted."""
        self.invalid[name] = (sum(not rollout.valid for rollout in played), len(played))
        return success(played)

    def to_json(self) -> dict[str, Any]:
        """Plain data, with the bars that the demo is held against."""
        from greenroom.bench.report import at_least, at_most

        bars = [
            at_most("demo", sum(self.seconds.values()) / 60, 10, "min"),
            at_most("success before, sampled", self.before, 0.6, "share"),
            at_least("success after, sampled", self.after, 0.9, "share"),
        ]
        return {**asdict(self), "bars": [bar.to_json() for bar in bars]}


def play_demo(run: TrainingRun, people: str | None, tasks: int, say: Say) -> Outcome:
    """Warm up, score, learn, score again.

    Args:
        run: A run that has just begun.
        people: A file of people's own requests, if there is one.
        tasks: How many held-out test tasks; the same before and after.
        say: Gets the story, line by line.
    """
    watch = _Watch()
    app = run.config.app
    say(f"[bold]1. Teachers.[/] A sloppy colleague plays {app}; {run.config.slips:.0%} of its work has a slip.")
    with run.noted():
        model, made = starting_model(run, say)
    outcome = Outcome(app, run.number, made.success if made else 0.0, tasks=tasks)
    if made:
        outcome.invalid["demonstrations"] = (made.invalid, made.invalid + len(made.rollouts))
    outcome.seconds["warm start"] = watch.lap()
    say(f"[bold]2. Before.[/] {tasks} test tasks: names, senders and wordings that training never shows.")
    outcome.before = outcome.score("before", score(run, model, run.arena, tasks, "before"))
    outcome.seconds["score before"] = watch.lap()
    config = run.config.grpo
    say(f"   {outcome.before:.1%} done right")
    say(f"[bold]3. GRPO.[/] {config.groups} tasks a step, {config.size} rollouts each from one snapshot.")
    run.learn(model, lambda step, metrics: _tell(step, metrics, say))
    outcome.seconds["GRPO"] = watch.lap()
    counts = run.store.counts(run.number)
    outcome.invalid["GRPO"] = (counts.invalid, counts.rollouts)
    say("[bold]4. After.[/] The same test tasks.")
    played = score(run, model, run.arena, tasks, "after")
    outcome.after = outcome.score("after", played)
    outcome.families = {name: s.success or 0.0 for name, s in by_family(played).items()}
    outcome.seconds["score after"] = watch.lap()
    if people:
        speaking = replace(run.arena, user=load_user("people", people))
        outcome.people = outcome.score("people's words", score(run, model, speaking, tasks, "people"))
        outcome.seconds["score with people's words"] = watch.lap()
    outcome.picture = str(paint(run, outcome))
    outcome.policy = str(run.out)
    return outcome


def score(run: TrainingRun, model: PolicyModel, arena: Arena, tasks: int, name: str) -> list[Rollout]:
    """Play held-out test tasks once each, sampled at temperature 1; recorded as a run of its own."""
    from greenroom_trainer.engine import Engine
    from greenroom_trainer.policy import EnginePolicy

    model.network.refresh()
    engine = Engine(model.network, end_ids=model.codec.end_ids, turn_tokens=model.turn_tokens)
    policy = EnginePolicy(engine, model.codec, f"{run.out}:{name}", model.max_tokens)
    number = run.store.begin_run(
        "evaluate",
        app=run.config.app,
        policy=policy.name,
        user=arena.user.name,
        config={"of": run.number, "world": run.config.world, "tasks": tasks, "seed": run.config.seed},
    )
    played = arena.episodes(policy, arena.tasks("test", tasks), seed=run.config.seed, run=number)
    run.store.end_run(number)
    return played


def paint(run: TrainingRun, outcome: Outcome) -> Path:
    """The picture of the run, from what the store holds."""
    from greenroom_trainer.picture import draw

    metrics = [(m.step, m.name, m.value) for m in run.store.metrics(run.number)]
    scores = {"test before": outcome.before, "test after": outcome.after, "teachers": outcome.teachers}
    title = f"{run.config.app}: a tiny model outgrows its teachers"
    return draw(metrics, run.out / "picture.png", title, scores)


def closing(outcome: Outcome, store: str) -> Sequence[str]:
    """The end of the story: figures, the picture, and the commands to look closer."""
    minutes = sum(outcome.seconds.values()) / 60
    lines = [
        "",
        f"[bold]Test success, sampled: {outcome.before:.1%} → {outcome.after:.1%}[/] on the same"
        f" {outcome.tasks} tasks; its teachers' own: {outcome.teachers:.1%}",
        "  by family: " + ", ".join(f"{name} {value:.0%}" for name, value in outcome.families.items()),
    ]
    if outcome.people is not None:
        lines.append(f"  opened with real people's words: {outcome.people:.1%}")
    failed = [f"{bad} of {played:,} ({name})" for name, (bad, played) in outcome.invalid.items() if bad]
    invalid = ", ".join(failed) or f"none of {sum(played for _, played in outcome.invalid.values()):,}"
    parts = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in outcome.seconds.items())
    return [
        *lines,
        f"  invalid episodes, left out: {invalid}",
        f"  {minutes:.1f} minutes: {parts}",
        "",
        f"Picture: {outcome.picture}",
        "Look closer:",
        f"  greenroom runs --store {store}",
        f"  greenroom show {outcome.run} --store {store}",
        f"  greenroom show {outcome.run}.0.0 --store {store}",
        f"  greenroom rollout {outcome.app} --policy {outcome.policy} --split test --groups 12 --size 1",
    ]


def _tell(step: int, metrics: dict[str, float], say: Say) -> None:
    if step == 1 or step % 10 == 0 or "dev" in metrics:
        dev = f", dev {metrics['dev']:.0%}" if "dev" in metrics else ""
        say(f"   step {step}: reward {metrics['reward']:.2f}{dev}, {metrics['length']:.0f} tokens a rollout")


class _Watch:
    """A stop watch."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def lap(self) -> float:
        """Seconds since the last lap."""
        now = time.monotonic()
        seconds, self._last = now - self._last, now
        return seconds
