"""Days and times as people write them."""

import re
from datetime import date, datetime, time, timedelta

from greenroom import Refusal

MONTHS = "January February March April May June July August September October November December".lower().split()
HOUR = timedelta(hours=1)
SPOKEN = re.compile(r"([0-9]{1,2})\.? ([A-Za-z]{3,9})\.?(?: ([0-9]{4}))?")


def read_date(text: str, today: date, *, past: bool = False) -> date:
    """The day that `14 March`, `14 Mar 2026` or `2026-03-14` means.

    Args:
        text: The day.
        today: Without a year, the next such day from here on is meant.
        past: Without a year, the last such day until here is meant.

    Raises:
        Refusal: It is no date.
    """
    spoken = SPOKEN.fullmatch(text.strip())
    try:
        if not spoken:
            return _near(date.fromisoformat(text.strip()))
        month = 1 + next(i for i, name in enumerate(MONTHS) if name.startswith(spoken[2].lower()))
        day = _near(date(int(spoken[3] or today.year), month, int(spoken[1])))
        if past:
            return day if spoken[3] or day <= today else day.replace(year=day.year - 1)
        return day if spoken[3] or day >= today else day.replace(year=day.year + 1)
    except (ValueError, StopIteration):
        raise Refusal("bad_date", f"'{text}' is no date that exists: write it like 14 March or 2026-03-14.") from None


def _near(day: date) -> date:
    """The day, if a calendar of our time can hold it."""
    if not 1970 <= day.year <= 2100:
        raise ValueError(f"year {day.year} is out of range")
    return day


def read_time(text: str) -> time:
    """The time of day that `10:30` means.

    Raises:
        Refusal: It is no time.
    """
    parts = re.fullmatch(r"([0-9]{1,2}):([0-9]{2})", text.strip())
    if not parts or int(parts[1]) > 23 or int(parts[2]) > 59:
        raise Refusal("bad_time", f"'{text}' is no time of day: write it like 10:30 or 16:05.")
    return time(int(parts[1]), int(parts[2]))


def shown(moment: datetime) -> str:
    """A moment as tools show it: `14 March 2026 10:30`."""
    return f"{moment.day} {moment:%B %Y %H:%M}"


def shown_day(day: date) -> str:
    """A day as tools show it: `14 March 2026`."""
    return f"{day.day} {day:%B %Y}"
