"""What the families beyond the first six share: levels, values of a split, facts of the user's, verifiers of a no."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random

from greenroom import Evidence, Fact, Split, Verdict
from greenroom.rewards import expect
from greenroom.wordings import Wordings
from greenroom_envs.mail import names
from greenroom_envs.mail.families.facts import Facts, spoken

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


def facts_of(rng: Random, split: Split, count: int, now: datetime) -> list[Facts]:
    """So many facts, all different; amounts and days of one split are never those of another."""
    amounts = rng.sample([a for a in range(100, 1000) if names.split_of(str(a)) == split], count)
    days = rng.sample(days_of(split, now, 3, 330), count)
    return [Facts(f"${a}", spoken(now + timedelta(days=d))) for a, d in zip(amounts, days, strict=True)]


def days_of(split: Split, now: datetime, first: int, last: int) -> list[int]:
    """From how many days ahead tasks of a split take theirs: each day of the year belongs to one split."""
    return [n for n in range(first, last) if names.split_of(spoken(now + timedelta(days=n))) == split]


def moment_of(rng: Random, split: Split, now: datetime, first: int, last: int) -> datetime:
    """A half hour of a working day to come, on a day of the split."""
    return moment(now, rng.choice(days_of(split, now, first, last)), rng.randrange(16, 36))


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
