"""Wordings: whole sentences composed from parts, each sentence of exactly one split.

A sentence pattern (slots unfilled) is assigned to a split by a stable hash, so the sentences of test never
occur in train while their words do.
"""

import zlib
from collections.abc import Sequence
from functools import cache
from itertools import product
from random import Random

from greenroom.tasks import Split

Parts = tuple[tuple[str, ...], ...]


class Wordings:
    """All sentences that a choice from every part makes; `a | b` has the sentences of both.

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
        return _patterns(self._sets)[split]

    def draw(self, rng: Random, split: Split, count: int, /, **slots: str) -> tuple[str, ...]:
        """Different sentences of a split, slots filled, beginning with a capital letter."""
        patterns = self.patterns(split)
        chosen = rng.sample(patterns, min(count, len(patterns)))
        return tuple(capital(pattern.format(**slots)) for pattern in chosen)

    def one(self, rng: Random, split: Split, /, **slots: str) -> str:
        """One sentence."""
        return self.draw(rng, split, 1, **slots)[0]


def wording_split(pattern: str) -> Split:
    """The only split in which a sentence pattern may occur: 70 % train, 10 % dev, 20 % test."""
    bucket = zlib.crc32(f"wording {pattern}".encode()) % 10
    return Split.TRAIN if bucket < 7 else Split.DEV if bucket == 7 else Split.TEST


def capital(sentence: str) -> str:
    """The sentence with its first letter in upper case."""
    return sentence[:1].upper() + sentence[1:]


@cache
def _patterns(sets: tuple[Parts, ...]) -> dict[Split, tuple[str, ...]]:
    found: dict[Split, list[str]] = {split: [] for split in Split}
    for pattern in dict.fromkeys("".join(chosen) for parts in sets for chosen in product(*parts)):
        found[wording_split(pattern)].append(pattern)
    return {split: tuple(patterns) for split, patterns in found.items()}
