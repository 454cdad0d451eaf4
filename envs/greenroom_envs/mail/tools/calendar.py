"""The calendar."""

from datetime import datetime
from typing import TypedDict

from sqlalchemy import func, select

from greenroom import Refusal, World
from greenroom_envs.mail.app import app
from greenroom_envs.mail.clock import Clock
from greenroom_envs.mail.dates import read_date
from greenroom_envs.mail.mailbox import require_text
from greenroom_envs.mail.models import CalendarEvent


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
    begin, end = clock.days(day, day)
    of_day = (CalendarEvent.starts_at >= begin, CalendarEvent.starts_at < end)
    found = world.session.scalars(select(CalendarEvent).where(*of_day).order_by(CalendarEvent.starts_at))
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
    alike = func.lower(CalendarEvent.title) == title.strip().lower()
    same = select(CalendarEvent).where(CalendarEvent.starts_at == starts, alike)
    return world.session.scalars(same).first()
