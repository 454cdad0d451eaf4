"""The language of searches: words, phrases and operators, understood but not yet run."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from greenroom import Refusal
from greenroom.searches import few_words
from greenroom_envs.mail.dates import read_date

COLUMNS = {"from": "{sender address}", "to": "{recipient}", "subject": "{subject}"}
CHOICES = {
    "in": (),
    "label": (),
    "is": ("unread", "read", "starred"),
    "has": ("attachment", "invitation"),
    "before": (),
    "after": (),
}
OPERATORS = (*COLUMNS, *CHOICES)
ANYWHERE = "{sender subject body}"
TERM = re.compile(r'(-?)(?:([A-Za-z]+):)?("[^"]*"|[^\s"]+)')


@dataclass(frozen=True)
class Query:
    """A search, understood.

    Attributes:
        match: What FTS5 is asked, empty for a search by folder, label, state or date alone.
        without: What FTS5 must not find, empty for nothing.
        folders: Only these folders.
        labels: Only messages with all of these labels.
        states: Each of these must hold: `unread`, `read`, `starred`.
        has: Each of these must be there: `attachment`, `invitation`.
        before: Only messages of earlier days.
        after: Only messages of later days.
    """

    match: str = ""
    without: str = ""
    folders: Sequence[str] = field(default=())
    labels: Sequence[str] = field(default=())
    states: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    before: date | None = None
    after: date | None = None


def parse_query(text: str, today: date) -> Query:
    """Read words, "quoted phrases", -words that must not occur and operators such as `from:danielle`.

    Args:
        text: The search.
        today: Dates without a year are the last such days.

    Raises:
        Refusal: Nothing or too much to look for, an operator that does not exist, or one used as it cannot be.
    """
    terms: list[str] = []
    unwanted: list[str] = []
    found: dict[str, list[str]] = {name: [] for name in CHOICES}
    few_words(re.findall(r"[^\W_]+", text))
    for minus, operator, value in TERM.findall(text):
        key = operator.lower()
        if not key and value[:-1].lower() in OPERATORS and value.endswith(":"):
            raise Refusal("bad_operator", f"'{value}' needs a word right behind it, such as {value}danielle")
        if key and key not in OPERATORS:
            known = ", ".join(f"{name}:" for name in OPERATORS)
            raise Refusal("unknown_operator", f"There is no search operator '{operator}:'; there is {known}")
        if key in found:
            if minus:
                raise Refusal("bad_operator", f"'-{key}:' cannot be: a minus goes before words, from:, to:, subject:")
            found[key].append(value.strip('"').lower())
        elif words := re.findall(r"[^\W_]+", value):
            term = f'{COLUMNS.get(key, ANYWHERE)} : "{" ".join(words)}"'
            (unwanted if minus else terms).append(term)
    for name, known in CHOICES.items():
        for value in found[name]:
            _check(name, value, known)
    if not any((terms, unwanted, *found.values())):
        raise Refusal("empty_query", f"There is nothing to look for in {text!r}: give at least one word")
    return Query(
        match=" AND ".join(terms),
        without=" OR ".join(unwanted),
        folders=tuple(found["in"]),
        labels=tuple(found["label"]),
        states=tuple(found["is"]),
        has=tuple(found["has"]),
        before=min((read_date(d, today, past=True) for d in found["before"]), default=None),
        after=max((read_date(d, today, past=True) for d in found["after"]), default=None),
    )


def _check(name: str, value: str, known: Sequence[str]) -> None:
    if not known or value in known:
        return
    if name == "is":
        raise Refusal("unknown_state", f"Messages cannot be 'is:{value}'; there is {', '.join(known)}")
    raise Refusal("unknown_value", f"Messages have no '{value}' to be found by '{name}:'; there is {', '.join(known)}")
