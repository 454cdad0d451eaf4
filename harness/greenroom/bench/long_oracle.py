"""The oracle of benchmarks: it takes as many steps as are asked for."""

from collections.abc import Sequence
from dataclasses import replace

from greenroom.messages import Message, ToolCall, assistant, calls_of
from greenroom.policy import EpisodeStart, PolicySession
from greenroom.rollouts.policies import OraclePolicy

READING = ("search", "list", "read", "get", "find", "show")
"""Verbs of tools that change nothing."""


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
