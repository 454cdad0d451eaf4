"""Schedule from a thread: somebody proposes a time, somebody else moves it; only one of them counts."""

from collections.abc import Callable
from datetime import datetime, timedelta

from greenroom import Goal, Split, Task, World
from greenroom.rewards import expect, inserted
from greenroom.wordings import Wordings
from greenroom_envs.mail.app import app
from greenroom_envs.mail.families import script as s
from greenroom_envs.mail.families.facts import sender_fact, subject_fact
from greenroom_envs.mail.families.planting import Plant
from greenroom_envs.mail.families.values import days_of, moment, spoken
from greenroom_envs.mail.prose import MEETING_KINDS

OPENINGS = ("", "hello, ", "please ", "could you ", "one thing: ", "now ")
ENDS = (".", ", when you can.", ". Thanks.", ", that is all.")
REQUESTS = Wordings(
    OPENINGS,
    ("put the {subject} into my calendar", "add the {subject} to my calendar", "schedule the {subject}"),
    (", at the time from {sender}", " as {sender} wrote", " for the date that {sender} sent"),
    ENDS,
) | Wordings(
    OPENINGS,
    ("take the date from {sender} and ", "look at the mail from {sender} and "),
    ("put the {subject} into my calendar", "add the {subject} to my calendar", "schedule the {subject}"),
    ENDS,
)
GREETINGS = ("", "hello, ", "dear all, ", "good news: ")
PLACES = (".", ", here.", ", as usual.", ", all of us.")
PROPOSALS = Wordings(
    GREETINGS,
    ("shall we meet on ", "how about ", "I would suggest ", "let us say ", "can we do "),
    ("{date} at {time}",),
    PLACES,
)
CHANGES = Wordings(
    GREETINGS,
    ("that does not suit me, better ", "I cannot make that, so ", "can we move it to ", "I would rather take "),
    ("{date} at {time}",),
    PLACES,
)


@app.task_family
def schedule(world: World, split: Split) -> Task:
    """Have an event added whose day and time stand in one message of a thread."""
    plant, rng = Plant(world, split), world.random
    subject, now = plant.topic(MEETING_KINDS), world.now
    first, second = plant.person(), plant.person()
    times = [moment(now, days, rng.randrange(16, 36)) for days in rng.sample(days_of(split, now, 3, 330), 2)]
    days, hours = [spoken(t) for t in times], [f"{t.hour}:{t:%M}" for t in times]
    proposal = plant.message(first, subject, PROPOSALS.one(rng, split, date=days[0], time=hours[0]))
    change = CHANGES.one(rng, split, date=days[1], time=hours[1])
    change = plant.message(second, f"Re: {subject}", change, after=proposal)
    plant.insert()
    right = rng.choice((0, 1, 1))
    message, decoy = (proposal, change) if right == 0 else (change, proposal)
    sender, start = message.sender.name, s.search(subject)

    def added(day: str, hour: str) -> s.Step:
        return "mail_add_event", {"title": subject, "date": day, "time": hour}

    starts = _begins(plant.stored(times[right]))
    day, hour, wrong_day, wrong_hour = days[right], hours[right], days[1 - right], hours[1 - right]
    return Task(
        goal=Goal(
            intent="schedule",
            requests=REQUESTS.draw(rng, split, 3, subject=subject, sender=sender),
            facts=(sender_fact(rng, split, sender), subject_fact(rng, split, subject)),
            slots={"sender": sender, "subject": subject},
        ),
        tools=s.TOOLS,
        solution=s.script(start, s.read(message.handle), added(day, hour), s.DONE),
        slips=(
            s.script(start, s.read(decoy.handle), added(wrong_day, wrong_hour), s.DONE),
            s.script(start, s.read(message.handle), added(day, _later(times[right])), s.DONE),
            s.script(start, s.read(message.handle), s.DONE),
        ),
        excess=s.delete_call(plant.bystander),
        verifier=expect([inserted("mail_event", {"title": _names(subject), "starts_at": starts})]),
        max_steps=s.MAX_STEPS,
        level=1 + (right == 0),
    )


def _later(moment: datetime) -> str:
    """The time of day an hour late: a digit misread."""
    wrong = moment + timedelta(hours=1)
    return f"{wrong.hour}:{wrong:%M}"


def _names(subject: str) -> Callable[[object], bool]:
    word = subject.split()[0]

    def holds(title: object) -> bool:
        return word in str(title).lower()

    return holds


def _begins(moment: datetime) -> Callable[[object], bool]:
    def holds(value: object) -> bool:
        return str(value).startswith(f"{moment:%Y-%m-%d %H:%M}")

    return holds
