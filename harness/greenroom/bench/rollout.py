"""`greenroom bench rollout`: how fast groups are played when the policy costs nothing, and what each boundary costs."""

import asyncio
import gc
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from greenroom.bench.boundaries import Level, TimedSandbox, Usage, bars, below, costs, draw
from greenroom.bench.contained import looking, owned
from greenroom.bench.long_oracle import LongOracle
from greenroom.bench.report import Report, Row
from greenroom.containers.engine import Engine
from greenroom.errors import GreenroomError
from greenroom.plugins import load_simulator
from greenroom.rollouts import GroupSpec, Rollouts
from greenroom.sandboxes.inline import as_async
from greenroom.sandboxes.specs import open_sandbox

UNTIMED = 1_000_000
"""The number of the tasks that are played first, so that building the world and compiling statements is not timed."""


def bench(
    *,
    app: str = "mail",
    sandbox: str = "local",
    isolation: str = "world",
    world: str = "medium",
    most: int = 256,
    size: int = 16,
    steps: int = 10,
    episodes: int = 512,
    picture: Path = Path("rollout.png"),
) -> Report:
    """Measure rollouts of the oracle with 1 to 256 episodes in parallel: rates, latencies, what a boundary costs.

    Args:
        app: The environment.
        sandbox: Where it runs; several by commas: local,process,process:2,docker,compose.
        isolation: What each rollout has for itself: a world, or a container.
        world: How much data its worlds hold.
        most: How many episodes are played at once, at most.
        size: How many rollouts a group.
        steps: Steps of an episode; the oracle reads on until it has as many.
        episodes: How many episodes each row plays, at least one group.
        picture: Where the picture goes.
    """
    levels: list[Level] = []
    with ExitStack() as stack:
        places: dict[str, Place] = {}
        for spec in (part.strip() for part in sandbox.split(",")):
            places[spec] = Place(spec, app, world, isolation, steps)
            stack.callback(places[spec].close)
        groups = max(1, episodes // size)
        for parallel in _levels(most):
            # The boundaries take turns, so that what else the machine does hits all of them alike.
            levels += [place.measure(parallel, groups, size) for place in places.values()]
    draw(levels, picture)
    rows: list[Row] = [*(v.rates() for v in levels), *(v.latencies() for v in levels), *costs(levels)]
    rows.append({"picture": str(picture.resolve())})
    title = f"Rollouts of the oracle on {app}, {world}, groups of {size}"
    return Report(title=title, rows=rows, bars=bars(levels))


class Place:
    """One sandbox that is measured.

    Args:
        spec: Which.
        app: What runs there.
        world: How much data its worlds hold.
        isolation: What each rollout has for itself.
        steps: How many steps an episode has, at least.
    """

    def __init__(self, spec: str, app: str, world: str, isolation: str, steps: int) -> None:
        self._spec, self._app, others = spec, app, below()
        contained = owned(Engine()) if spec.partition(":")[0] == "docker" else []
        self._sandbox = open_sandbox(spec, app, world=world, isolation=isolation)
        self._timed = TimedSandbox(as_async(self._sandbox), steps)
        self._user, self._policy = load_simulator("goal"), LongOracle(steps)
        self._families = self._sandbox.families()
        self._play(None, [GroupSpec(f"{app}/test/{name}/{UNTIMED}") for name in self._families])
        self._below, self._contained = below() - others, looking(spec, as_async(self._sandbox), contained)

    def measure(self, parallel: int, groups: int, size: int) -> Level:
        """Play groups, so many episodes at once."""
        families = self._families
        specs = [GroupSpec(f"{self._app}/test/{families[i % len(families)]}/{i}", size) for i in range(groups)]
        gc.collect()
        self._timed.clear()
        usage = Usage(self._below, self._contained)
        begun = time.perf_counter()
        rollouts, steps = self._play(parallel, specs, usage)
        seconds, cpu = time.perf_counter() - begun, usage.cpu()
        return Level(
            sandbox=self._spec,
            parallel=parallel,
            rollouts=rollouts,
            steps=steps,
            seconds=seconds,
            cpu=cpu,
            megabytes=usage.megabytes,
            times=self._timed.times,
        )

    def _play(self, parallel: int | None, specs: Sequence[GroupSpec], usage: Usage | None = None) -> tuple[int, int]:
        """Play; returns how many rollouts and steps there were.

        Raises:
            GreenroomError: One failed, or the oracle did not solve it.
        """
        look = usage.look if usage else None
        engine = Rollouts(self._timed, self._user, self._policy, parallel=parallel, content=False, on_progress=look)
        groups = asyncio.run(engine.play(specs))
        rollouts = [rollout for group in groups for rollout in group.rollouts]
        bad = next((r for r in rollouts if not r.success), None)
        if bad is not None:
            why = bad.failure.cause if bad.failure else f"scored {bad.reward}: {bad.trajectory.findings}"
            raise GreenroomError(f"the oracle failed at '{bad.task}' in sandbox '{self._spec}': {why}")
        return len(rollouts), sum(r.trajectory.steps for r in rollouts)

    def close(self) -> None:
        """Stop the sandbox."""
        self._sandbox.stop()


def _levels(most: int) -> list[int]:
    return [level for level in (1, 4, 16, 64, 256, 1024) if level <= most]
