"""`greenroom check`: every task of a sample is proved to be solvable, not winnable by accident, and reproducible."""

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from greenroom.app import App
from greenroom.episode import Episode
from greenroom.messages import Message, ToolCall, assistant, calls_of
from greenroom.plugins import ENVS, load_app
from greenroom.purity import read_source, watching
from greenroom.sandbox import Brief
from greenroom.sandboxes.local import LocalSandbox
from greenroom.spaces import MessageSpace
from greenroom.tasks import Size, Split
from greenroom.users import UserSimulator

RANDOM_AT_MOST = 0.02


@dataclass
class FamilyReport:
    """What was found of one family: mean scores over the sample, and every violation."""

    family: str
    tasks: int = 0
    oracle: float = 0.0
    noop: float = 0.0
    random: float = 0.0
    excess: float = 0.0
    slips: float = 0.0
    steps: float = 0.0
    tools: list[str] = field(default_factory=list[str])
    violations: list[str] = field(default_factory=list[str])


@dataclass
class CheckReport:
    """The outcome of `greenroom check`."""

    app: str
    size: str
    split: str
    families: list[FamilyReport]
    impure: list[str]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.impure and not any(f.violations for f in self.families)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {**asdict(self), "ok": self.ok}


@dataclass(frozen=True)
class Played:
    """One finished episode: its score, its end (page id) and how it went."""

    score: float
    end: str
    steps: int
    refused: int
    tools: frozenset[str]


def check_app(
    app: App,
    user: UserSimulator,
    *,
    tasks: int = 20,
    size: Size | str = Size.SMALL,
    split: Split | str = Split.TRAIN,
    seed: int = 0,
    on_task: Callable[[str], None] = lambda _: None,
) -> CheckReport:
    """Prove a sample of tasks of every family.

    The oracle scores 1 and none of its calls is refused; doing nothing scores 0; random schema-valid calls score
    about 0; every slip and the oracle with one destructive act more score less than 1; a second run from a task
    made anew, and a third in another process with another hash seed, end in the same snapshot id; no code of the
    app reads the wall clock or unseeded randomness.

    Args:
        app: The app.
        user: Who talks to the agent.
        tasks: How many tasks of each family.
        size: How much data the worlds hold.
        split: Which split's tasks.
        seed: Seeds the bases and the random agent.
        on_task: Called with each task's id, for progress.
    """
    checker = _Checker(app, user, Size(size), Split(split), seed)
    families = [checker.family(name, tasks, on_task) for name in app.playable]
    checker.compare_processes(families)
    return CheckReport(app.name, str(size), str(split), families, checker.impure())


class _Checker:
    """Holds what the checks of one app share."""

    def __init__(self, app: App, user: UserSimulator, size: Size, split: Split, seed: int) -> None:
        self.app, self.user, self.size, self.split, self.seed = app, user, size, split, seed
        self.sandbox, self.second = LocalSandbox(app, size, seed), LocalSandbox(app, size, seed)
        self.watched: set[str] = set()
        self.ends: dict[str, str] = {}

    def family(self, name: str, tasks: int, on_task: Callable[[str], None]) -> FamilyReport:
        report = FamilyReport(name, tasks)
        rows: dict[str, list[float]] = {"oracle": [], "noop": [], "random": [], "excess": [], "slips": [], "steps": []}
        tools: set[str] = set()
        for index in range(tasks):
            task = f"{self.app.name}/{self.split}/{name}/{index}"
            on_task(task)
            brief = self.sandbox.prepare(task)
            tools |= self._prove(brief, rows, report.violations)
            self.sandbox.release(brief.snapshot)
        for column, values in rows.items():
            setattr(report, column, round(fmean(values), 4) if values else 0.0)
        if report.random > RANDOM_AT_MOST:
            report.violations.append(f"{name}: random calls score {report.random:.3f}, over {RANDOM_AT_MOST}")
        report.tools = sorted(tools)
        return report

    def _prove(self, brief: Brief, rows: dict[str, list[float]], violations: list[str]) -> set[str]:
        folder = _folder(self.app)
        with watching(folder) as watch:
            oracle = play(self.sandbox, brief, self.user, brief.solution, self.seed)
        self.watched |= watch.findings
        again = play(self.second, self.second.prepare(brief.task), self.user, brief.solution, self.seed)
        noop = play(self.sandbox, brief, self.user, [assistant("Done.")] * 2, self.seed)
        wild = play(self.sandbox, brief, self.user, _random_messages(brief, self.seed), self.seed)
        excess = play(self.sandbox, brief, self.user, with_excess(brief.solution, brief.excess), self.seed)
        slips = [play(self.sandbox, brief, self.user, slip, self.seed).score for slip in brief.slips]
        self.ends[brief.task] = oracle.end
        scores = {"oracle": oracle.score, "noop": noop.score, "random": wild.score, "excess": excess.score}
        for column, score in {**scores, "steps": float(oracle.steps)}.items():
            rows[column].append(score)
        rows["slips"] += slips
        wrong = {
            f"the oracle scores {oracle.score}": oracle.score < 1,
            f"{oracle.refused} of the oracle's calls were refused": oracle.refused > 0,
            f"doing nothing scores {noop.score}": noop.score > 0,
            f"the oracle with a destructive act scores {excess.score}": excess.score >= 1,
            f"a slip scores {max(slips, default=0)}": max(slips, default=0) >= 1,
            f"a second run ends at {again.end[:12]}, the first at {oracle.end[:12]}": again.end != oracle.end,
        }
        violations += [f"{brief.task}: {what}" for what, is_wrong in wrong.items() if is_wrong]
        return set(oracle.tools)

    def compare_processes(self, families: Sequence[FamilyReport], sample: int = 2) -> None:
        """Play a few oracles again in another process with another hash seed (installed apps only)."""
        if self.app.name not in ENVS.names() or load_app(self.app.name) is not self.app:
            return
        by_family = {f.family: [t for t in self.ends if t.split("/")[2] == f.family][:sample] for f in families}
        tasks = [task for chosen in by_family.values() for task in chosen]
        there = _ends_in_other_process(tasks, self.size, self.seed, self.user.name)
        for family in families:
            for task in by_family[family.family]:
                if there.get(task) != self.ends[task]:
                    family.violations.append(f"{task}: another process ends in another snapshot")

    def impure(self) -> list[str]:
        """Findings of both nets of `purity`."""
        folder = _folder(self.app)
        files = [folder] if folder.is_file() else sorted(folder.rglob("*.py"))
        return read_source(files) + sorted(self.watched)


def play(sandbox: LocalSandbox, brief: Brief, user: UserSimulator, messages: Iterable[Message], seed: int) -> Played:
    """Play messages, whatever comes back, until they or the episode end; then verify."""
    episode = Episode.start(sandbox, brief, user, seed)
    refused = 0
    try:
        for message in messages:
            outcome = episode.step(message)
            refused += outcome.refused
            if outcome.done:
                break
        score = episode.verify().score
        end = sandbox.snapshot(episode.opened.episode)
        if end != brief.snapshot:
            sandbox.release(end)
        used = frozenset(c["function"]["name"] for m in episode.messages for c in calls_of(m))
        return Played(score, end, episode.steps, refused, used)
    finally:
        episode.close()


def with_excess(solution: Sequence[Message], excess: ToolCall) -> list[Message]:
    """The solution with a destructive act before its last message (which may end the episode)."""
    return [*solution[:-1], assistant(None, excess), *solution[-1:]]


def _random_messages(brief: Brief, seed: int) -> Iterable[Message]:
    space = MessageSpace(brief.tools, seed=seed)
    return (space.sample() for _ in range(brief.max_steps))


def _folder(app: App) -> Path:
    """Where the app's own code lies: its package's folder, or the one file."""
    function = next(iter(app.tools.values())).function
    file = Path(inspect.getfile(function))
    return file.parent if (file.parent / "__init__.py").exists() else file


def _ends_in_other_process(tasks: Sequence[str], size: Size, seed: int, user: str) -> dict[str, str]:
    environment = {**os.environ, "PYTHONHASHSEED": "4242"}
    command = [sys.executable, "-m", "greenroom.check", str(size), str(seed), user, *tasks]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        return {}
    return json.loads(done.stdout.splitlines()[-1])


def _print_ends(size: str, seed: str, user: str, *tasks: str) -> None:
    """The other process's side of `_ends_in_other_process`."""
    from greenroom.plugins import load_simulator

    sandbox = LocalSandbox(load_app(tasks[0].split("/")[0]), size, int(seed))
    simulator = load_simulator(user)
    ends: dict[str, str] = {}
    for task in tasks:
        brief = sandbox.prepare(task)
        ends[task] = play(sandbox, brief, simulator, brief.solution, int(seed)).end
    print(json.dumps(ends))


if __name__ == "__main__":
    _print_ends(*sys.argv[1:])
