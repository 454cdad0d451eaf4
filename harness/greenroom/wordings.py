"""Wordings: whole sentences composed from parts, each sentence of exactly one split.

A sentence pattern (slots unfilled) is assigned to a split by a stable hash, so the sentences of test never
occur in train while their words do.
"""

import re
import zlib
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from random import Random

from greenroom.tasks import Split

Parts = tuple[tuple[str, ...], ...]
POLITE = (r"\bplease\b", r"\bwhen you (?:can|have)\b", r"\bthank(?:s| you)\b")
"""Politenesses: nobody says one of them twice in one turn."""


class Wordings:
    """All sentences that a choice from every part makes; `a | b` has the sentences of both.

    A sentence that would be polite twice ("When you can, … when you can.") is none.

    Args:
        parts: The alternatives of each part, glued in order as they are; slots are written `{sender}`.
    """

    def __init__(self, *parts: Sequence[str]) -> None:
        self._sets: tuple[Parts, ...] = (tuple(tuple(part) for part in parts),)

    def __or__(self, other: "Wordings") -> "Wordings":
        both = Wordings()
        both._sets = self._sets + other._sets
        return both

    def patterns(self, split: Split) -> tuple[str, ...]:
        """The sentence patterns of a split."""
        return tuple(pattern for pattern in _patterns(self._sets)[split] if not polite_twice(pattern))

    def draw(self, rng: Random, split: Split, count: int, /, **slots: str) -> tuple[str, ...]:
        """Different sentences of a split, slots filled, beginning with a capital letter."""
        patterns = _patterns(self._sets)[split]
        chosen = rng.sample(patterns, min(count, len(patterns)))
        return tuple(capital(pattern.format(**slots)) for pattern in _once_polite(chosen, patterns))

    def one(self, rng: Random, split: Split, /, **slots: str) -> str:
        """One sentence."""
        return self.draw(rng, split, 1, **slots)[0]


def wording_split(pattern: str) -> Split:
    """The only split in which a sentence pattern may occur: 70 % train, 10 % dev, 20 % test."""
    bucket = zlib.crc32(f"wording {pattern}".encode()) % 10
    return Split.TRAIN if bucket < 7 else Split.DEV if bucket == 7 else Split.TEST


def polite_twice(text: str) -> bool:
    """Whether a text says the same politeness twice."""
    return any(len(re.findall(polite, text, re.IGNORECASE)) > 1 for polite in POLITE)


def _once_polite(chosen: Sequence[str], patterns: Sequence[str]) -> Iterator[str]:
    """What was drawn; the next pattern that is not among it instead of one that is polite twice.

    Drawing from fewer patterns would be simpler, but every other draw of a task would come out otherwise.
    """
    taken = {pattern for pattern in chosen if not polite_twice(pattern)}
    for pattern in chosen:
        if pattern not in taken:
            at = patterns.index(pattern)
            others = (p for p in (*patterns[at:], *patterns[:at]) if p not in taken and not polite_twice(p))
            pattern = next(others, pattern)
            taken.add(pattern)
        yield pattern


def capital(sentence: str) -> str:
    """The sentence with its first letter in upper case."""
    return sentence[:1].upper() + sentence[1:]


@cache
def _patterns(sets: tuple[Parts, ...]) -> dict[Split, tuple[str, ...]]:
    found: dict[Split, list[str]] = {split: [] for split in Split}
    for pattern in dict.fromkeys("".join(chosen) for parts in sets for chosen in product(*parts)):
        found[wording_split(pattern)].append(pattern)
    return {split: tuple(patterns) for split, patterns in found.items()}
