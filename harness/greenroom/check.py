"""`greenroom check`: every task of a sample is proved to be solvable, not winnable by accident, and reproducible."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

from greenroom.app import App
from greenroom.checks.playing import ROOM, Effects, Played, play, play_carefully, with_excess
from greenroom.checks.processes import can_be_loaded, ends_elsewhere
from greenroom.checks.report import CheckReport, FamilyReport, told
from greenroom.errors import GreenroomError, UnknownNameError
from greenroom.faults import HOSTILE, REALISTIC
from greenroom.messages import Message, assistant
from greenroom.purity import folders, read_source, watching
from greenroom.sandbox import Brief
from greenroom.sandboxes.local import LocalSandbox
from greenroom.spaces import MessageSpace
from greenroom.tasks import Goal, Size, Split
from greenroom.users import UserSimulator

NOTHING = [assistant("Done.")] * 2
FLAT_NO = [assistant("I am sorry, but I cannot do that.")] * 2
OTHERS = 3
"""One solution of another task may win by chance, since answers (a day, a yes) recur; not those of so many."""
ELSEWHERE = 2
"""So many tasks of each family are played again in another process."""


def check_app(
    app: App,
    user: UserSimulator,
    *,
    tasks: int = 20,
    first: int = 0,
    families: Sequence[str] = (),
    size: Size | str = Size.SMALL,
    split: Split | str = Split.TRAIN,
    seed: int = 0,
    on_task: Callable[[str], None] = lambda _: None,
) -> CheckReport:
    """Prove a sample of tasks of every family.

    The oracle scores 1 and none of its calls is refused; under realistic faults it still scores 1 when a careful
    client plays it, and has changed as many rows (each effect exactly once); doing nothing scores 0, and so do a no
    without a reason and a no that says the user's own words back; the next task's oracle scores about 0, and those
    of the next three never all win; random schema-valid calls score about 0; every slip and the oracle with one
    destructive act more score less than 1; a second run from a task made anew, and a third in another process with
    another hash seed, end in the same snapshot id; no tool that counts as reading changes anything; no code of the
    app reads the wall clock or unseeded randomness.

    Args:
        app: The app, or several.
        user: Who talks to the agent.
        tasks: How many tasks of each family.
        first: The number of the first of them, so that a long sweep can go in batches.
        families: These only; all that can be played when empty.
        size: How much data the worlds hold.
        split: Which split's tasks.
        seed: Seeds the bases and the random agent.
        on_task: Called with each task's id, for progress.

    Raises:
        UnknownNameError: There is no such family.
    """
    for name in families:
        if name not in app.playable:
            raise UnknownNameError("task family", name, app.playable)
    prover = _Prover(app, user, Size(size), Split(split), seed)
    indices = range(first, first + tasks)
    reports = [prover.family(name, indices, on_task) for name in families or app.playable]
    prover.compare_processes(reports)
    left_out = {name: list(app.needs[name]) for name in app.families if name not in app.playable}
    return CheckReport(app.name, str(size), str(split), reports, prover.impure() + prover.dishonest(), left_out)


class _Prover:
    """Holds what the proofs of one app share."""

    def __init__(self, app: App, user: UserSimulator, size: Size, split: Split, seed: int) -> None:
        self.app, self.user, self.size, self.split, self.seed = app, user, size, split, seed
        self.sandbox, self.second = LocalSandbox(app, size, seed), LocalSandbox(app, size, seed)
        self.realistic = LocalSandbox(app, size, seed, faults=REALISTIC)
        self.hostile = LocalSandbox(app, size, seed, faults=HOSTILE)
        self.folders = folders(app)
        self.watched: set[str] = set()
        self.wrote: set[str] = set()
        self.ends: dict[str, str] = {}

    def family(self, name: str, indices: range, on_task: Callable[[str], None]) -> FamilyReport:
        """Prove some tasks of a family."""
        report = FamilyReport(name, len(indices))
        figures: dict[str, list[float]] = defaultdict(list)
        faults: Counter[str] = Counter()
        levels: Counter[int] = Counter()
        tools, solutions = set[str](), Counter[str]()
        for index in indices:
            task = self._id(name, index)
            on_task(task)
            try:
                brief = self.sandbox.prepare(task)
                others = (self._solution(self._id(name, index + i)) for i in range(1, OTHERS + 1))
                oracle = self._prove_oracle(brief, figures, report.violations)
                self._prove_others(brief, others, figures, report.violations)
                faulty = self._prove_faulty(task, oracle.effects, figures, report.violations)
            except GreenroomError as error:  # One bad task must not hide what is wrong with the others.
                report.violations.append(f"{task}: cannot be played: {error}")
                continue
            tools |= set(oracle.calls)
            solutions[json.dumps(brief.solution)] += 1
            levels[brief.level] += 1
            faults.update(faulty.troubles)
            self.sandbox.release(brief.snapshot)
        report.tools, report.faults = sorted(tools), dict(sorted(faults.items()))
        report.levels = dict(sorted(levels.items()))
        report.summarize(figures)
        report.compare(solutions)
        return report

    def _id(self, family: str, index: int) -> str:
        return f"{self.app.name}/{self.split}/{family}/{index}"

    def _solution(self, task: str) -> Sequence[Message]:
        """The solution of a task: mostly the one that is proved next, so that it is made once."""
        return self.sandbox.prepare(task).solution

    def _prove_oracle(self, brief: Brief, figures: dict[str, list[float]], violations: list[str]) -> Played:
        """The solution wins, no call of it is refused, and it ends the same when the task is made again."""
        with watching(*self.folders) as watch:
            oracle = play(self.sandbox, brief, self.user, brief.solution, self.seed)
        self.watched |= watch.findings
        self.wrote |= oracle.wrote
        self.ends[brief.task] = oracle.end
        anew = self.second.prepare(brief.task)
        again = play(self.second, anew, self.user, brief.solution, self.seed)
        self.second.release(anew.snapshot)
        figures["oracle"].append(oracle.score)
        figures["steps"].append(oracle.steps)
        figures["calls"].append(len(oracle.calls))
        different, refusals = again.end != oracle.end, "; ".join(oracle.refusals)
        violations += told(
            brief.task,
            (
                (oracle.score < 1, f"the oracle scores {oracle.score}: {'; '.join(oracle.findings)}"),
                (oracle.refused > 0, f"{oracle.refused} of the oracle's calls were refused: {refusals}"),
                (different, f"a second run ends at {again.end[:12]}, the first at {oracle.end[:12]}"),
            ),
        )
        return oracle

    def _prove_others(
        self, brief: Brief, others: Iterable[Sequence[Message]], figures: dict[str, list[float]], violations: list[str]
    ) -> None:
        """Nothing that should not win does."""
        wild, excess = self._play(brief, _random_messages(brief, self.seed)), self._play(brief, _overdone(brief))
        self.wrote |= wild.wrote | excess.wrote
        noop, flat_no = self._play(brief, NOTHING).score, self._play(brief, FLAT_NO).score
        parrot = self._play(brief, _said_back(brief)).score
        swapped = self._swapped(brief, others)
        slips = [self._play(brief, slip).score for slip in brief.slips]
        scores = {
            "noop": noop,
            "flat_no": flat_no,
            "parrot": parrot,
            "random": wild.score,
            "shuffled": swapped[0],
            "excess": excess.score,
        }
        for column, score in scores.items():
            figures[column].append(score)
        if slips:
            figures["slips"] += slips
        violations += told(
            brief.task,
            (
                (noop > 0, f"doing nothing scores {noop}"),
                (flat_no > 0, f"saying no without a reason scores {flat_no}"),
                (parrot > 0, f"saying the user's own words back, and no, scores {parrot}"),
                (min(swapped) > 0, f"the oracles of the next {OTHERS} tasks score {min(swapped)} and more"),
                (excess.score >= 1, f"the oracle with a destructive act scores {excess.score}"),
                (max(slips, default=0) >= 1, f"a slip scores {max(slips, default=0)}"),
            ),
        )

    def _swapped(self, brief: Brief, others: Iterable[Sequence[Message]]) -> list[float]:
        """Scores of other tasks' solutions; as soon as one fails, the rest are not played."""
        scores: list[float] = []
        for other in others:
            scores.append(self._play(brief, other).score)
            if not scores[-1]:
                break
        return scores

    def _play(self, brief: Brief, messages: Iterable[Message]) -> Played:
        return play(self.sandbox, brief, self.user, messages, self.seed)

    def _prove_faulty(
        self, task: str, wanted: Effects, figures: dict[str, list[float]], violations: list[str]
    ) -> Played:
        """Under realistic faults a careful client wins, each effect exactly once; hostile ones are for the report."""
        faulty = play_carefully(self.realistic, task, self.user, self.seed, ROOM)
        figures["faulty"].append(faulty.score)
        figures["patience"].append(faulty.steps)
        figures["scripted"].append(play_carefully(self.hostile, task, self.user, self.seed).score)
        met = ", ".join(f"{f.kind} of {f.tool}" for f in faulty.faults if f.kind != "latency") or "latency alone"
        differing = sorted(f"{table} {op}" for table, op in (wanted - faulty.effects) + (faulty.effects - wanted))
        violations += told(
            task,
            (
                (faulty.score < 1, f"under faults ({met}) the oracle scores {faulty.score}"),
                (bool(differing), f"under faults ({met}) an effect is not had exactly once: {', '.join(differing)}"),
            ),
        )
        return faulty

    def compare_processes(self, reports: Sequence[FamilyReport]) -> None:
        """Play a few oracles again in another process with another hash seed (installed apps only)."""
        if not can_be_loaded(self.app):
            return
        chosen = {r.family: [t for t in self.ends if t.split("/")[2] == r.family][:ELSEWHERE] for r in reports}
        tasks = [task for some in chosen.values() for task in some]
        there, problem = ends_elsewhere(tasks, self.size, self.seed, self.user.name)
        for report in reports:
            for task in chosen[report.family]:
                if problem:
                    report.violations.append(f"{task}: cannot be played in another process: {problem}")
                elif there[task] != self.ends[task]:
                    report.violations.append(f"{task}: another process ends in another snapshot")

    def impure(self) -> list[str]:
        """Findings of both nets of `purity`: of the apps' whole folders, and of what ran."""
        files = [[folder] if folder.is_file() else sorted(folder.rglob("*.py")) for folder in self.folders]
        return read_source([file for some in files for file in some]) + sorted(self.watched)

    def dishonest(self) -> list[str]:
        """Tools that count as reading and change something all the same: faults would treat them as reads."""
        found = sorted(name for name in self.wrote if name in self.app.tools and not self.app.tools[name].writes)
        return [f"{name} changes rows, but counts as reading: declare @app.tool(writes=True)" for name in found]


def _overdone(brief: Brief) -> list[Message]:
    return with_excess(brief.solution, brief.excess)


def _said_back(brief: Brief) -> list[Message]:
    """All that the user says or would say, repeated: whatever must be told has to be found out."""
    goal = Goal.from_json(brief.goal)
    words = [goal.requests[0], *(fact.wordings[0] for fact in goal.facts if fact.wordings)]
    return [assistant(f"You said: {' '.join(words)} I am sorry, but I cannot do that.")] * 2


def _random_messages(brief: Brief, seed: int) -> Iterable[Message]:
    space = MessageSpace(brief.tools, seed=seed)
    return (space.sample() for _ in range(brief.max_steps))
