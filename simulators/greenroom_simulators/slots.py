"""Slots: the values of a goal by role, how each is said, and whether the agent names another in its place."""

import re
from collections.abc import Callable

from greenroom.tasks import Fact, Goal
from greenroom_simulators import values

SAID_WITH = {
    "sender": ("from", "by"),
    "recipient": ("to",),
    "attendee": ("with",),
    "contact": ("with",),
    "folder": ("to", "into", "under", "in"),
    "value": ("to", "into", "under", "as"),
    "label": ("as",),
    "subject": ("about",),
    "topic": ("about",),
    "date": ("on",),
    "day": ("on",),
    "time": ("at",),
}
NAMED = ("sender", "recipient", "attendee", "contact", "folder", "label", "value")
NAME = r"((?:[A-Z][\w'’.-]*\w)(?:\s+[A-Z][\w'’-]*\w)*)"
NO_NAME = re.compile(r"^(The|Your|You|My|I|Re|It|Inbox|Mail|Email|Today|Tomorrow)$|-\d+$")


def known(goal: Goal) -> dict[str, str]:
    """Every value that the user knows, by role: the goal's slots and facts."""
    return {**{fact.key: fact.value for fact in goal.facts}, **goal.slots}


def names(goal: Goal) -> list[str]:
    """The values that are names of something, not plain words of the language such as `archive`."""
    return [value for value in known(goal).values() if re.search(r"[A-Z\d ]", value)]


def hidden(goal: Goal) -> set[str]:
    """The roles told only when asked."""
    return {fact.key for fact in goal.facts if not fact.at_once}


def phrase(goal: Goal, role: str) -> str:
    """A short phrase that says a slot, for which the task has no wording."""
    value = known(goal)[role]
    return f"{SAID_WITH[role][0]} {value}" if role in SAID_WITH else value


def fact_of(goal: Goal, role: str) -> Fact | None:
    """The fact about a role, if there is one."""
    return next((fact for fact in goal.facts if fact.key == role), None)


def mistaken(text: str, goal: Goal) -> list[str]:
    """The roles for which a text names another value than the user's: `sent to Mia Wolf`, who is not the recipient.

    A role whose own value is in the text is never mistaken: other names may stand beside it.
    """
    wanted = known(goal)
    return [role for role in wanted if not values.mentions(text, wanted[role]) and _other(text, role, goal)]


def _other(text: str, role: str, goal: Goal) -> bool:
    value = known(goal)[role]
    if role in NAMED:
        return bool(_named_instead(text, role, goal))
    if goal.needs != "date" and (values.dates(value) or values.times(value)):
        return _another(values.dates, text, value) or _another(values.times, text, value)
    return goal.needs != "number" and _another(values.amounts, text, value)


def _another(read: Callable[[str], set[str]], text: str, value: str) -> bool:
    wanted, found = read(value), read(text)
    return bool(wanted and found and not wanted & found)


def _named_instead(text: str, role: str, goal: Goal) -> list[str]:
    """Names that stand where the role's should, and are nobody's who is said the same way."""
    wanted = known(goal)
    words = SAID_WITH[role]
    others = [v for r, v in wanted.items() if set(SAID_WITH.get(r, ())) & set(words)]
    found = re.findall(rf"\b(?i:{'|'.join(words)})\s+(?:the\s+)?{NAME}", text)
    return [name for name in found if not _is_no_name(name) and not any(values.same_name(name, v) for v in others)]


def _is_no_name(name: str) -> bool:
    return bool(NO_NAME.search(name) or values.dates(f"1 {name}") or values.dates(name))
