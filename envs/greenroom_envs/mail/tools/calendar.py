"""The calendar."""

import re
from datetime import date, datetime, time, timedelta
from typing import TypedDict

from sqlalchemy import select

from greenroom import Refusal, World
from greenroom_envs.mail.app import app
from greenroom_envs.mail.mailbox import require_text, utc_now
from greenroom_envs.mail.models import CalendarEvent

MONTHS = "January February March April May June July August September October November December".lower().split()


class Entry(TypedDict):
    """An event: what and when."""

    event: str
    at: str


@app.tool
def add_event(world: World, title: str, date: str, time: str) -> Entry:
    """Put an event into the calendar.

    Args:
        title: What it is.
        date: The day, such as 14 March (the next one) or 2026-03-14.
        time: When it begins, such as 10:30.
    """
    require_text(title=title)
    starts = datetime.combine(read_date(date, utc_now(world).date()), read_time(time))
    same = select(CalendarEvent).where(CalendarEvent.title == title, CalendarEvent.starts_at == starts)
    if world.session.scalars(same).first():
        raise Refusal("already_there", f"'{title}' at {_shown(starts)} is in the calendar already.")
    world.session.add(CalendarEvent(title=title, starts_at=starts))
    return {"event": title, "at": _shown(starts)}


@app.tool
def list_events(world: World, date: str) -> list[Entry]:
    """List the events of one day.

    Args:
        date: The day, such as 14 March or 2026-03-14.
    """
    day = datetime.combine(read_date(date, utc_now(world).date()), time())
    of_day = (CalendarEvent.starts_at >= day, CalendarEvent.starts_at < day + timedelta(days=1))
    found = world.session.scalars(select(CalendarEvent).where(*of_day).order_by(CalendarEvent.starts_at))
    return [{"event": e.title, "at": _shown(e.starts_at)} for e in found]


def read_date(text: str, today: date) -> date:
    """The day that `14 March`, `14 Mar 2026` or `2026-03-14` means; without a year, the next such day.

    Raises:
        Refusal: It is no date.
    """
    spoken = re.fullmatch(r"([0-9]{1,2})\.? ([A-Za-z]{3,9})\.?(?: ([0-9]{4}))?", text.strip())
    try:
        if not spoken:
            return _near(date.fromisoformat(text.strip()))
        month = 1 + next(i for i, name in enumerate(MONTHS) if name.startswith(spoken[2].lower()))
        day = _near(date(int(spoken[3] or today.year), month, int(spoken[1])))
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


def _shown(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y %H:%M}"
