"""Templates: a real request with its values (people, subjects, days, times) found, to be replaced by a task's.

What a value is, is found by declared patterns and by Faker's first names: no model, so the same text always
gives the same template.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from greenroom_simulators import values

Kind = Literal["person", "subject", "date", "time", "content"]

RELATIVES = (
    "mom mum mother dad daddy father wife husband sister brother bro son daughter grandma grandpa aunt uncle family "
    "girlfriend boyfriend friends? boss manager colleagues? co-?workers? assistant clinic bank company team"
)
EACH = r"(?:this|next|last|past|every|each|following|the last|the past|coming|upcoming|previous)"
DIRECTIONS = {
    "from": ("sender", "contact"),
    "form": ("sender", "contact"),
    "of": ("sender", "contact"),
    "by": ("sender", "contact"),
    "to": ("recipient", "attendee"),
    "tell": ("recipient",),
    "email": ("recipient",),
    "mail": ("recipient",),
    "send": ("recipient",),
    "forward": ("recipient",),
    "for": ("recipient", "attendee"),
    "with": ("attendee", "contact", "sender"),
}
ANY_PERSON = ("sender", "contact", "attendee", "recipient")
ROLES: Mapping[Kind, tuple[str, ...]] = {
    "subject": ("subject", "topic", "title"),
    "date": ("date", "day"),
    "time": ("time",),
    "content": (),
}
# In this order: what an earlier pattern took, a later one does not see.
PATTERNS: tuple[tuple[Kind, str | re.Pattern[str]], ...] = (
    ("content", r"['\"‘“][^'\"]{3,}['\"’”]|\b(?:saying|say|says|telling|asking|ask|wishing|answering)\b.+$"),
    ("content", r"\b(?:that|and tell|with the answer|by saying|subject,|body|with just|attach)\b.+$"),
    ("person", r"'?<[^>]*>'?|\((?:sender|name|friend|contact)\)|\bperson A\b|\bsomeone'?s?\b|\*{2,}"),
    ("person", re.compile(r"\b(?:NAME|X{1,}|x{2,})\b")),
    ("date", r"\[date[^\]]*\]|\(date\)"),
    (
        "subject",
        r"\[[^\]]*\]|(?<=\babout )(?!(?:any|to)\b)[^?.,!]+|(?<=subject of )[^?.,!]+|(?<=with subject )[^?.,!]+",
    ),
    ("person", r"\b[\w-]+\.(?:com|org|net)\b"),
    ("content", r"\.{3,}|…|_{2,}"),
    ("date", values.DAY_MONTH),
    ("date", values.MONTH_DAY),
    ("time", r"\b\d{1,2}(?::\d\d)?\s*(?:[ap]\.?m\b\.?|'?\s?o'?\s?clock)|\b\d{1,2}:\d\d\b|\b(?:noon|midnight)\b"),
    ("date", r"\b\d{1,2}/\d{1,2}(?:/\d{2,4})?\b|\b(?:the )?\d{1,2}(?:st|nd|rd|th)\b|\bthe (?:first|second|third)\b"),
    ("date", rf"\b(?:{EACH}\s+)?(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b"),
    ("date", rf"\b{EACH}\s+(?:\w+\s+)?(?:hour|minute|day|week|month|year|morning|afternoon|evening|night)s?\b"),
    ("date", r"\b(?:(?:this|last|next) weekend|last time|today|tonight|tomm?orr?ow|yesterday|christmas)\b"),
    ("date", r"\b(?:january|february|march|april|june|july|august|september|october|november|december)\b"),
    ("person", rf"\bmy (?:{'|'.join(RELATIVES.split())})\b|\b(?:mom|dad|mum|daddy|bro|grandma)\b"),
)
COMPILED: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(p, re.IGNORECASE) if isinstance(p, str) else p) for kind, p in PATTERNS
)
CAPITALISED = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|Principal|Aunt|Uncle)\.?\s+)?\b[A-Z][a-z]+(?:\s+[A-Z][a-z]*)*\b")
AFTER = re.compile(r"\b(?:from|form|to|tell|email|mail|of|with|has|if|did|answer|for)\s+(?=([a-z]+)\b)")
# Names of assistants and programs, and words that open sentences.
NO_NAME_WORDS = "i olly pda alexa siri echo cortana ok google hey hello hi email emails gmail outlook plz"
NO_NAMES = frozenset(NO_NAME_WORDS.split())
# First names that are words of the language as well: names only with a capital letter inside a sentence.
AMBIGUOUS = (
    "please will mark may grant joy hope chance major best see say art young guy in my the a me all new can any so "
    "long an to jan april june august summer autumn faith grace rich carry don rose star"
)
WORDS = frozenset(AMBIGUOUS.split())
Span = tuple[int, int, Kind]


# Where a word in lower case that nobody else uses is somebody's name.
RARE = re.compile(r"\b(?:e?mails? (?:to|from)|did)\s+([a-z]+)\b")


@dataclass(frozen=True)
class Value:
    """A value found in a request.

    Attributes:
        kind: What kind of value.
        text: How the person wrote it.
        roles: The roles that may take its place, the best first.
    """

    kind: Kind
    text: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Template:
    """A request as literal pieces and values, in order."""

    parts: tuple[str | Value, ...]

    @property
    def values(self) -> tuple[Value, ...]:
        """The values, in order."""
        return tuple(part for part in self.parts if isinstance(part, Value))

    @property
    def names_somebody(self) -> bool:
        """Whether a first name may have been overlooked in the literal pieces."""
        words = {word for part in self.parts if isinstance(part, str) for word in re.findall(r"[a-z]+", part.lower())}
        return bool(words & _first_names() - NO_NAMES - WORDS)

    @property
    def literal(self) -> str:
        """The person's own words, without the values."""
        return " ".join(part.strip() for part in self.parts if isinstance(part, str)).strip()

    def fill(self, slots: Mapping[str, str]) -> str | None:
        """The request with the slots' values in place of its own.

        Returns:
            None when a value has no slot to take its place, or two values would get the same.
        """
        used: set[str] = set()
        pieces: list[str] = []
        for part in self.parts:
            if isinstance(part, str):
                pieces.append(part)
                continue
            role = next((role for role in part.roles if role in slots), None)
            if role is None or role in used:
                return None
            used.add(role)
            pieces.append(f"the {slots[role]}" if part.kind == "subject" and slots[role].islower() else slots[role])
        return "".join(pieces)


def template(text: str, common: frozenset[str] = frozenset()) -> Template:
    """Find the values of a request.

    Args:
        text: What somebody wrote.
        common: Words known to be no names (lower case).
    """
    parts: list[str | Value] = []
    at = 0
    for start, end, kind in _merged(text, _spans(text, common)):
        parts += [text[at:start], Value(kind, text[start:end], _roles(kind, text[:start]))]
        at = end
    return Template(tuple(part for part in (*parts, text[at:]) if part))


def _spans(text: str, common: frozenset[str]) -> list[Span]:
    """Where values are, in order; of two that overlap, the one found first."""
    spans: list[Span] = []
    for start, end, kind in [*_patterned(text), *_named(text, common)]:
        if end > start and all(end <= s or start >= e for s, e, _ in spans):
            spans.append((start, end, kind))
    return sorted(spans)


def _merged(text: str, spans: list[Span]) -> list[Span]:
    """Values of one kind with nothing between them are one: `my friend` and `Rachel`."""
    merged: list[Span] = []
    for start, end, kind in spans:
        if merged and merged[-1][2] == kind and not text[merged[-1][1] : start].strip():
            start = merged.pop()[0]
        merged.append((start, end, kind))
    return merged


def _patterned(text: str) -> Iterator[Span]:
    for kind, pattern in COMPILED:
        for match in pattern.finditer(text):
            yield match.start(), len(text[: match.end()].rstrip()), kind


def _named(text: str, common: frozenset[str]) -> Iterator[Span]:
    """Names of people: capitalised words that are no common ones, and first names in lower case where a name stands."""
    for match in CAPITALISED.finditer(text):
        words = match[0].rstrip(".").split()
        while words and not _is_name(words[0], common, initial=match.start() == text.find(words[0]) == 0):
            words.pop(0)
        while words and not _is_name(words[-1], common, initial=False):
            words.pop()
        if words:
            start = text.index(words[0], match.start())
            yield start, text.index(words[-1], start) + len(words[-1]), "person"
    for match in AFTER.finditer(text):
        if match[1] in _first_names() and match[1] not in NO_NAMES | WORDS:
            yield match.start(1), match.end(1), "person"
    for match in RARE.finditer(text):
        if common and match[1] not in common:
            yield match.start(1), match.end(1), "person"


def _is_name(word: str, common: frozenset[str], *, initial: bool) -> bool:
    lower = word.lower().rstrip(".")
    if lower in NO_NAMES:
        return False
    if initial:
        return lower in _first_names() and lower not in WORDS
    return lower in _first_names() or lower not in common


def _roles(kind: Kind, before: str) -> tuple[str, ...]:
    if kind != "person":
        return ROLES[kind]
    words = re.findall(r"[a-z]+", before.lower())[-2:]
    return next((DIRECTIONS[word] for word in reversed(words) if word in DIRECTIONS), ANY_PERSON)


@cache
def _first_names() -> frozenset[str]:
    from faker.providers.person.en_US import Provider

    return frozenset(str(name).lower() for name in Provider.first_names)
