"""What planted messages state: an amount and a due date each, no two alike within a task."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Literal

from greenroom import Split
from greenroom.rewards import mentions
from greenroom.tasks import Fact
from greenroom.wordings import Wordings
from greenroom_envs.mail.families.values import amounts_of, days_of, spoken

Field = Literal["amount", "date"]
FIELDS: tuple[Field, ...] = ("amount", "date")

GREETINGS = ("", "hello, ", "good news: ", "as promised, ")
AMOUNT_FIRST = Wordings(
    GREETINGS,
    ("it comes to ", "the total is ", "we settled on ", "they ask for ", "our price is ", "in the end it was "),
    ("{amount}",),
    (", due on ", " and is due on ", ", to be paid by ", ", payable until ", " with a due date of "),
    ("{date}.",),
)
DATE_FIRST = Wordings(
    GREETINGS,
    ("it is due on ", "it has to be paid by ", "the due date is ", "please settle it by ", "it is payable until "),
    ("{date}",),
    (", and the total is ", " and comes to ", "; the price is ", ", we settled on ", ": they ask for "),
    ("{amount}.",),
)
SENDERS = Wordings(
    ("it came from ", "the one from ", "it is from ", "look for mail from ", "I mean the one from "),
    ("{sender}",),
    (".", ", please.", ", I think.", ", of course.", " again."),
)
SUBJECTS = Wordings(
    ("it is about the ", "the subject is ", "I mean the ", "look for the ", "it says "),
    ("{subject}",),
    (".", ", please.", ", I think.", ", of course."),
)
BODIES = AMOUNT_FIRST | DATE_FIRST


@dataclass(frozen=True)
class Facts:
    """What one message states: `$432` and `14 March`."""

    amount: str
    date: str

    def body(self, rng: Random, split: Split) -> str:
        """A text that states both, each once."""
        return BODIES.one(rng, split, amount=self.amount, date=self.date)

    def of(self, field: Field) -> str:
        """The value of a field."""
        return self.amount if field == "amount" else self.date


def facts_of(rng: Random, split: Split, count: int, now: datetime) -> list[Facts]:
    """So many facts, all different; amounts and days of one split are never those of another."""
    amounts = rng.sample(amounts_of(split), count)
    days = rng.sample(days_of(split, now, 3, 330), count)
    return [Facts(f"${a}", spoken(now + timedelta(days=d))) for a, d in zip(amounts, days, strict=True)]


def other(field: Field) -> Field:
    """The field that was not asked for."""
    return "date" if field == "amount" else "amount"


def sentence(value: str) -> str:
    """A short answer."""
    return f"It is {value}."


def states(value: str, *wrong: str) -> Callable[[object], bool]:
    """A predicate of a text: it states the value and none of the wrong ones."""

    def holds(text: object) -> bool:
        return mentions(str(text), bare(value)) and not any(mentions(str(text), bare(w)) for w in wrong)

    return holds


def bare(value: str) -> str:
    """A value without its currency sign: what must be said at least."""
    return value.removeprefix("$")


def sender_fact(rng: Random, split: Split, name: str) -> Fact:
    """Who sent what the task is about; part of every request."""
    wordings = SENDERS.draw(rng, split, 2, sender=name)
    return Fact(key="sender", value=name, wordings=wordings, cues=("sender", "from", "who sent", "which"))


def subject_fact(rng: Random, split: Split, subject: str) -> Fact:
    """What it is about; part of every request."""
    wordings = SUBJECTS.draw(rng, split, 2, subject=subject)
    return Fact(key="subject", value=subject, wordings=wordings, cues=("subject", "about", "what mail", "topic"))
