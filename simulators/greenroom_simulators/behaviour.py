"""Behaviours: how a user says what it says, drawn from its own seed.

The values of the task are never touched: a typo in a name would make the task another one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

GREETINGS = ("Hi,", "Hello,", "Hey,", "Good morning,")
ASIDES = (
    "I am in a bit of a hurry today.",
    "My inbox is a mess.",
    "I would do it myself but I am on the road.",
    "It is for a meeting later.",
)
WORD = re.compile(r"[A-Za-z]{4,}")


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """How somebody acts. The default says just what is needed: short enough for a tiny model to learn from.

    Attributes:
        patience: Corrections it gives before it leaves; 0 leaves at the first mistake.
        greeting: Probability of a greeting at the opening.
        politeness: Probability of a `please` in a turn that wants something.
        chattiness: Probability that a turn carries something that is beside the point.
        typos: Probability of a slip of the finger, for each word that is none of the task's values.
        lowercase: Probability, drawn once a conversation, of writing without capitals.
    """

    patience: int = 2
    greeting: float = 0.0
    politeness: float = 0.0
    chattiness: float = 0.0
    typos: float = 0.0
    lowercase: float = 0.0

    def __post_init__(self) -> None:
        if self.patience < 0:
            raise ValueError(f"patience is a number of corrections, 0 or more, not {self.patience}")
        for name in ("greeting", "politeness", "chattiness", "typos", "lowercase"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} is a probability from 0 to 1, not {getattr(self, name)}")

    def opening(self, text: str, values: Sequence[str], seed: int) -> str:
        """The opening turn as this person would say it."""
        rng = Random(f"{seed}/open")
        text = self._please(text, rng)
        if rng.random() < self.chattiness:
            text = f"{_closed(text)} {rng.choice(ASIDES)}"
        if rng.random() < self.greeting:
            text = f"{rng.choice(GREETINGS)} {text}"
        return self._typed(text, values, rng, seed)

    def turn(self, text: str, values: Sequence[str], seed: int, number: int, *, wants: bool = False) -> str:
        """A later turn.

        Args:
            text: What is to be said.
            values: The task's values, which stay as they are.
            seed: The user's seed.
            number: The number of the turn, so that each draws anew.
            wants: Whether the turn asks for something, so that `please` fits.
        """
        rng = Random(f"{seed}/{number}/say")
        if wants:
            text = self._please(text, rng)
        if rng.random() < self.chattiness:
            text = f"{text} {rng.choice(ASIDES)}"
        return self._typed(text, values, rng, seed)

    def _please(self, text: str, rng: Random) -> str:
        if rng.random() >= self.politeness or "please" in text.lower():
            return text
        end = text[-1] if text[-1:] in ".?!" else "."
        return f"{text.rstrip('.?!')}, please{end}"

    def _typed(self, text: str, values: Sequence[str], rng: Random, seed: int) -> str:
        lower = Random(f"{seed}/lowercase").random() < self.lowercase
        pieces = (part if kept else self._piece(part, rng, lower) for part, kept in _split(text, values))
        return "".join(pieces)

    def _piece(self, text: str, rng: Random, lower: bool) -> str:
        text = text.lower() if lower else text
        if not self.typos:
            return text
        return WORD.sub(lambda m: _slip(m[0], rng) if rng.random() < self.typos else m[0], text)


def _slip(word: str, rng: Random) -> str:
    """Two inner letters change places, or one is left out."""
    at = rng.randrange(1, len(word) - 2)
    if rng.random() < 0.5:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + word[at + 1 :]


def _split(text: str, values: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Pieces of the text, each with whether it is one of the values."""
    wanted = sorted({v for v in values if v}, key=lambda v: (-len(v), v))
    if not wanted:
        yield text, False
        return
    pattern = "(" + "|".join(map(re.escape, wanted)) + ")"
    for i, part in enumerate(re.split(pattern, text, flags=re.IGNORECASE)):
        yield part, i % 2 == 1


def _closed(text: str) -> str:
    return text if text[-1:] in ".?!" else f"{text}."
