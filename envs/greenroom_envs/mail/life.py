"""What happens by itself: letters of other apps, new mail, answers, reminders, drafts whose hour has come."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import bindparam, func, select

from greenroom import Split, World, names
from greenroom.letters import LETTER, read_letter
from greenroom_envs.mail.app import app
from greenroom_envs.mail.delivery import Arrival, Files, deliver, thread_of
from greenroom_envs.mail.desk import Habit, Invitation, Reference, Reset
from greenroom_envs.mail.mailbox import ANSWERS, owner
from greenroom_envs.mail.models import CalendarEvent, Contact, Draft, MessageRow, Subscription
from greenroom_envs.mail.outbox import send_now
from greenroom_envs.mail.papers import KINDS as KINDS_OF_FILES
from greenroom_envs.mail.prose import KINDS, Prose, things

ARRIVES, REMINDS, SENDS, CODE, ORGANIZER = (
    f"mail.{event}" for event in ("arrives", "reminds", "sends", "code", "organizer")
)
CODE_SUBJECT = "your reset code"
PAPERS, WITH_FILE = 0.25, 0.08
THINGS = 300
DAY = (7, 19)
POSTMASTER = ("Postmaster", "postmaster@mail-service.com")
# Made once: building a statement costs as much as running it.
NEWSLETTERS = select(Subscription).where(Subscription.active).order_by(Subscription.id)
LAST_CONTACT = select(func.max(Contact.id))
RANKED = select(Contact).where(Contact.id >= bindparam("rank")).order_by(Contact.id).limit(1)
WRITER = select(Contact).where(Contact.address == bindparam("address"))
ANSWERED = (
    select(MessageRow.id)
    .where(
        MessageRow.folder == "sent", MessageRow.thread_id == bindparam("thread"), MessageRow.id > bindparam("message")
    )
    .limit(1)
)
REMINDERS = (
    "Did you see my mail? I still need an answer.",
    "I have not heard from you. Could you look at this today?",
    "Just a reminder: I am waiting for your answer.",
    "Any news? I cannot go on without your answer.",
)


@app.on(LETTER)
def letter_arrives(world: World, payload: dict[str, Any]) -> None:
    """Deliver a letter of any app; one that is not for the user does not come here."""
    letter = read_letter(payload)
    if letter.to.lower() != owner(world).address.lower():
        return
    files = [(a.name, len(a.text.encode()), a.text) for a in letter.attachments]
    answered = thread_of(world, letter.subject, letter.address.lower())
    arrival = Arrival(
        sender=letter.sender,
        address=letter.address.lower(),
        subject=letter.subject,
        body=letter.body,
        reply_to=answered,
        files=files,
    )
    message = deliver(world, arrival)
    if letter.reference:
        world.session.add(Reference(message_id=message.id, name=letter.reference))


def begin_life(world: World, split: Split, rng: Random) -> None:
    """Let new mail come from now on; the first quarter of an hour stays quiet, so that short tasks are undisturbed."""
    world.schedule(ARRIVES, {"split": str(split)}, after=timedelta(minutes=15 + rng.randrange(60)))


@app.on(ARRIVES)
def mail_arrives(world: World, payload: dict[str, Any]) -> None:
    """Somebody of the address book, or a newsletter, writes about something new; the next such mail is on its way."""
    split, rng = Split(payload["split"]), world.random
    paper = _newsletter(world, rng) if rng.random() < PAPERS else None
    if paper is not None:
        subject, body = Prose(rng, things(THINGS)).issue()
        deliver(world, Arrival(sender=paper.name, address=paper.address, subject=subject, body=body))
    elif (writer := _busy_contact(world, rng)) is not None:
        _write_about_something_new(world, writer, split, rng)
    world.schedule(ARRIVES, payload, after=gap(rng, world.now))


def _write_about_something_new(world: World, writer: Contact, split: Split, rng: Random) -> None:
    """A contact's mail; whoever asks something in it will ask again."""
    first, me = writer.name.split()[0], owner(world).name.split()[0]
    topic = f"{names.word(rng, split)} {rng.choice(KINDS)}"
    body = Prose(rng, ()).opening(topic, me, first)
    files = _files(rng, topic, writer, world.now)
    arrival = Arrival(sender=writer.name, address=writer.address, subject=topic, body=body, files=files)
    message = deliver(world, arrival)
    if "?" in body:
        remind(world, message, timedelta(hours=rng.randrange(4, 30)))


def _files(rng: Random, topic: str, writer: Contact, now: datetime) -> Files:
    """Now and then somebody sends a file along."""
    if rng.random() >= WITH_FILE:
        return ()
    paper = rng.choice(KINDS_OF_FILES).paper(topic, writer.address, now)
    return ((paper.name, paper.size, paper.text),)


def _newsletter(world: World, rng: Random) -> Subscription | None:
    """One of the newsletters that the user still gets; there are never many."""
    found = world.session.scalars(NEWSLETTERS).all()
    return rng.choice(found) if found else None


def gap(rng: Random, now: datetime) -> timedelta:
    """Until the next mail: minutes by day, hours by night and at weekends; at least ten minutes.

    What is left of a wait when night turns into day, or day into night, goes on at the other pace.
    """
    at, left = now, rng.expovariate(1)
    while (turn := _turn(at)) - at < (wait := timedelta(minutes=left * _pace(at))):
        left -= left * ((turn - at) / wait)
        at = turn
    return timedelta(minutes=10) + (at - now) + wait


def _pace(now: datetime) -> int:
    """How many minutes lie between two mails, on average."""
    return 240 if now.weekday() > 4 or not DAY[0] <= now.hour < DAY[1] else 45


def _turn(now: datetime) -> datetime:
    """When the pace may change next."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    turns = (midnight + timedelta(hours=hour) for hour in (*DAY, DAY[0] + 24))
    return next(turn for turn in turns if turn > now)


def _busy_contact(world: World, rng: Random) -> Contact | None:
    """Activity follows Zipf's law: the contact of rank r is drawn with a weight of about 1/r."""
    last = world.session.scalar(LAST_CONTACT) or 0
    rank = int((last + 1) ** rng.random())
    return world.session.scalars(RANKED, {"rank": rank}).one_or_none()


def remind(world: World, message: MessageRow, after: timedelta) -> None:
    """Let the sender grow impatient if the message is not answered by then."""
    world.schedule(REMINDS, {"message": message.id, "times": 1}, after=after)


@app.on(REMINDS)
def sender_grows_impatient(world: World, payload: dict[str, Any]) -> None:
    """Ask again, twice at most, when the user has not written to the sender since."""
    message = world.session.get_one(MessageRow, payload["message"])
    mine = {"thread": message.thread_id, "message": message.id}
    if world.session.scalar(ANSWERED, mine) is not None or message.folder in ("spam", "trash"):
        return
    _answer(world, message, message.sender, message.address, world.random.choice(REMINDERS))
    if payload["times"] < 2:
        world.schedule(REMINDS, {**payload, "times": 2}, after=timedelta(days=1))


@app.on(ANSWERS)
def somebody_answers(world: World, payload: dict[str, Any]) -> None:
    """Somebody answers what the user wrote to them: what they always had to say, or something polite."""
    message = world.session.get_one(MessageRow, payload["message"])
    habit = world.session.get(Habit, payload["address"])
    writer = world.session.scalars(WRITER, {"address": payload["address"]}).one_or_none()
    if habit is None or writer is None:
        return
    first, me = writer.name.split()[0], owner(world).name.split()[0]
    text = habit.answer or Prose(world.random, ()).answer(me, first)
    _answer(world, message, writer.name, writer.address, text)


def _answer(world: World, message: MessageRow, sender: str, address: str, body: str) -> None:
    subject = message.subject if message.subject.startswith("Re: ") else f"Re: {message.subject}"
    deliver(world, Arrival(sender=sender, address=address, subject=subject, body=body, reply_to=message))


@app.on(SENDS)
def draft_is_due(world: World, payload: dict[str, Any]) -> None:
    """Send a draft whose hour has come, unless it was sent, deleted or put off."""
    draft = world.session.get(Draft, payload["draft"])
    if draft is not None and draft.send_at is not None and draft.send_at.isoformat() == payload["at"]:
        send_now(world, draft)


@app.on(CODE)
def code_arrives(world: World, payload: dict[str, Any]) -> None:
    """The postmaster sends the code that was asked for."""
    reset = world.session.get_one(Reset, payload["reset"])
    sender, address = POSTMASTER
    deliver(world, Arrival(sender=sender, address=address, subject=CODE_SUBJECT, body=code_text(reset.code)))


def code_text(code: str) -> str:
    """What the postmaster writes."""
    return f"Your code is {code}. It is good for ten minutes. Tell it to nobody."


@app.on(ORGANIZER)
def organizer_answers(world: World, payload: dict[str, Any]) -> None:
    """The organizer agrees to the time that the user proposed, or stays with the first one."""
    invitation = world.session.get_one(Invitation, payload["message"])
    message = world.session.get_one(MessageRow, payload["message"])
    if invitation.status != "proposed" or invitation.proposed_at is None:
        return
    if not invitation.flexible:
        invitation.status = "open"
        _answer(world, message, message.sender, message.address, "Sorry, I cannot move it. Please accept or decline.")
        return
    invitation.starts_at, invitation.status = invitation.proposed_at, "accepted"
    world.session.add(CalendarEvent(title=invitation.title, starts_at=invitation.starts_at))
    _answer(world, message, message.sender, message.address, "That works for me. See you then.")
