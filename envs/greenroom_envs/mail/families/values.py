"""Amounts, days and moments that belong to one split each: what a test asks was never asked in training."""

from datetime import date, datetime, timedelta
from functools import cache
from random import Random

from greenroom import Split
from greenroom_envs.mail import names


@cache
def amounts_of(split: Split) -> tuple[int, ...]:
    """The amounts of three digits that tasks of a split may state."""
    return tuple(amount for amount in range(100, 1000) if names.split_of(str(amount)) == split)


def days_of(split: Split, now: datetime, first: int, last: int) -> list[int]:
    """From how many days ahead tasks of a split take theirs: each day of the year belongs to one split."""
    return [n for n in range(first, last) if names.split_of(spoken(now + timedelta(days=n))) == split]


def moment_of(rng: Random, split: Split, now: datetime, first: int, last: int) -> datetime:
    """A half hour of a working day to come, on a day of the split."""
    return moment(now, rng.choice(days_of(split, now, first, last)), rng.randrange(16, 36))


def moment(now: datetime, days: int, half_hours: int) -> datetime:
    """A half hour of a day to come."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days)
    return day + timedelta(minutes=30 * half_hours)


def spoken(day: date) -> str:
    """A day as people write it: `14 March`."""
    return f"{day.day} {day:%B}"
