"""Tasks: what is asked of an agent, what the user knows, how it is solved and how it is scored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from greenroom.errors import UsageError
from greenroom.messages import Message, ToolCall
from greenroom.worlds import Change, World


class Split(StrEnum):
    """Which part of a task source: names, senders and wordings are disjoint between them."""

    TRAIN = "train"
    DEV = "dev"
    TEST = "test"


class Size(StrEnum):
    """How much data a world holds."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One thing that the user knows.

    Attributes:
        key: What it is, such as `recipient`.
        value: The value itself, such as `Marcus Webb`.
        wordings: Full sentences or fragments that say it, values filled in; the user draws one.
        cues: Words, lower case; a question of the agent that holds one of them asks for this fact.
        at_once: Said as part of the opening (by the request's wording); else only when asked.
    """

    key: str
    value: str
    wordings: tuple[str, ...]
    cues: tuple[str, ...]
    at_once: bool = True


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What the user wants, and knows. Plain data: it crosses to the user's side.

    Attributes:
        intent: What kind of request, such as `find_fact`; real people's requests are matched by it.
        requests: Wordings of the opening request, values filled in, all of the task's split.
        facts: What the user knows; those not `at_once` are told only when asked.
        needs: What a final answer must hold to satisfy the user: `number`, `date`, `done` or `text`.
        slots: The values by role (`sender`, `subject`, `recipient`, …), to put into real people's words.
    """

    intent: str
    requests: tuple[str, ...]
    facts: tuple[Fact, ...] = ()
    needs: str = "done"
    slots: Mapping[str, str] = field(default_factory=dict[str, str])

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        return _GOAL.dump_python(self, mode="json")

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Goal":
        """The goal that `to_json` wrote."""
        return _GOAL.validate_python(data)


_GOAL = TypeAdapter(Goal)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What a verifier may look at.

    Attributes:
        changes: Net changes of app rows by the agent since the start, incidental columns left out.
        said: What the agent told the user, in order.
        messages: The whole conversation.
        world: The last world, to read from.
    """

    changes: Sequence[Change]
    said: Sequence[str]
    messages: Sequence[Message]
    world: World


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The score of an episode, from 0 to 1, and what was found.

    Raises:
        ValueError: The score is no number from 0 to 1.
    """

    score: float
    findings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # A bool is a number to Python; NaN is within no bounds.
        if isinstance(self.score, bool) or not isinstance(self.score, int | float) or not 0 <= self.score <= 1:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError(f"a score is a number from 0 to 1, not {repr(self.score)[:80]}")

    @property
    def success(self) -> bool:
        """Whether everything was right."""
        return self.score >= 1.0


Verifier = Callable[[Evidence], Verdict]


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a task family returns for one world that it has just prepared.

    Attributes:
        goal: What the user wants and knows.
        tools: Names of the tools offered (20 at most).
        solution: The oracle: assistant messages, played in order, whatever comes back.
        slips: Plausible mistaken solutions, as careless people record them (for sloppy demonstrations).
        excess: One destructive act that the task does not want: with it, the solution must score less.
        verifier: Scores the episode.
        max_steps: After so many assistant messages the episode is truncated.
        level: How hard it is within its family, from 1.
    """

    goal: Goal
    tools: tuple[str, ...]
    solution: tuple[Message, ...]
    excess: ToolCall
    verifier: Verifier
    slips: tuple[tuple[Message, ...], ...] = ()
    max_steps: int = 12
    level: int = 1


@dataclass(frozen=True)
class TaskId:
    """The name of a task: `mail/test/find_fact/17`. The same name is the same task on every machine."""

    app: str
    split: Split
    family: str
    index: int

    def __str__(self) -> str:
        return f"{self.app}/{self.split}/{self.family}/{self.index}"

    @classmethod
    def parse(cls, text: str) -> "TaskId":
        """Read `app/split/family/index`.

        Raises:
            ValueError: The text is no task id.
        """
        app, split, family, index = text.split("/")
        if not (index.isascii() and index.isdecimal()):  # Python reads numbers from more than digits.
            raise ValueError(f"'{index}' is no number of a task: they begin with 0")
        return cls(app, Split(split), family, int(index))

    @classmethod
    def at(cls, app: str, text: str) -> "TaskId":
        """Read the id of a task that is to be played where that app runs.

        Raises:
            UsageError: The text is no task id, or the task is of another app.
        """
        try:
            task = cls.parse(text)
        except ValueError:
            raise UsageError(
                f"'{text}' is no task id; one looks like {app}/test/FAMILY/0, and numbers begin with 0"
            ) from None
        if task.app != app:
            raise UsageError(f"task '{text}' is of app '{task.app}', but this sandbox runs '{app}'")
        return task
