"""What the families beyond the first six share: openings, facts of the user's, and verifiers of a no."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random

from greenroom import Evidence, Fact, Split, Verdict
from greenroom.rewards import expect
from greenroom.wordings import Wordings

OPENINGS = ("", "hello, ", "please ", "could you ", "one thing: ", "now ", "when you can, ")
ENDS = (".", ", when you can.", ". Thanks.", ", that is all.", ", please.")
RECIPIENTS = Wordings(
    ("the person is ", "the one is ", "the name is ", "I am thinking of ", "the right one is "),
    ("{value}",),
    (".", ", please.", ", I think.", ", of course.", ". Thanks."),
)
VALUES = Wordings(
    ("I said ", "the answer is ", "take ", "please take ", "make it ", "put down "),
    ("{value}",),
    (".", ", please.", ", I think.", ", of course.", ". Thanks."),
)


def recipient_fact(rng: Random, split: Split, name: str) -> Fact:
    """To whom; part of every request."""
    wordings = RECIPIENTS.draw(rng, split, 2, value=name)
    return Fact(key="recipient", value=name, wordings=wordings, cues=("who", "whom", "recipient", "send it to"))


def value_fact(rng: Random, split: Split, key: str, value: str, *cues: str) -> Fact:
    """Anything else that the request says."""
    return Fact(key=key, value=value, wordings=VALUES.draw(rng, split, 2, value=value), cues=(key, *cues))


def says_no(reasons: Sequence[str], about: Sequence[str]) -> Callable[[Evidence], Verdict]:
    """A verifier of tasks whose answer is no: nothing changed, and the user was told why, and of what.

    Args:
        reasons: The rule's own words, any of which will do; none when the case speaks for itself.
        about: What names the case, any of which will do: so that one no does not fit all tasks.
    """
    tests = [expect(said=[r, a] if r else [a], unsaid=["done"]) for r in reasons or [""] for a in about]

    def verify(evidence: Evidence) -> Verdict:
        return max((test(evidence) for test in tests), key=lambda verdict: verdict.score)

    return verify


def moment(now: datetime, days: int, half_hours: int) -> datetime:
    """A half hour of a day to come."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days)
    return day + timedelta(minutes=30 * half_hours)


def clock(at: datetime) -> str:
    """A time of day as people write it: `9:30`."""
    return f"{at.hour}:{at:%M}"


def begins(at: datetime) -> Callable[[object], bool]:
    """A predicate of a stored moment: it is this minute."""
    return lambda value: str(value).startswith(f"{at:%Y-%m-%d %H:%M}")


def on_day(day: datetime) -> Callable[[object], bool]:
    """A predicate of a stored day: it is this one."""
    return lambda value: str(value).startswith(f"{day:%Y-%m-%d}")
