"""Proving the tasks of a foreign application, as `greenroom check` proves those of an app."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from greenroom.check import FLAT_NO, NOTHING
from greenroom.checks.playing import Stage, play, with_excess
from greenroom.checks.report import told
from greenroom.errors import GreenroomError
from greenroom.messages import Message
from greenroom.users import UserSimulator


@dataclass
class Proof:
    """What was found.

    Attributes:
        app: The application.
        tasks: The tasks that were proved.
        violations: What is wrong, each with the task's id.
    """

    app: str
    tasks: list[str] = field(default_factory=list[str])
    violations: list[str] = field(default_factory=list[str])

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.violations

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {**asdict(self), "ok": self.ok}


def prove(sandbox: Stage, user: UserSimulator, tasks: Sequence[str], seed: int = 0) -> Proof:
    """Prove tasks: the oracle scores 1 and ends twice in one state, the second time from a start made anew; nothing, a
    flat no, a slip, the oracle of another task and the oracle with one destructive act more score less.

    Args:
        sandbox: Where the application runs.
        user: Who talks to the agent.
        tasks: Their ids.
        seed: The user's.
    """
    proof = Proof(sandbox.app)
    for number, task in enumerate(tasks):
        try:
            other = sandbox.prepare(tasks[(number + 1) % len(tasks)]).solution if len(tasks) > 1 else NOTHING
            proof.violations += _prove(sandbox, user, task, other, seed)
        except GreenroomError as error:  # One bad task must not hide what is wrong with the others.
            proof.violations.append(f"{task}: cannot be played: {error}")
        proof.tasks.append(task)
    return proof


def _prove(sandbox: Stage, user: UserSimulator, task: str, other: Sequence[Message], seed: int) -> list[str]:
    brief = sandbox.prepare(task)

    def score(messages: Sequence[Message]) -> float:
        return play(sandbox, brief, user, messages, seed).score

    oracle = play(sandbox, brief, user, brief.solution, seed)
    noop, flat_no, shuffled = score(NOTHING), score(FLAT_NO), score(other)
    excess = score(with_excess(brief.solution, brief.excess))
    slips = [score(slip) for slip in brief.slips]
    sandbox.release(brief.snapshot)
    anew = sandbox.prepare(task)
    again = play(sandbox, anew, user, anew.solution, seed)
    sandbox.release(anew.snapshot)
    return told(
        task,
        (
            (oracle.score < 1, f"the oracle scores {oracle.score}"),
            (oracle.refused > 0, f"{oracle.refused} of the oracle's calls were refused"),
            (anew.snapshot != brief.snapshot, "made anew, it starts in another state"),
            (again.end != oracle.end, f"a second run ends at {again.end[:12]}, the first at {oracle.end[:12]}"),
            (noop > 0, f"doing nothing scores {noop}"),
            (flat_no > 0, f"saying no without a reason scores {flat_no}"),
            (shuffled > 0, f"the oracle of another task scores {shuffled}"),
            (excess >= 1, f"the oracle with a destructive act scores {excess}"),
            (max(slips, default=0) >= 1, f"a slip scores {max(slips, default=0)}"),
        ),
    )
