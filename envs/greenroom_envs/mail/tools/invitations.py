"""Invitations to meetings: they come with a message; accepting puts them into the calendar."""

from datetime import datetime
from typing import TypedDict

from sqlalchemy import bindparam, select

from greenroom import Refusal, World
from greenroom_envs.mail.app import app
from greenroom_envs.mail.clock import Clock
from greenroom_envs.mail.dates import HOUR
from greenroom_envs.mail.desk import Invitation
from greenroom_envs.mail.life import ORGANIZER
from greenroom_envs.mail.mailbox import find, send, utc_now
from greenroom_envs.mail.models import CalendarEvent, MessageRow
from greenroom_envs.mail.rules import RULES

Invited = TypedDict("Invited", {"from": str, "id": str, "event": str, "at": str, "status": str, "proposed": str | None})

_INVITED = (
    select(MessageRow, Invitation)
    .join(Invitation, Invitation.message_id == MessageRow.id)
    .where(Invitation.starts_at >= bindparam("now"))
    .order_by(Invitation.starts_at, Invitation.message_id)
    .limit(20)
)
TO_COME, PENDING = _INVITED, _INVITED.where(Invitation.status == "open")
NEAR = (
    select(CalendarEvent)
    .where(CalendarEvent.starts_at > bindparam("after"), CalendarEvent.starts_at < bindparam("before"))
    .order_by(CalendarEvent.starts_at)
    .limit(1)
)
SAME = (
    select(CalendarEvent)
    .where(CalendarEvent.title == bindparam("title"), CalendarEvent.starts_at == bindparam("starts"))
    .limit(1)
)


@app.tool
def list_invitations(world: World, pending: bool = True) -> list[Invited]:
    """List the invitations to what is still to come, soonest first; twenty at most.

    Args:
        pending: Only those that the user has not answered.
    """
    clock = Clock.of(world)
    rows = world.session.execute(PENDING if pending else TO_COME, {"now": clock.utc_now}).all()
    return [_line(message, invitation, clock) for message, invitation in rows]


@app.tool
def accept_invitation(world: World, message_id: str) -> Invited:
    """Accept an invitation: it comes into the calendar, and the organizer is told.

    Rule: no invitation is accepted that begins within an hour of something in the calendar.

    Args:
        message_id: The message that it came with, such as Danielle-12.
    """
    message, invitation = _open(world, message_id, "accepted")
    _refuse_when_busy(world, invitation.starts_at)
    invitation.status = "accepted"
    world.session.add(CalendarEvent(title=invitation.title, starts_at=invitation.starts_at))
    clock = Clock.of(world)
    _tell(world, message, "Accepted", f"I will be there on {clock.shown(invitation.starts_at)}.")
    return _line(message, invitation, clock)


@app.tool
def decline_invitation(world: World, message_id: str, note: str = "") -> Invited:
    """Decline an invitation, and tell the organizer; one that was accepted leaves the calendar.

    Args:
        message_id: The message that it came with, such as Danielle-12.
        note: Why; shown to the organizer.
    """
    message, invitation = _open(world, message_id, "declined")
    if invitation.status == "accepted":
        _leave_calendar(world, invitation)
    invitation.status = "declined"
    _tell(world, message, "Declined", note.strip() or "I cannot come.")
    return _line(message, invitation, Clock.of(world))


@app.tool
def propose_time(world: World, message_id: str, date: str, time: str) -> Invited:
    """Ask the organizer of an invitation for another time; they will answer by mail.

    Args:
        message_id: The message that it came with, such as Danielle-12.
        date: The day, such as 14 March (the next one) or 2026-03-14.
        time: When it would begin, such as 10:30.
    """
    message, invitation = _open(world, message_id, "proposed")
    clock = Clock.of(world)
    moment = clock.read_future(date, time)
    _refuse_when_busy(world, moment)
    if invitation.status == "accepted":
        _leave_calendar(world, invitation)
    invitation.status, invitation.proposed_at = "proposed", moment
    _tell(world, message, "New time proposed", f"Could we meet on {clock.shown(moment)} instead?")
    world.schedule(ORGANIZER, {"message": message.id}, after=HOUR)
    return _line(message, invitation, clock)


def _open(world: World, message_id: str, wanted: str) -> tuple[MessageRow, Invitation]:
    """The invitation of a message, if it can still be answered, and was not answered so."""
    message = find(world, message_id)
    invitation = world.session.get(Invitation, message.id)
    if invitation is None:
        raise Refusal("no_invitation", f"'{message_id}' is no invitation; mail_list_invitations shows those there are.")
    if invitation.starts_at <= utc_now(world):
        raise Refusal(
            "past",
            f"'{invitation.title}' was on {Clock.of(world).shown(invitation.starts_at)}: it is too late to answer.",
        )
    if invitation.status == wanted != "proposed":
        raise Refusal("already_answered", f"'{invitation.title}' was {wanted} before; nothing is left to do.")
    return message, invitation


def _refuse_when_busy(world: World, moment: datetime) -> None:
    other = world.session.scalars(NEAR, {"after": moment - HOUR, "before": moment + HOUR}).one_or_none()
    if other is not None:
        raise Refusal(
            "busy", f"'{other.title}' is in the calendar at {Clock.of(world).shown(other.starts_at)}. {RULES['busy']}"
        )


def _leave_calendar(world: World, invitation: Invitation) -> None:
    same = {"title": invitation.title, "starts": invitation.starts_at}
    event = world.session.scalars(SAME, same).one_or_none()
    if event is not None:
        world.session.delete(event)


def _tell(world: World, message: MessageRow, answer: str, body: str) -> None:
    send(
        world,
        recipient=message.address,
        subject=f"{answer}: {message.subject}",
        body=body,
        thread_id=message.thread_id,
        reply_to=message.id,
        automatic=True,
    )


def _line(message: MessageRow, invitation: Invitation, clock: Clock) -> Invited:
    proposed = (
        clock.shown(invitation.proposed_at) if invitation.status == "proposed" and invitation.proposed_at else None
    )
    return {
        "from": message.sender,
        "id": message.handle,
        "event": invitation.title,
        "at": clock.shown(invitation.starts_at),
        "status": invitation.status,
        "proposed": proposed,
    }
