"""The people user: opens with a real person's words, and goes on as the goal user."""

import os
from collections.abc import Sequence
from pathlib import Path
from random import Random

from greenroom.errors import UsageError
from greenroom.messages import Message
from greenroom.tasks import Goal
from greenroom.users import UserState, UserTurn
from greenroom.wordings import polite_twice
from greenroom_simulators import values
from greenroom_simulators.bank import Bank, Match, prefers
from greenroom_simulators.behaviour import Behaviour
from greenroom_simulators.goal import GoalUser
from greenroom_simulators.slots import hidden, known

VARIABLE = "GREENROOM_PEOPLE"


class PeopleUser:
    """Somebody who opens with a real request, its values replaced by the task's.

    Real requests seldom say all that a task needs: what is left unsaid is told in the same turn, in the task's
    own words. A goal that no real request fits opens with those alone.

    Args:
        path: A JSONL file of requests; by default the one that GREENROOM_PEOPLE names.
        behaviour: How the user acts after the real words.
        bank: The requests, already read, instead of a path.

    Raises:
        UsageError: There is neither a path nor the variable, or the file cannot be read.
    """

    name = "people"

    def __init__(
        self, path: str | Path | None = None, behaviour: Behaviour | None = None, bank: Bank | None = None
    ) -> None:
        self.bank = bank or Bank.load(_path(path))
        self.goal_user = GoalUser(behaviour)

    def open(self, goal: Goal, seed: int) -> UserTurn:
        """The opening: a real request and, unless it says all that is to be told at once, the task's own after it.

        Raises:
            UserError: The goal has no request, or needs something unheard of.
        """
        turn = self.goal_user.open(goal, seed)
        match = self.bank.draw(goal, Random(f"{seed}/people"))
        if match is None:
            return turn
        state = {**turn.state, "line": match.request.line}
        if self._says_all(match, goal):
            return UserTurn(text=match.text, state=state, act="open")
        real, wording = _sentence(match.text), int(state["wording"])
        if polite_twice(f"{real} {turn.text}"):
            wording = next((i for i, r in enumerate(goal.requests) if not polite_twice(f"{real} {r}")), wording)
            turn = self.goal_user.open(goal, seed, wording)
        return UserTurn(text=f"{real} {turn.text}", state={**state, "wording": wording}, act="open")

    def reply(self, state: UserState, messages: Sequence[Message]) -> UserTurn:
        """The goal user's answer."""
        return self.goal_user.reply(state, messages)

    def _says_all(self, match: Match, goal: Goal) -> bool:
        """Whether the real words hold every value to be told at once, and name what is wanted."""
        told = [value for role, value in known(goal).items() if role not in hidden(goal)]
        rule = self.bank.rules.get(goal.intent)
        named = match.request.intent == goal.intent or (rule is not None and prefers(rule, match.text))
        return bool(told) and named and all(values.mentions(match.text, value) for value in told)


def _path(path: str | Path | None) -> Path:
    given = path or os.environ.get(VARIABLE)
    if not given:
        raise UsageError(f"people's own words need a file of requests: give its path, or set {VARIABLE}")
    return Path(given)


def _sentence(text: str) -> str:
    text = text.rstrip(" ,;:")
    return text if text.endswith((".", "?", "!")) else f"{text}."
