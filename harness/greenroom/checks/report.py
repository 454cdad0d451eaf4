"""What `greenroom check` found."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from statistics import fmean
from typing import Any

SHUFFLED_AT_MOST = 0.02
RANDOM_AT_MOST = 0.02
DIFFERENT_AT_LEAST = 0.8
"""The share of a family's tasks whose solutions differ; those of a few may be alike by chance."""


@dataclass
class FamilyReport:
    """What was found of one family: means over its tasks, and every violation.

    Attributes:
        family: The family.
        tasks: How many tasks were proved.
        levels: How many of them are of which level.
        oracle: Score of the task's own solution.
        faulty: Score of the solution under realistic faults, played by a careful client that has all the time it wants.
        scripted: Score of a strong scripted agent: that client under hostile faults, in the room that the task gives.
        noop: Score of doing nothing.
        flat_no: Score of saying no without a reason.
        parrot: Score of saying all back that the user says, and no.
        random: Score of random calls that fit the schemas.
        shuffled: Score of the solution of the next task of the family: at most 0.02, or one task.
        excess: Score of the solution and one destructive act.
        slips: Score of plausible mistakes.
        steps: Length: assistant messages of the solution.
        calls: Tool calls of the solution.
        patience: Assistant messages of the solution under realistic faults.
        faults: How often each kind of realistic fault was met, latency left out.
        tools: What the solutions use.
        violations: What is wrong, each with the task's id.
    """

    family: str
    tasks: int = 0
    levels: dict[int, int] = field(default_factory=dict[int, int])
    oracle: float = 0.0
    faulty: float = 0.0
    scripted: float = 0.0
    noop: float = 0.0
    flat_no: float = 0.0
    parrot: float = 0.0
    random: float = 0.0
    shuffled: float = 0.0
    excess: float = 0.0
    slips: float = 0.0
    steps: float = 0.0
    calls: float = 0.0
    patience: float = 0.0
    faults: dict[str, int] = field(default_factory=dict[str, int])
    tools: list[str] = field(default_factory=list[str])
    violations: list[str] = field(default_factory=list[str])

    def summarize(self, figures: dict[str, list[float]]) -> None:
        """Take in the means of what was measured of each task, by attribute."""
        for name, values in figures.items():
            setattr(self, name, round(fmean(values), 4))
        if self.random > RANDOM_AT_MOST:
            self.violations.append(f"{self.family}: random calls score {self.random:.3f}, over {RANDOM_AT_MOST}")
        won = sum(score > 0 for score in figures.get("shuffled", ()))
        if won > max(1, SHUFFLED_AT_MOST * self.tasks):  # Answers recur: two tasks may ask for the same day.
            self.violations.append(f"{self.family}: {won} of {self.tasks} tasks are won by the next task's solution")

    def compare(self, solutions: Counter[str]) -> None:
        """Take in how often each solution occurred: a family that repeats itself is soon learned by heart."""
        if (different := len(solutions)) < DIFFERENT_AT_LEAST * (tasks := solutions.total()):
            told = f"{self.family}: {tasks} tasks have only {different} different solutions"
            self.violations.append(f"{told}: draw anew in each what it is about, ids too")


@dataclass
class CheckReport:
    """The outcome of `greenroom check`.

    Attributes:
        left_out: Families that need an app which is not there, each with what it needs.
        impure: Code that reads clocks or unseeded randomness, and tools that claim to read only and do not.
    """

    app: str
    size: str
    split: str
    families: list[FamilyReport]
    impure: list[str]
    left_out: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    @property
    def violations(self) -> list[str]:
        """Everything that is wrong."""
        return [*self.impure, *(v for family in self.families for v in family.violations)]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.violations

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {**asdict(self), "ok": self.ok}


def told(task: str, wrong: Iterable[tuple[bool, str]]) -> list[str]:
    """The sentences that are true, each after the task's id."""
    return [f"{task}: {what}" for is_wrong, what in wrong if is_wrong]
