"""The bank: real people's requests, read from a file and matched to a task's goal."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from greenroom.errors import UsageError
from greenroom.tasks import Goal
from greenroom_simulators.slots import hidden, known
from greenroom_simulators.template import Template, template


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Which real requests may open a task of one intent.

    Attributes:
        sources: Intents of the file that come near; a file may also name the task's own intent.
        prefer: Words that make a request a better match.
        avoid: Words that make it ask for something else than the task, so that it is passed over.
    """

    sources: tuple[str, ...]
    prefer: str
    avoid: str = r"(?!)"


# Words of a request that wants something of its own, which a task of another kind would contradict.
ELSE = (
    r"\b(delete|remove|erase|cancel|alert|alerts|notif\w*|voice mail|text|call|add|attach|star|archive|when|how many"
    r"|contact|contacts|otp|did i|who|who's|person|starting)\b"
)
OWN_MESSAGE = (
    r"|\b(new|start|open|wait|inste?ad|instaed|meeting|remind\w*|confirmation|wish\w*|group|request|weather|content"
    r"|friend|family|favou?rite|co-? ?worker|whom|details|read it back|inbox|i am|i'?ll|i will|i appreciate|he is)\b"
)
RULES: Mapping[str, Rule] = {
    "find_fact": Rule(sources=("email_query",), prefer=r"\b(from|about|what|check|find|read|tell|show)\b", avoid=ELSE),
    "reply_fact": Rule(
        sources=("email_sendemail",),
        prefer=r"\b(reply|replay|respond|answer|response)\b",
        avoid=ELSE + OWN_MESSAGE + r"|\b(compose|forward)\b",
    ),
    "forward": Rule(
        sources=("email_sendemail",),
        prefer=r"\b(forward|send|sent)\b",
        avoid=ELSE + OWN_MESSAGE + r"|\b(repl\w+|respon\w+|answer|write|compose|prepare|create)\b",
    ),
    "schedule": Rule(
        sources=("calendar_set",),
        prefer=r"\b(schedule|meeting|appointment|event|add|set up)\b",
        avoid=r"\b(delete|remove|cancel|repeat\w*|recur\w*|every|sync|notif\w*|alert|alarm|list|call|tell|sleep|input)\b"
        r"|\b(i am|weight)\b"
        r"|\bremind\w*\b(?!.*\babout\b)",
    ),
    "file_rule": Rule(
        sources=("email_query",), prefer=r"\b(archive|mark|list|all|from)\b", avoid=ELSE.replace("|archive", "")
    ),
    "unsubscribe": Rule(sources=("email_query",), prefer=r"\b(from|inbox|all)\b", avoid=ELSE),
}


@dataclass(frozen=True, kw_only=True)
class Request:
    """One real request.

    Attributes:
        text: The words as they stand in the file.
        intent: Its label there.
        line: Its line, from 1.
        template: The words with their values found.
    """

    text: str
    intent: str
    line: int
    template: Template


@dataclass(frozen=True, kw_only=True)
class Match:
    """A request that can open a goal: with the goal's values in it, and how well it fits."""

    request: Request
    text: str
    score: int


class Bank:
    """Requests of real people, by intent.

    Args:
        requests: The requests.
        rules: Which of them fit which goals.
    """

    def __init__(self, requests: Sequence[Request], rules: Mapping[str, Rule] = RULES) -> None:
        self.requests = tuple(requests)
        self.rules = rules
        self._fitting = {intent: self._fit(intent) for intent in {*rules, *(r.intent for r in requests)}}

    @classmethod
    def load(cls, path: Path, rules: Mapping[str, Rule] = RULES) -> "Bank":
        """Read a JSONL file: an object with at least `text` and `intent` on each line.

        Raises:
            UsageError: No such file, or a line that is no request; the message quotes it.
        """
        try:
            lines = path.read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"people's requests cannot be read from '{path}': {error}") from None
        rows = [(n, *_row(path, n, line)) for n, line in enumerate(lines, 1) if line.strip()]
        if not rows:
            raise UsageError(f"'{path}' holds no requests: write one JSON object with 'text' and 'intent' a line")
        common = _common_words([text for _, text, _ in rows])
        made = [Request(text=t, intent=i, line=n, template=template(t, common)) for n, t, i in rows]
        return cls(made, rules)

    def matches(self, goal: Goal) -> list[Match]:
        """The requests that can open a goal, in the order of the file."""
        told = {role: value for role, value in known(goal).items() if role not in hidden(goal)}
        filled = ((r, r.template.fill(told), score) for r, score in self._fitting.get(goal.intent, ()))
        return [Match(request=r, text=text, score=score) for r, text, score in filled if text is not None]

    def draw(self, goal: Goal, rng: Random) -> Match | None:
        """One of the requests that can open the goal, better ones more often; None when there is none."""
        found = self.matches(goal)
        return rng.choices(found, [match.score**2 for match in found])[0] if found else None

    def _fit(self, intent: str) -> list[tuple[Request, int]]:
        """The requests whose words suit an intent, whatever the goal's values, with their scores."""
        rule = self.rules.get(intent) or Rule(sources=(), prefer=r"(?!)")
        near = (r for r in self.requests if r.intent == intent or r.intent in rule.sources)
        return [(request, _score(request, rule)) for request in near if _speaks_to(request, rule)]


def prefers(rule: Rule, text: str) -> bool:
    """Whether a text says the kind of thing that the rule is about."""
    return re.search(rule.prefer, text, re.IGNORECASE) is not None


def _speaks_to(request: Request, rule: Rule) -> bool:
    """Whether the words are fit to open any task of the rule: nothing else wanted, no name overlooked."""
    own = request.template.literal
    return (
        bool(re.search(r"\w", own))
        and not request.template.names_somebody
        and not re.search(rule.avoid, own, re.IGNORECASE)
    )


def _score(request: Request, rule: Rule) -> int:
    """One for being there, two for each preferred word, two for each value that could be replaced."""
    words = {word.lower() for word in re.findall(rule.prefer, request.text, re.IGNORECASE)}
    return 1 + 2 * len(words) + 2 * len(request.template.values)


def _row(path: Path, number: int, line: str) -> tuple[str, str]:
    try:
        row: Any = json.loads(line)
    except ValueError as error:
        raise _malformed(path, number, line, f"not JSON: {error}") from None
    if not isinstance(row, dict):
        raise _malformed(path, number, line, "not an object")
    return _field(row, "text", path, number, line), _field(row, "intent", path, number, line)


def _field(row: Any, key: str, path: Path, number: int, line: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _malformed(path, number, line, f"no text under '{key}'")
    return value.strip()


def _malformed(path: Path, number: int, line: str, why: str) -> UsageError:
    return UsageError(
        f"{path}, line {number} is no request ({why}): {line[:120]!r}; "
        "each line is a JSON object with 'text' and 'intent'"
    )


def _common_words(texts: Sequence[str]) -> frozenset[str]:
    """Words that several write in lower case: whoever capitalises one of them means no name."""
    lower: Counter[str] = Counter(word for text in texts for word in re.findall(r"\b[a-z]+\b", text))
    return frozenset(word for word, count in lower.items() if count > 1)
