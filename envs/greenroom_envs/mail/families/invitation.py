"""Invitation: accept or decline; where the calendar is taken, the answer to accepting is no, and what is in the way."""

from datetime import timedelta

from greenroom import Goal, Split, Task, World
from greenroom.rewards import Wanted, expect, inserted, updated
from greenroom.wordings import Wordings
from greenroom_envs.mail.app import app
from greenroom_envs.mail.desk import Invitation
from greenroom_envs.mail.families import script as s
from greenroom_envs.mail.families.facts import sender_fact, spoken, subject_fact
from greenroom_envs.mail.families.planting import Plant, Planted
from greenroom_envs.mail.families.told import ENDS, OPENINGS, begins, clock, moment, says_no
from greenroom_envs.mail.models import CalendarEvent
from greenroom_envs.mail.prose import MEETING_KINDS

WHICH = (" the invitation to the {subject} from {sender}", " {sender}'s invitation to the {subject}")
REQUESTS = {
    "accept": Wordings(OPENINGS, ("accept", "say yes to", "confirm"), WHICH, ENDS),
    "decline": Wordings(OPENINGS, ("decline", "say no to", "turn down"), WHICH, ENDS),
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


@app.task_family
def invitation(world: World, split: Split) -> Task:
    """Have an invitation accepted or declined; half of those to be accepted fall on something else."""
    plant, rng = Plant(world, split), world.random
    action, busy = rng.choice((("accept", True), ("accept", False), ("decline", rng.random() < 0.5)))
    subject, other = plant.topic(MEETING_KINDS), plant.topic(MEETING_KINDS)
    # The base's calendar reaches four months ahead; after that it is free.
    at = moment(world.now, rng.randrange(130, 330), rng.randrange(16, 36))
    sender = plant.person()
    message = plant.message(sender, subject, BODIES.one(rng, split, date=spoken(at), time=clock(at)))
    plant.insert()
    naive = at.replace(tzinfo=None)
    world.session.add(Invitation(message_id=message.id, title=subject, starts_at=naive))
    if busy:
        shift = timedelta(minutes=rng.choice((-30, 0, 30)))
        world.session.add(CalendarEvent(title=other, starts_at=naive + shift))
    start, read = s.search(subject), s.read(message.handle)
    look: s.Step = ("mail_list_events", {"date": spoken(at)})
    answers = {a: (f"mail_{a}_invitation", {"message_id": message.handle}) for a in REQUESTS}
    opposite = answers["decline" if action == "accept" else "accept"]
    refused = action == "accept" and busy
    if refused:
        solution = s.script(start, read, look, f"No, the {other} is at that time.")
        slips = (s.script(start, answers["decline"], s.DONE), s.script(start, read, s.DONE))
    elif action == "accept":
        solution = s.script(start, read, look, answers["accept"], s.DONE)
        slips = (s.script(start, opposite, s.DONE), s.script(start, read, s.DONE))
    else:
        solution = s.script(start, answers["decline"], s.DONE)
        slips = (s.script(start, read, s.DONE), s.script(start, s.DONE))
    return Task(
        goal=Goal(
            intent="invitation",
            requests=REQUESTS[action].draw(rng, split, 3, subject=subject, sender=sender.name),
            facts=(sender_fact(rng, split, sender.name), subject_fact(rng, split, subject)),
            needs="text" if refused else "done",
            slots={"sender": sender.name, "subject": subject, "action": action},
        ),
        tools=TOOLS,
        solution=solution,
        slips=slips,
        excess=s.delete_call(plant.bystander),
        verifier=says_no([], [other]) if refused else expect(_wanted(action, message, begins(at))),
        max_steps=s.MAX_STEPS,
    )


def _wanted(action: str, message: Planted, starts: object) -> list[Wanted]:
    status = {"accept": "accepted", "decline": "declined"}[action]
    wanted = [
        updated("mail_invitation", key=message.id, values={"status": status}),
        inserted("mail_message", {"folder": "sent", "reply_to": message.id, "recipient": message.sender.address}),
    ]
    if action == "accept":
        wanted.append(inserted("mail_event", {"title": message.subject, "starts_at": starts}))
    return wanted
