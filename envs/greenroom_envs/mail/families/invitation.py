"""Invitation: accept or decline; where the calendar is taken, the answer to accepting is no, and what is in the way."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from greenroom import Goal, Split, Task, World
from greenroom.messages import Message
from greenroom.rewards import Wanted, expect, inserted, updated
from greenroom.tasks import Verifier
from greenroom.wordings import Wordings
from greenroom_envs.mail.app import app
from greenroom_envs.mail.desk import Invitation
from greenroom_envs.mail.families import script as s
from greenroom_envs.mail.families.facts import sender_fact, subject_fact
from greenroom_envs.mail.families.planting import Plant, Planted
from greenroom_envs.mail.families.told import LONG, asking, begins, clock, says_no, value_fact
from greenroom_envs.mail.families.values import days_of, moment_of, spoken
from greenroom_envs.mail.models import CalendarEvent
from greenroom_envs.mail.prose import MEETING_KINDS

WHICH = (" the invitation to the {subject} from {sender}", " {sender}'s invitation to the {subject}")
REQUESTS = {
    "accept": asking(("accept", "say yes to", "confirm"), WHICH),
    "decline": asking(("decline", "say no to", "turn down"), WHICH),
    "propose": asking(
        ("accept", "say yes to", "confirm"),
        WHICH,
        (", or propose {other} if I am busy then", " or, if my calendar is taken, propose {other} instead"),
    ),
}
BODIES = Wordings(
    ("", "hello, ", "dear all, ", "good news: "),
    ("you are invited: ", "please come: ", "here is the invitation: ", "we would like to have you there: "),
    ("{date} at {time}",),
    (".", ", here.", ", as usual.", ", all of us.", ". Please answer."),
)
TOOLS = (
    "mail_search",
    "mail_read",
    "mail_read_thread",
    "mail_list_events",
    "mail_list_invitations",
    "mail_accept_invitation",
    "mail_decline_invitation",
    "mail_propose_time",
    "mail_add_event",
    "mail_delete_event",
    "mail_reply",
    "mail_delete",
    "mail_show_policy",
)
# What is asked, whether the calendar is taken, how hard that is.
CASES = (("accept", True, 2), ("accept", False, 1), ("decline", False, 1), ("accept", True, 2), ("propose", True, 3))


@dataclass(frozen=True)
class Scene:
    """An invitation in the mailbox, and what else is at its time; `stored` is what the world keeps of a moment."""

    message: Planted
    at: datetime
    other: str
    instead: datetime
    stored: datetime
    stored_instead: datetime


@app.task_family
def invitation(world: World, split: Split) -> Task:
    """Have an invitation accepted or declined; many fall on something else, and some requests foresee that."""
    plant, rng = Plant(world, split), world.random
    action, busy, level = rng.choice(CASES)
    busy = busy and (action == "accept" or rng.random() < 0.7)
    scene = _prepare(plant, busy=busy)
    subject, sender = scene.message.subject, scene.message.sender
    instead = f"{spoken(scene.instead)} at {clock(scene.instead)}"
    told = [value_fact(rng, split, "other time", instead, "when", "propose", "instead")] if action == "propose" else []
    refused = action == "accept" and busy
    solution, slips = _scripts(scene, action, busy=busy)
    return Task(
        goal=Goal(
            intent="invitation",
            requests=REQUESTS[action].draw(rng, split, 3, subject=subject, sender=sender.name, other=instead),
            facts=(sender_fact(rng, split, sender.name), subject_fact(rng, split, subject), *told),
            needs="text" if refused else "done",
            slots={"sender": sender.name, "subject": subject, "action": action},
        ),
        tools=TOOLS,
        solution=solution,
        slips=slips,
        excess=s.delete_call(plant.bystander),
        verifier=_verifier(scene, action, busy=busy),
        max_steps=LONG,
        level=level,
    )


def _prepare(plant: Plant, *, busy: bool) -> Scene:
    """Plant the invitation. The base's calendar reaches four months ahead; after that it is free."""
    world, rng, split = plant.world, plant.rng, plant.split
    subject, other = plant.topic(MEETING_KINDS), plant.topic(MEETING_KINDS)
    at, instead = moment_of(rng, split, world.now, 130, 330), moment_of(rng, split, world.now, 130, 330)
    if at.date() == instead.date():
        instead = at + timedelta(days=max(days_of(split, at, 1, 30)))
    body = BODIES.one(rng, split, date=spoken(at), time=clock(at))
    message = plant.message(plant.person(), subject, body)
    plant.insert()
    naive = plant.stored(at)
    world.session.add(Invitation(message_id=message.id, title=subject, starts_at=naive))
    if busy:
        shift = timedelta(minutes=rng.choice((-30, 0, 30)))
        world.session.add(CalendarEvent(title=other, starts_at=naive + shift))
    return Scene(message, at, other, instead, naive, plant.stored(instead))


def _scripts(scene: Scene, action: str, *, busy: bool) -> tuple[tuple[Message, ...], tuple[tuple[Message, ...], ...]]:
    handle = scene.message.handle
    start, read = s.search(scene.message.subject), s.read(handle)
    look: s.Step = ("mail_list_events", {"date": spoken(scene.at)})
    accept, decline = ((f"mail_{a}_invitation", {"message_id": handle}) for a in ("accept", "decline"))
    when = {"date": spoken(scene.instead), "time": clock(scene.instead)}
    propose: s.Step = ("mail_propose_time", {"message_id": handle, **when})
    idle = s.script(start, read, s.DONE)
    if action == "decline":
        return s.script(start, decline, s.DONE), (idle, s.script(start, accept, s.DONE))
    if not busy:
        wrong = propose if action == "propose" else decline
        return s.script(start, read, look, accept, s.DONE), (s.script(start, read, wrong, s.DONE), idle)
    if action == "propose":
        return s.script(start, read, look, propose, s.DONE), (s.script(start, decline, s.DONE), idle)
    no = s.script(start, read, look, f"No, the {scene.other} is at that time.")
    return no, (s.script(start, decline, s.DONE), idle)


def _verifier(scene: Scene, action: str, *, busy: bool) -> Verifier:
    if action == "accept" and busy:
        return says_no([], [scene.other])
    message = scene.message
    values = {"status": "declined" if action == "decline" else "accepted"}
    if action == "propose" and busy:
        values = {"status": "proposed", "proposed_at": begins(scene.stored_instead)}
    told = {"folder": "sent", "reply_to": message.id, "recipient": message.sender.address}
    wanted: list[Wanted] = [updated("mail_invitation", key=message.id, values=values), inserted("mail_message", told)]
    if values["status"] == "accepted":
        wanted.append(inserted("mail_event", {"title": message.subject, "starts_at": begins(scene.stored)}))
    return expect(wanted)
