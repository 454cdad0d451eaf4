"""What the families beyond the first six share: levels, values of a split, facts of the user's, verifiers of a no."""

from collections.abc import Callable, Sequence
from datetime import datetime
from random import Random

from greenroom import Fact, Split
from greenroom.rewards import expect
from greenroom.tasks import Verifier
from greenroom.wordings import Wordings

LEVELS = (1, 1, 2, 2, 3)
"""1: one thing to find and to do. 2: something in the way. 3: more than that, or a question to ask."""
LONG = 14
"""Room for the longer tasks."""

PLAIN = (".", ". Thanks.", ", that is all.")
RECIPIENTS = Wordings(
    ("the person is ", "the one is ", "the name is ", "I am thinking of ", "the right one is ", "that would be "),
    ("{value}",),
    (".", ", I think.", ", of course.", ". Thanks.", ", as always."),
)
VALUES = Wordings(
    ("I said ", "the answer is ", "that would be ", "it is "),
    ("{value}",),
    (".", ", I think.", ", of course.", ". Thanks."),
) | Wordings(("take ", "make it ", "put down "), ("{value}",), (".", ", please.", ". Thanks."))


def asking(*parts: Sequence[str]) -> Wordings:
    """Requests for an act, told by the parts from its verb on: politeness comes once, and the mark at the end fits."""
    commands = ("", "hello, ", "one thing: ", "next, ")
    return (
        Wordings(commands, *parts, (*PLAIN, ", please.", ", when you can."))
        | Wordings(("please ", "hello, please ", "when you can, please "), *parts, PLAIN)
        | Wordings(("could you ", "can you ", "hello, could you "), *parts, ("?", "? Thanks.", ", please?"))
    )


def recipient_fact(rng: Random, split: Split, name: str, *, at_once: bool = True) -> Fact:
    """To whom; part of the request, or told only when asked."""
    wordings = RECIPIENTS.draw(rng, split, 2, value=name)
    cues = ("who", "whom", "recipient", "send it to")
    return Fact(key="recipient", value=name, wordings=wordings, cues=cues, at_once=at_once)


def value_fact(rng: Random, split: Split, key: str, value: str, *cues: str, at_once: bool = True) -> Fact:
    """Anything else; part of the request, or told only when asked."""
    wordings = VALUES.draw(rng, split, 2, value=value)
    return Fact(key=key, value=value, wordings=wordings, cues=(key, *cues), at_once=at_once)


def says_no(reasons: Sequence[str], about: Sequence[str]) -> Verifier:
    """A verifier of tasks whose answer is no: nothing changed, and the user was told why, and of what.

    Args:
        reasons: The rule's own words, any of which will do; none when the case speaks for itself.
        about: What names the case, any of which will do: so that one no does not fit all tasks.
    """
    return any_of([expect(said=[r, a] if r else [a], unsaid=["done"]) for r in reasons or [""] for a in about])


def any_of(verifiers: Sequence[Verifier]) -> Verifier:
    """A verifier of what may be done in several ways: the best score that one of them gives."""
    return lambda evidence: max((verify(evidence) for verify in verifiers), key=lambda verdict: verdict.score)


def clock(at: datetime) -> str:
    """A time of day as people write it: `9:30`."""
    return f"{at.hour}:{at:%M}"


def begins(at: datetime) -> Callable[[object], bool]:
    """A predicate of a stored moment: it is this minute."""
    return lambda value: str(value).startswith(f"{at:%Y-%m-%d %H:%M}")


def on_day(day: datetime) -> Callable[[object], bool]:
    """A predicate of a stored day: it is this one."""
    return lambda value: str(value).startswith(f"{day:%Y-%m-%d}")
