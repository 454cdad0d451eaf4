"""The goal user: says its request, answers from what it knows, corrects the agent, thanks or leaves.

A pure function of its state: the state holds the goal, the seed and what happened so far as plain JSON.
"""

import re
from collections.abc import Sequence
from random import Random
from typing import Any

from greenroom.errors import UserError
from greenroom.messages import Message, text_of
from greenroom.tasks import Fact, Goal
from greenroom.users import UserState, UserTurn
from greenroom.wordings import polite_twice
from greenroom_simulators import values
from greenroom_simulators.behaviour import Behaviour
from greenroom_simulators.reading import Reading, check_needs, pending, read, satisfies
from greenroom_simulators.slots import fact_of, known, mistaken, names, phrase

THANKS = ("Thanks.", "Thank you.", "Great, thanks.")
GOODBYES = ("Never mind, I will do it myself.", "Forget it.", "This takes too long, goodbye.")
MISSING = {"number": "I need the number", "date": "I need the date", "done": "Please do it", "text": "That is not it"}
NOT_DONE = "That is not it."
DESTRUCTIVE = re.compile(r"\b(delete|remove|erase|trash|clear|everything|all of)\b", re.IGNORECASE)

WHICH = re.compile(r"\bwhich\b", re.IGNORECASE)


class GoalUser:
    """Somebody with a goal. Holds nothing that changes.

    Args:
        behaviour: How it acts; by default it says just what is needed.
    """

    name = "goal"

    def __init__(self, behaviour: Behaviour | None = None) -> None:
        self.behaviour = behaviour or Behaviour()

    def open(self, goal: Goal, seed: int, wording: int | None = None) -> UserTurn:
        """The opening: one of the task's requests, as this person would say it.

        Args:
            goal: What the user wants.
            seed: Everything that is drawn follows from it.
            wording: The number of the request; drawn when None.

        Raises:
            UserError: The goal has no request, or needs something unheard of.
        """
        if not goal.requests:
            raise UserError(f"the goal '{goal.intent}' has no requests: a task needs at least one wording")
        check_needs(goal)
        if wording is None:
            wording = Random(f"{seed}/wording").randrange(len(goal.requests))
        text = self.behaviour.opening(goal.requests[wording], list(known(goal).values()), seed)
        state: dict[str, Any] = {
            "goal": goal.to_json(),
            "seed": seed,
            "turn": 0,
            "wording": wording,
            "told": list[str](),
            "corrections": 0,
            "waited": False,
        }
        return UserTurn(text=text, state=state, act="open")

    def reply(self, state: UserState, messages: Sequence[Message]) -> UserTurn:
        """The answer to the agent's last text.

        Raises:
            UserError: The last message is not the agent's.
        """
        if not messages or messages[-1]["role"] != "assistant":
            last = messages[-1]["role"] if messages else "nothing"
            raise UserError(f"a user answers the agent, but the last message is from: {last}")
        return _Turn(self.behaviour, state).answer_to(text_of(messages[-1]))


class _Turn:
    """One turn being made: the state of the turn before, and a way to each kind of answer."""

    def __init__(self, behaviour: Behaviour, state: UserState) -> None:
        self.behaviour = behaviour
        self.goal = Goal.from_json(state["goal"])
        self.state: dict[str, Any] = {**state, "turn": state["turn"] + 1, "waited": False}
        self.waited: bool = state["waited"]
        self.rng = Random(f"{state['seed']}/{self.state['turn']}/choose")

    def answer_to(self, text: str) -> UserTurn:
        """Read the agent's text and answer: to a question from what is known, to anything else by a judgement."""
        reading = read(text)
        if not reading.question or (reading.empty_question and self.content_with(reading.statement)):
            return self.judge(reading.statement)
        if reading.confused and not self.asked_for(reading.question):
            return self.say(self.request(), "repeat", wants=True)
        return self.answer(reading)

    def content_with(self, statement: str) -> bool:
        return satisfies(statement, self.goal) and not mistaken(statement, self.goal)

    # Judgement of what the agent claims

    def judge(self, statement: str) -> UserTurn:
        if not statement:
            return self.correct("Are you there? " + self.request())
        if wrong := mistaken(statement, self.goal):
            return self.correct("No. " + self.tell(wrong))
        if satisfies(statement, self.goal):
            return self.say(self.rng.choice(THANKS), "thank", ends=True)
        if pending(statement) and not self.waited:
            self.state["waited"] = True
            return self.say("Okay.", "wait")
        request = self.request()
        text = f"{MISSING[self.goal.needs]}. {request}"
        return self.correct(f"{NOT_DONE} {request}" if polite_twice(text) else text)

    def correct(self, text: str) -> UserTurn:
        """Say what is wrong, unless patience is at an end."""
        if self.state["corrections"] >= self.behaviour.patience:
            return self.say(self.rng.choice(GOODBYES), "leave", ends=True)
        self.state["corrections"] += 1
        return self.say(text, "correct")

    # Answers to questions

    def answer(self, reading: Reading) -> UserTurn:
        question = reading.question
        asked = self.asked_for(question)
        untold = [f.key for f in asked if not f.at_once and not values.mentions(question, f.value)]
        if untold:
            return self.inform(untold)
        if reading.choice and (meant := self.mentioned(question)):
            return self.inform(meant)
        if reading.yes_no and (turn := self.confirm(reading)):
            return turn
        roles = [f.key for f in asked] or self.roles_named(question)
        if roles:
            return self.inform(roles)
        if WHICH.search(question):
            return self.say(self.request(), "repeat", wants=True)
        return self.say("I don't know.", "unknown")

    def confirm(self, reading: Reading) -> UserTurn | None:
        """Yes or no, or None when the question is about something else."""
        question = reading.question
        if wrong := mistaken(question, self.goal):
            return self.inform(wrong, before="No. ")
        if DESTRUCTIVE.search(question) and not any(DESTRUCTIVE.search(r) for r in self.goal.requests):
            acts = [f.key for f in self.asked_for(question) if any(DESTRUCTIVE.search(cue) for cue in f.cues)]
            return self.inform(acts, before="No. ") if acts else self.say("No.", "answer")
        if meant := self.mentioned(question):
            self.remember(meant)
            return self.say("Yes.", "answer")
        return self.say("Yes.", "answer") if reading.offer and not self.asked_for(question) else None

    def inform(self, roles: list[str], before: str = "") -> UserTurn:
        """Tell what was asked; who asks again for what was told at once loses some of the user's patience."""
        again = all(role in self.state["told"] for role in roles)
        text = before + self.tell(roles)
        if again:
            return self.correct(f"I told you: {text}")
        return self.say(text, "answer")

    def asked_for(self, question: str) -> list[Fact]:
        """The facts whose cues the question holds; those told only when asked go first."""
        bare = values.without(question, names(self.goal))
        asked = [f for f in self.goal.facts if any(values.mentions(bare, cue) for cue in f.cues)]
        return [f for f in asked if not f.at_once] or asked

    def roles_named(self, question: str) -> list[str]:
        return [role for role in self.goal.slots if values.mentions(question, role.replace("_", " "))]

    def mentioned(self, question: str) -> list[str]:
        return [role for role, value in known(self.goal).items() if values.mentions(question, value)]

    # Words

    def tell(self, roles: list[str]) -> str:
        """The values of some roles in short sentences: the task's own words where it has any."""
        self.remember(roles)
        parts: list[str] = []
        for role in roles:
            fact = fact_of(self.goal, role)
            parts.append(self.worded(fact, parts) if fact and fact.wordings else phrase(self.goal, role))
        return " ".join(_sentence(part) for part in parts)

    def worded(self, fact: Fact, before: list[str]) -> str:
        """One of a fact's wordings, not polite once more after what is said before it."""
        drawn = self.rng.choice(fact.wordings)
        fitting = (one for one in (drawn, *fact.wordings) if not polite_twice(" ".join((*before, one))))
        return next(fitting, drawn)

    def remember(self, roles: list[str]) -> None:
        self.state["told"] = sorted({*self.state["told"], *roles})

    def request(self) -> str:
        """The request again, in the next of its wordings."""
        wording: int = (self.state["wording"] + 1) % len(self.goal.requests)
        self.state["wording"] = wording
        request = self.goal.requests[wording]
        return request[:1].upper() + request[1:]

    def say(self, text: str, act: str, *, ends: bool = False, wants: bool = False) -> UserTurn:
        protected = list(known(self.goal).values())
        text = self.behaviour.turn(text, protected, self.state["seed"], self.state["turn"], wants=wants)
        return UserTurn(text=text, state=self.state, ends=ends, act=act)


def _sentence(text: str) -> str:
    """With a capital letter and an end."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")
