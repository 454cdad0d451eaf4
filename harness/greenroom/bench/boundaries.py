"""Measuring sandboxes: a stopwatch around one, what processes use, and what one boundary costs beside another."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from greenroom.bench.contained import NOTHING, Look
from greenroom.bench.report import Bar, Row, at_least
from greenroom.bench.timing import quantile
from greenroom.messages import Message
from greenroom.rollouts import Rollout
from greenroom.sandbox import AsyncSandbox, Brief, Opened, StepRequest, StepResult
from greenroom.tasks import Verdict

CLOSE = 0.8
"""The share of the local sandbox's rollouts a second that counts as close to it."""


@dataclass
class Times:
    """Seconds that parts of rollouts took, from asking to the answer."""

    prepare: list[float] = field(default_factory=list[float])
    reset: list[float] = field(default_factory=list[float])
    step: list[float] = field(default_factory=list[float])


class TimedSandbox:
    """A sandbox with a stopwatch, and room for long episodes.

    Args:
        sandbox: The sandbox.
        steps: Every episode may have so many, whatever its task allows.
    """

    def __init__(self, sandbox: AsyncSandbox, steps: int) -> None:
        self._sandbox, self._steps = sandbox, steps
        # Whoever plays must know it: more groups at once than there is room for wait for each other for ever.
        self.room: int | None = getattr(sandbox, "room", None)
        self.times = Times()

    def clear(self) -> None:
        """Begin to count anew."""
        self.times = Times()

    @property
    def app(self) -> str:
        """The name of what runs there."""
        return self._sandbox.app

    async def families(self) -> list[str]:
        """The task families of the app."""
        return await self._sandbox.families()

    async def tools(self) -> list[dict[str, Any]]:
        """The schemas of all of the app's tools."""
        return await self._sandbox.tools()

    async def prepare(self, task: str) -> Brief:
        """Make a task's start; timed."""
        begun = time.perf_counter()
        brief = await self._sandbox.prepare(task)
        self.times.prepare.append(time.perf_counter() - begun)
        return replace(brief, max_steps=max(brief.max_steps, self._steps))

    async def open(self, snapshot: str, task: str, n: int = 1) -> list[Opened]:
        """Fork a snapshot; timed, a fork's share of the group counts as its reset."""
        begun = time.perf_counter()
        opened = await self._sandbox.open(snapshot, task, n)
        self.times.reset.append((time.perf_counter() - begun) / n)
        return opened

    async def step(self, requests: Sequence[StepRequest]) -> list[StepResult]:
        """Run calls; timed."""
        begun = time.perf_counter()
        results = await self._sandbox.step(requests)
        self.times.step.append(time.perf_counter() - begun)
        return results

    async def verify(self, episode: str, messages: Sequence[Message]) -> Verdict:
        """Score an episode."""
        return await self._sandbox.verify(episode, messages)

    async def snapshot(self, episode: str) -> str:
        """Freeze an episode's world."""
        return await self._sandbox.snapshot(episode)

    async def content(self, episode: str) -> str:
        """The content id of an episode's world."""
        return await self._sandbox.content(episode)

    async def close(self, episode: str) -> None:
        """Drop an episode."""
        await self._sandbox.close(episode)

    async def release(self, snapshot: str) -> None:
        """Forget a snapshot."""
        await self._sandbox.release(snapshot)

    async def stop(self) -> None:
        """Let go of everything."""
        await self._sandbox.stop()


def below() -> set[Any]:
    """The processes below this one, as psutil has them."""
    import psutil

    return set(psutil.Process().children(recursive=True))


@dataclass(frozen=True, kw_only=True)
class Cpu:
    """Seconds of CPU.

    Attributes:
        here: Of this process.
        below: Of the processes below it.
        contained: Of the containers; None where they cannot be counted.
        machine: Of the whole machine, whoever used them: on a quiet one, all that it took, the engine's work included.
    """

    here: float
    below: float
    contained: float | None
    machine: float

    @property
    def counted(self) -> float | None:
        """All that is certainly ours; None where a part of it cannot be counted."""
        return None if self.contained is None else self.here + self.below + self.contained

    def since(self, before: "Cpu") -> "Cpu":
        """What was used between two looks."""
        contained = None
        if self.contained is not None and before.contained is not None:
            contained = self.contained - before.contained
        return Cpu(
            here=self.here - before.here,
            below=self.below - before.below,
            contained=contained,
            machine=self.machine - before.machine,
        )


class Usage:
    """What this process, some below it and containers use; memory is looked at with each finished rollout.

    Args:
        below: Those processes.
        contained: Says what the containers have used.
    """

    def __init__(self, below: Iterable[Any], contained: Look = lambda: NOTHING) -> None:
        import psutil

        self._me, self._below, self._contained = psutil.Process(), list(below), contained
        self._most, self._in_containers = self._resident(), 0.0
        # The engine takes a second to say what containers use: that is not part of what is measured.
        self._begun = replace(self._used(), machine=_machine())

    def _used(self) -> Cpu:
        machine = _machine()
        below = [process.cpu_times() for process in self._below if process.is_running()]
        contained = self._contained()
        if contained is not None:
            self._in_containers = max(self._in_containers, contained.megabytes)
        return Cpu(
            here=time.process_time(),
            below=sum(t.user + t.system for t in below),
            contained=None if contained is None else contained.seconds,
            machine=machine,
        )

    def cpu(self) -> Cpu:
        """CPU so far."""
        return self._used().since(self._begun)

    def _resident(self) -> int:
        return int(self._me.memory_info().rss) + sum(p.memory_info().rss for p in self._below if p.is_running())

    def look(self, _rollout: Rollout) -> None:
        """Look at the memory again."""
        self._most = max(self._most, self._resident())

    @property
    def megabytes(self) -> float:
        """The most memory that was seen, shared pages counted in each process that has them."""
        return self._most / 1e6 + self._in_containers


def _machine() -> float:
    """Seconds of CPU of the whole machine."""
    import psutil

    whole: Any = psutil.cpu_times()
    # Guests' time is in the users' already.
    return sum(getattr(whole, kind, 0.0) for kind in ("user", "nice", "system", "irq", "softirq"))


@dataclass(frozen=True, kw_only=True)
class Level:
    """What was measured in one sandbox with so many episodes at once.

    Attributes:
        sandbox: Where, as a spec.
        parallel: How many.
        rollouts: How many were played.
        steps: How many steps they took.
        seconds: Wall-clock time of all.
        cpu: Seconds of CPU.
        megabytes: The peak of memory of this process and those below it, and what containers had at last.
        times: Seconds of the parts.
    """

    sandbox: str
    parallel: int
    rollouts: int
    steps: int
    seconds: float
    cpu: Cpu
    megabytes: float
    times: Times

    @property
    def rate(self) -> float:
        """Rollouts a second."""
        return self.rollouts / self.seconds

    def of_step(self, seconds: float | None) -> float | None:
        """A step's share of them, in milliseconds."""
        return None if seconds is None else seconds / self.steps * 1e3

    def rates(self) -> Row:
        """How many a second, and the CPU and memory that they take."""
        return {
            "sandbox": self.sandbox,
            "parallel": self.parallel,
            "rollouts": self.rollouts,
            "rollouts/s": self.rate,
            "steps/s": self.steps / self.seconds,
            "CPU here, ms/step": self.of_step(self.cpu.here),
            "CPU below, ms/step": self.of_step(self.cpu.below),
            "CPU containers, ms/step": self.of_step(self.cpu.contained),
            "CPU machine, ms/step": self.of_step(self.cpu.machine),
            "memory MB": self.megabytes,
        }

    def latencies(self) -> Row:
        """Milliseconds of each part: the median and the 99th of a hundred."""
        parts = {"prepare": self.times.prepare, "reset": self.times.reset, "step": self.times.step}
        row: Row = {"sandbox": self.sandbox, "parallel": self.parallel}
        for name, taken in parts.items():
            row[f"{name} p50 ms"] = quantile(taken, 0.5) * 1e3
            row[f"{name} p99 ms"] = quantile(taken, 0.99) * 1e3
        return row


def costs(levels: Sequence[Level]) -> list[Row]:
    """What each boundary costs beside the first one that was measured, at each number of episodes at once."""
    rows: list[Row] = []
    for level in levels:
        first = next(v for v in levels if v.parallel == level.parallel)
        if level is first:
            continue
        more = level.seconds / level.steps - first.seconds / first.steps
        used, of_first = level.of_step(level.cpu.counted), first.of_step(first.cpu.counted)
        machine = level.cpu.machine / level.steps - first.cpu.machine / first.steps
        rows.append(
            {
                "sandbox": level.sandbox,
                "parallel": level.parallel,
                f"rollouts/s, of {first.sandbox}": level.rate / first.rate,
                "more, ms/step": more * 1e3,
                "more CPU, ms/step": None if used is None or of_first is None else used - of_first,
                "more CPU of the machine, ms/step": machine * 1e3,
            }
        )
    return rows


def bars(levels: Sequence[Level]) -> list[Bar]:
    """Beside the local sandbox, a boundary shall cost little where many episodes are played at once."""
    most = max(level.parallel for level in levels)
    here, *others = [level for level in levels if level.parallel == most]
    if here.sandbox != "local":
        return []
    return [
        at_least(f"{level.sandbox}: rollouts/s with {most} at once, of local's", level.rate / here.rate, CLOSE, "x")
        for level in others
    ]


def draw(levels: Sequence[Level], path: Path) -> None:
    """Draw rates, latencies and costs over how many episodes are played at once, a line for each sandbox."""
    from matplotlib.figure import Figure

    figure: Any = Figure(figsize=(12, 3.6), layout="constrained")
    panels: dict[str, Callable[[Level], float]] = {
        "rollouts/s": lambda v: v.rate,
        "a step, median ms": lambda v: v.latencies()["step p50 ms"],
        "CPU of the machine a step, ms": lambda v: v.cpu.machine / v.steps * 1e3,
    }
    parallel = sorted({level.parallel for level in levels})
    for axes, (title, figure_of) in zip(figure.subplots(1, 3), panels.items(), strict=True):
        for name in dict.fromkeys(level.sandbox for level in levels):
            mine = [level for level in levels if level.sandbox == name]
            axes.plot([v.parallel for v in mine], [figure_of(v) for v in mine], marker="o", label=name)
        axes.set_title(title)
        axes.set_xscale("log", base=2)
        axes.set_xticks(parallel, [str(number) for number in parallel])
        axes.set_ylim(bottom=0)
        axes.set_xlabel("episodes at once")
        axes.grid(alpha=0.3)
        axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
