"""`greenroom bench rollout`: how fast groups are played when the policy costs nothing."""

import asyncio
import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from greenroom.app import App
from greenroom.bench.report import Report, Row
from greenroom.errors import GreenroomError
from greenroom.messages import Message, ToolCall, assistant, calls_of
from greenroom.plugins import load_app, load_simulator
from greenroom.policy import EpisodeStart, PolicySession
from greenroom.rollouts import GroupSpec, Rollout, Rollouts
from greenroom.rollouts.policies import OraclePolicy
from greenroom.sandbox import Brief, Opened, StepRequest, StepResult
from greenroom.sandboxes.local import LocalSandbox

READING = ("search", "list", "read", "get", "find", "show")
"""Verbs of tools that change nothing."""
UNTIMED = 1_000_000
"""The number of the tasks that are played first, so that building the world and compiling statements is not timed."""
DRAWN = ("rollouts/s", "steps/s", "reset p50 ms", "reset p99 ms", "step p50 ms", "step p99 ms")


def bench(
    *,
    app: str = "mail",
    world: str = "medium",
    most: int = 256,
    size: int = 16,
    steps: int = 10,
    episodes: int = 512,
    picture: Path = Path("rollout.png"),
) -> Report:
    """Measure rollouts of the oracle with 1 to 256 episodes in parallel: rates, latencies, memory.

    Args:
        app: The environment.
        world: How much data its worlds hold.
        most: How many episodes are played at once, at most.
        size: How many rollouts a group.
        steps: Steps of an episode; the oracle reads on until it has as many.
        episodes: How many episodes each row plays, at least one group.
        picture: Where the picture goes.
    """
    sandbox = TimedSandbox(load_app(app), world, steps)
    user, policy = load_simulator("goal"), LongOracle(steps)
    families = sandbox.families()
    levels: list[Level] = []
    _play(Rollouts(sandbox, user, policy), [GroupSpec(f"{app}/test/{name}/{UNTIMED}", 1) for name in families])
    groups = max(1, episodes // size)
    specs = [GroupSpec(f"{app}/test/{families[i % len(families)]}/{i}", size) for i in range(groups)]
    for parallel in _levels(most):
        gc.collect()
        sandbox.clear()
        memory = Memory()
        engine = Rollouts(sandbox, user, policy, parallel=parallel, content=False, on_progress=memory.look)
        begun = time.perf_counter()
        rollouts, steps = _play(engine, specs)
        seconds = time.perf_counter() - begun
        levels.append(Level(parallel, rollouts, steps, seconds, memory.megabytes, sandbox.times))
    draw(levels, picture)
    rows: list[Row] = [*(v.rates() for v in levels), *(v.latencies() for v in levels)]
    rows.append({"picture": str(picture.resolve())})
    return Report(title=f"Rollouts of the oracle on {app}, {world}, groups of {size}", rows=rows, bars=[])


@dataclass
class Times:
    """Seconds that parts of rollouts took."""

    prepare: list[float] = field(default_factory=list[float])
    reset: list[float] = field(default_factory=list[float])
    step: list[float] = field(default_factory=list[float])


class TimedSandbox(LocalSandbox):
    """The local sandbox, with a stopwatch, and room for long episodes.

    Args:
        app: The app.
        size: How much data its worlds hold.
        steps: Every episode may have so many, whatever its task allows.
    """

    def __init__(self, app: App, size: str, steps: int) -> None:
        super().__init__(app, size)
        self.times, self._steps = Times(), steps

    def clear(self) -> None:
        """Begin to count anew."""
        self.times = Times()

    def prepare(self, task: str) -> Brief:
        """Make a task's start; timed."""
        begun = time.perf_counter()
        brief = super().prepare(task)
        self.times.prepare.append(time.perf_counter() - begun)
        return replace(brief, max_steps=max(brief.max_steps, self._steps))

    def open(self, snapshot: str, task: str, n: int = 1) -> list[Opened]:
        """Fork a snapshot; each fork timed as one reset."""
        opened: list[Opened] = []
        for _ in range(n):
            begun = time.perf_counter()
            opened += super().open(snapshot, task)
            self.times.reset.append(time.perf_counter() - begun)
        return opened

    def step(self, requests: Sequence[StepRequest]) -> list[StepResult]:
        """Run calls; timed."""
        begun = time.perf_counter()
        results = super().step(requests)
        self.times.step.append(time.perf_counter() - begun)
        return results


class LongOracle(OraclePolicy):
    """The oracle, made to take a number of steps: it reads again and again before it answers.

    Args:
        steps: How many assistant messages an episode shall have.
    """

    name = "long oracle"

    def __init__(self, steps: int) -> None:
        self._steps = steps

    def session(self, start: EpisodeStart) -> PolicySession:
        """Begin an episode."""
        longer = lengthened(start.solution, self._steps)
        return super().session(replace(start, solution=longer))


def lengthened(solution: Sequence[Message], steps: int) -> tuple[Message, ...]:
    """A solution with calls that only read, put before its end until it has so many messages."""
    reading = [call for message in solution for call in calls_of(message) if _reads(call["function"]["name"])]
    more = steps - len(solution)
    if not reading or more <= 0:
        return tuple(solution)
    again = [assistant(None, renumbered(reading[i % len(reading)], i)) for i in range(more)]
    return (*solution[:-1], *again, solution[-1])


def renumbered(call: ToolCall, number: int) -> ToolCall:
    """The same call under an id of its own."""
    return {**call, "id": f"again_{number}"}


def _reads(name: str) -> bool:
    return any(verb in name.split("_") for verb in READING)


def _levels(most: int) -> list[int]:
    return [level for level in (1, 4, 16, 64, 256, 1024) if level <= most]


def _play(engine: Rollouts, specs: Sequence[GroupSpec]) -> tuple[int, int]:
    """Play; returns how many rollouts and steps there were.

    Raises:
        GreenroomError: One failed, or the oracle did not solve it.
    """
    groups = asyncio.run(engine.play(specs))
    rollouts = [rollout for group in groups for rollout in group.rollouts]
    bad = next((r for r in rollouts if not r.success), None)
    if bad is not None:
        why = bad.failure.cause if bad.failure else f"scored {bad.reward}: {bad.trajectory.findings}"
        raise GreenroomError(f"the oracle failed at '{bad.task}': {why}")
    return len(rollouts), sum(r.trajectory.steps for r in rollouts)


@dataclass
class Level:
    """What was measured with so many episodes at once.

    Attributes:
        parallel: How many.
        rollouts: How many were played.
        steps: How many steps they took.
        seconds: Wall-clock time of all.
        megabytes: The peak of the process's memory.
        times: Seconds of the parts.
    """

    parallel: int
    rollouts: int
    steps: int
    seconds: float
    megabytes: float
    times: Times

    def rates(self) -> Row:
        """How many a second, and the memory that they take."""
        times = self.times
        inside = sum(times.prepare) + sum(times.reset) + sum(times.step)
        return {
            "parallel": self.parallel,
            "rollouts": self.rollouts,
            "rollouts/s": self.rollouts / self.seconds,
            "steps/s": self.steps / self.seconds,
            "outside the sandbox, ms/step": (self.seconds - inside) / self.steps * 1e3,
            "memory MB": self.megabytes,
        }

    def latencies(self) -> Row:
        """Milliseconds of each part: the median and the 99th of a hundred."""
        parts = {"prepare": self.times.prepare, "reset": self.times.reset, "step": self.times.step}
        row: Row = {"parallel": self.parallel}
        for name, taken in parts.items():
            row[f"{name} p50 ms"] = quantile(taken, 0.5) * 1e3
            row[f"{name} p99 ms"] = quantile(taken, 0.99) * 1e3
        return row


def quantile(values: Sequence[float], share: float) -> float:
    """The value that so large a share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Memory:
    """The peak of this process's memory, looked at with each finished rollout."""

    def __init__(self) -> None:
        self._most = _resident()

    def look(self, _rollout: Rollout) -> None:
        """Look again."""
        self._most = max(self._most, _resident())

    @property
    def megabytes(self) -> float:
        """The most that was seen."""
        return self._most / 1e6


def _resident() -> int:
    import psutil

    return int(psutil.Process().memory_info().rss)


def draw(levels: Sequence[Level], path: Path) -> None:
    """Draw the rates and the latencies over how many episodes are played at once."""
    from matplotlib.figure import Figure

    figure: Any = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, rows in zip(
        figure.subplots(1, 2), ([v.rates() for v in levels], [v.latencies() for v in levels]), strict=True
    ):
        for name in (name for name in DRAWN if name in rows[0]):
            axes.plot([row["parallel"] for row in rows], [row[name] for row in rows], marker="o", label=name)
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xticks([v.parallel for v in levels], [str(v.parallel) for v in levels])
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("{x:g}")
        axes.set_xlabel("episodes at once")
        axes.grid(alpha=0.3)
        axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
