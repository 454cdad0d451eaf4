"""The calendar."""

from datetime import date as date_type
from datetime import datetime, timedelta
from typing import TypedDict

from sqlalchemy import bindparam, func, select

from greenroom import Refusal, World
from greenroom_envs.mail.app import app
from greenroom_envs.mail.clock import Clock
from greenroom_envs.mail.dates import read_date
from greenroom_envs.mail.mailbox import require_text
from greenroom_envs.mail.models import CalendarEvent

MOST_DAYS = timedelta(days=31)
EVENTS = (
    select(CalendarEvent)
    .where(CalendarEvent.starts_at >= bindparam("begin"), CalendarEvent.starts_at < bindparam("end"))
    .order_by(CalendarEvent.starts_at)
)
SAME = select(CalendarEvent).where(
    CalendarEvent.starts_at == bindparam("starts"), func.lower(CalendarEvent.title) == bindparam("title")
)


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
    clock = Clock.of(world)
    starts = clock.read(date, time)
    if _same(world, title, starts):
        raise Refusal("already_there", f"'{title}' at {clock.shown(starts)} is in the calendar already.")
    world.session.add(CalendarEvent(title=title, starts_at=starts))
    return {"event": title, "at": clock.shown(starts)}


@app.tool
def list_events(world: World, date: str) -> list[Entry]:
    """List the events of one day.

    Args:
        date: The day, such as 14 March or 2026-03-14.
    """
    clock = Clock.of(world)
    day = read_date(date, clock.today)
    return _between(world, clock, day, day)


@app.tool
def list_agenda(world: World, first_day: str, last_day: str) -> list[Entry]:
    """List the events of several days, 31 at most.

    Args:
        first_day: The first day, such as 14 March or 2026-03-14.
        last_day: The last day, which counts too.
    """
    clock = Clock.of(world)
    first = read_date(first_day, clock.today)
    last = read_date(last_day, first)
    if not timedelta(0) <= last - first < MOST_DAYS:
        told = (
            f"From {first} to {last} are no 1 to {MOST_DAYS.days} days: name a last day that is nearer, and no earlier."
        )
        raise Refusal("bad_range", told)
    return _between(world, clock, first, last)


def _between(world: World, clock: Clock, first: date_type, last: date_type) -> list[Entry]:
    begin, end = clock.days(first, last)
    found = world.session.scalars(EVENTS, {"begin": begin, "end": end})
    return [{"event": e.title, "at": clock.shown(e.starts_at)} for e in found]


@app.tool
def delete_event(world: World, title: str, date: str, time: str) -> Entry:
    """Take an event out of the calendar.

    Args:
        title: What it is, as mail_list_events shows it.
        date: Its day, such as 14 March or 2026-03-14.
        time: When it begins, such as 10:30.
    """
    clock = Clock.of(world)
    starts = clock.read(date, time)
    event = _same(world, title, starts)
    if event is None:
        raise Refusal("no_such_event", f"There is no '{title}' at {clock.shown(starts)}; mail_list_events shows a day.")
    world.session.delete(event)
    return {"event": event.title, "at": clock.shown(starts)}


def _same(world: World, title: str, starts: datetime) -> CalendarEvent | None:
    """The event of that title, letter case ignored, which begins then."""
    return world.session.scalars(SAME, {"starts": starts, "title": title.strip().lower()}).first()
