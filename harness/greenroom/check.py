"""`greenroom check`: every task of a sample is proved to be solvable, not winnable by accident, and reproducible."""

import inspect
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from greenroom.app import App
from greenroom.episode import Episode
from greenroom.fault import Fault
from greenroom.faults import REALISTIC, Retrying
from greenroom.messages import Message, ToolCall, assistant, calls_of
from greenroom.plugins import ENVS, load_app
from greenroom.purity import read_source, watching
from greenroom.sandbox import Brief
from greenroom.sandboxes.local import LocalSandbox
from greenroom.spaces import MessageSpace
from greenroom.tasks import Size, Split
from greenroom.users import UserSimulator

RANDOM_AT_MOST = 0.02
COLUMNS = ("oracle", "faulty", "noop", "random", "shuffled", "excess", "slips", "steps", "patience")

Client = Callable[[Sequence[Message]], Message | None]
"""Gives the next assistant message for those that came since the last, until it has none."""


@dataclass
class FamilyReport:
    """What was found of one family: mean scores over the sample, and every violation.

    Attributes:
        oracle: The task's own solution.
        faulty: The solution under realistic faults, played by a careful client.
        noop: Doing nothing.
        random: Random calls that fit the schemas.
        shuffled: The solution of another task of the family.
        excess: The solution and one destructive act.
        slips: Plausible mistakes.
        steps: Assistant messages of the solution.
        patience: Assistant messages of the solution under faults.
        faults: How often each kind of fault was met, latency left out.
        tools: What the solutions use.
    """

    family: str
    tasks: int = 0
    oracle: float = 0.0
    faulty: float = 0.0
    noop: float = 0.0
    random: float = 0.0
    shuffled: float = 0.0
    excess: float = 0.0
    slips: float = 0.0
    steps: float = 0.0
    patience: float = 0.0
    faults: dict[str, int] = field(default_factory=dict[str, int])
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
    """One finished episode: its score, its end (page id), how it went, and which tools changed something."""

    score: float
    end: str
    steps: int
    refused: int
    tools: frozenset[str]
    faults: tuple[Fault, ...]
    wrote: frozenset[str]


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

    The oracle scores 1 and none of its calls is refused; under realistic faults it still scores 1 when a careful
    client plays it (each effect exactly once); doing nothing scores 0; the oracle of another task scores 0; random
    schema-valid calls score about 0; every slip and the oracle with one destructive act more score less than 1; a
    second run from a task made anew, and a third in another process with another hash seed, end in the same snapshot
    id; no tool that counts as reading changes anything; no code of the app reads the wall clock or unseeded randomness.

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
    return CheckReport(app.name, str(size), str(split), families, checker.impure() + checker.dishonest())


class _Checker:
    """Holds what the checks of one app share."""

    def __init__(self, app: App, user: UserSimulator, size: Size, split: Split, seed: int) -> None:
        self.app, self.user, self.size, self.split, self.seed = app, user, size, split, seed
        self.sandbox, self.second = LocalSandbox(app, size, seed), LocalSandbox(app, size, seed)
        self.faulty = LocalSandbox(app, size, seed, faults=REALISTIC)
        self.folders = folders(app)
        self.watched: set[str] = set()
        self.wrote: set[str] = set()
        self.ends: dict[str, str] = {}

    def family(self, name: str, tasks: int, on_task: Callable[[str], None]) -> FamilyReport:
        report = FamilyReport(name, tasks)
        rows: dict[str, list[float]] = {column: [] for column in COLUMNS}
        tools: set[str] = set()
        faults: Counter[str] = Counter()
        other = self._solution(name, tasks)
        for index in range(tasks):
            task = f"{self.app.name}/{self.split}/{name}/{index}"
            on_task(task)
            brief = self.sandbox.prepare(task)
            tools |= self._prove(brief, rows, report.violations)
            self._prove_shuffled(brief, other, rows, report.violations)
            faults.update(self._prove_faulty(task, rows, report.violations))
            other = brief.solution
            self.sandbox.release(brief.snapshot)
        for column, values in rows.items():
            setattr(report, column, round(fmean(values), 4) if values else 0.0)
        if report.random > RANDOM_AT_MOST:
            report.violations.append(f"{name}: random calls score {report.random:.3f}, over {RANDOM_AT_MOST}")
        report.tools, report.faults = sorted(tools), dict(sorted(faults.items()))
        return report

    def _solution(self, name: str, index: int) -> Sequence[Message]:
        brief = self.sandbox.prepare(f"{self.app.name}/{self.split}/{name}/{index}")
        self.sandbox.release(brief.snapshot)
        return brief.solution

    def _prove_shuffled(
        self, brief: Brief, other: Sequence[Message], rows: dict[str, list[float]], violations: list[str]
    ) -> None:
        score = play(self.sandbox, brief, self.user, other, self.seed).score
        rows["shuffled"].append(score)
        if score > 0:
            violations.append(f"{brief.task}: the oracle of another task scores {score}")

    def _prove_faulty(self, task: str, rows: dict[str, list[float]], violations: list[str]) -> list[str]:
        """Play the oracle under faults; returns the kinds of those that it met."""
        brief = self.faulty.prepare(task)
        # The room of a task is for the agent; a careful client may need more, and is not what is tested.
        brief = replace(brief, max_steps=brief.max_steps + 100)
        client = Retrying(brief.solution, brief.tools)
        played = play_client(self.faulty, brief, self.user, client.next, self.seed)
        self.faulty.release(brief.snapshot)
        rows["faulty"].append(played.score)
        rows["patience"].append(float(played.steps))
        if played.score < 1:
            met = ", ".join(f"{f.kind} of {f.tool}" for f in played.faults if f.kind != "latency")
            violations.append(f"{task}: under faults ({met or 'latency alone'}) the oracle scores {played.score}")
        return [fault.kind for fault in played.faults if fault.kind != "latency"]

    def _prove(self, brief: Brief, rows: dict[str, list[float]], violations: list[str]) -> set[str]:
        with watching(*self.folders) as watch:
            oracle = play(self.sandbox, brief, self.user, brief.solution, self.seed)
        self.watched |= watch.findings
        self.wrote |= oracle.wrote
        again = play(self.second, self.second.prepare(brief.task), self.user, brief.solution, self.seed)
        noop = play(self.sandbox, brief, self.user, [assistant("Done.")] * 2, self.seed)
        wild = play(self.sandbox, brief, self.user, _random_messages(brief, self.seed), self.seed)
        excess = play(self.sandbox, brief, self.user, with_excess(brief.solution, brief.excess), self.seed)
        slips = [play(self.sandbox, brief, self.user, slip, self.seed).score for slip in brief.slips]
        self.ends[brief.task] = oracle.end
        self.wrote |= wild.wrote | excess.wrote
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
        """Findings of both nets of `purity`: of the apps' whole folders, and of what ran."""
        files = [[folder] if folder.is_file() else sorted(folder.rglob("*.py")) for folder in self.folders]
        return read_source([file for some in files for file in some]) + sorted(self.watched)

    def dishonest(self) -> list[str]:
        """Tools that count as reading and change something all the same: faults would treat them as reads."""
        found = sorted(name for name in self.wrote if not self.app.tools[name].writes)
        return [f"{name} changes rows, but counts as reading: declare @app.tool(writes=True)" for name in found]


def play(sandbox: LocalSandbox, brief: Brief, user: UserSimulator, messages: Iterable[Message], seed: int) -> Played:
    """Play messages, whatever comes back, until they or the episode end; then verify."""
    script = iter(messages)
    return play_client(sandbox, brief, user, lambda _: next(script, None), seed)


def play_client(sandbox: LocalSandbox, brief: Brief, user: UserSimulator, client: Client, seed: int) -> Played:
    """Let a client play until it or the episode ends; then verify."""
    episode = Episode.start(sandbox, brief, user, seed)
    refused, new = 0, tuple(episode.messages)
    faults: list[Fault] = []
    changes, wrote = sandbox.changes(episode.opened.episode), set[str]()
    try:
        while (message := client(new)) is not None:
            outcome = episode.step(message)
            was, changes, new = changes, sandbox.changes(episode.opened.episode), outcome.messages
            if changes != was and len(calls_of(message)) == 1:
                wrote.add(calls_of(message)[0]["function"]["name"])
            refused += outcome.refused
            faults += outcome.faults
            if outcome.done:
                break
        score = episode.verify().score
        end = sandbox.snapshot(episode.opened.episode)
        if end != brief.snapshot:
            sandbox.release(end)
        used = frozenset(c["function"]["name"] for m in episode.messages for c in calls_of(m))
        return Played(score, end, episode.steps, refused, used, tuple(faults), frozenset(wrote))
    finally:
        episode.close()


def with_excess(solution: Sequence[Message], excess: ToolCall) -> list[Message]:
    """The solution with a destructive act before its last message (which may end the episode)."""
    return [*solution[:-1], assistant(None, excess), *solution[-1:]]


def _random_messages(brief: Brief, seed: int) -> Iterable[Message]:
    space = MessageSpace(brief.tools, seed=seed)
    return (space.sample() for _ in range(brief.max_steps))


def folders(app: App) -> list[Path]:
    """Where an app's own code lies: the folder that holds its models, tools and families, or the one file.

    Several apps in one world have several.
    """
    return [_folder(one) for one in app.apps]


def _folder(app: App) -> Path:
    functions = [*(tool.function for tool in app.tools.values()), *app.families.values(), app.populating]
    files = {Path(inspect.getfile(made)) for made in (app.models, *map(inspect.unwrap, functions))}
    if len(files) == 1:
        (only,) = files
        return only.parent if (only.parent / "__init__.py").exists() else only
    return Path(os.path.commonpath([file.parent for file in files]))


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
