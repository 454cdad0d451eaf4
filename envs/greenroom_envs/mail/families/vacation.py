"""Vacation: an answer while the user is away; for more than thirty days the answer is no, and the rule."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from greenroom import Fact, Goal, Split, Task, World
from greenroom.rewards import expect, inserted, updated
from greenroom.wordings import Wordings
from greenroom_envs.mail import names
from greenroom_envs.mail.app import app
from greenroom_envs.mail.desk import Vacation
from greenroom_envs.mail.families import script as s
from greenroom_envs.mail.families.facts import states
from greenroom_envs.mail.families.planting import Plant
from greenroom_envs.mail.families.told import RECIPIENTS, any_of, asking, on_day, says_no, value_fact
from greenroom_envs.mail.families.values import days_of, moment_of, spoken
from greenroom_envs.mail.people import Party

REQUESTS = asking(
    ("set a vacation answer", "let people know that I am away", "answer my mail with a note that I am away"),
    (" from {first} to {last}", " from {first} until {last}", ", with {first} as the first day and {last} as the last"),
    (
        ", and tell people to write to {deputy} meanwhile",
        ", and send people to {deputy} meanwhile",
        ", and name {deputy} as the one to write to",
    ),
)
LONGER = asking(
    (
        "prolong my vacation answer by {days} days",
        "make my vacation answer {days} days longer",
        "let my vacation answer run {days} days longer",
        "keep my vacation answer going for {days} more days",
        "put the end of my vacation answer off by {days} days",
    ),
)
# Without a day: whoever prolongs such an answer need not change its words.
ANSWERS = Wordings(
    ("I am away", "I am out of the office", "I cannot read my mail", "I am travelling"),
    ("; meanwhile {deputy} answers for me", ". Please write to {deputy}", ": {deputy} stands in for me"),
    (".", ". I answer when I am back.", ". In a hurry? Call the office.", ". Thank you."),
)
TOOLS = (
    "mail_search",
    "mail_send",
    "mail_find_contacts",
    "mail_add_event",
    "mail_list_events",
    "mail_set_vacation",
    "mail_show_vacation",
    "mail_end_vacation",
    "mail_show_profile",
    "mail_show_policy",
    "mail_delete",
)
# Whether it is too long, whether there is an answer already, how hard that is.
CASES = ((False, False, 1), (False, False, 1), (True, False, 2), (False, True, 3), (True, True, 3))


@dataclass(frozen=True)
class Period:
    """What is asked for: the days, the last one that may be, and the day before the last one asked for."""

    first: datetime
    last: datetime

    @property
    def within(self) -> str:
        """The last day of thirty."""
        return spoken(self.first + timedelta(days=29))

    @property
    def early(self) -> str:
        """A day too few."""
        return spoken(self.last - timedelta(days=1))

    def away(self, until: str, body: str) -> s.Step:
        """Set the answer until then."""
        return "mail_set_vacation", {"first_day": spoken(self.first), "last_day": until, "body": body}


@app.task_family
def vacation(world: World, split: Split) -> Task:
    """Have an answer set for some days, or one that is set prolonged; some requests are for too many days."""
    plant, rng = Plant(world, split), world.random
    long, there, level = rng.choice(CASES)
    deputy, period = plant.person(), _period(plant, *((32, 76) if long else (12, 28)))
    plant.insert()
    first, until = period.first, period.last - timedelta(days=_longer(plant, period))
    body = ANSWERS.one(rng, split, deputy=deputy.name)
    if there:
        world.session.add(Vacation(id=1, first_day=first.date(), last_day=until.date(), body=body))
    start: list[s.Step] = [("mail_show_vacation", {})] if there else []
    back = f"I am away until {spoken(period.last)}."
    text = body if there else f"{back} Please write to {deputy.name}."
    set_it, too_few = period.away(spoken(period.last), text), period.away(period.early, text)
    unnamed = period.away(spoken(period.last), back)
    look: s.Step = ("mail_show_policy", {})
    no = f"No, until {spoken(period.last)} is more than thirty days, the most; it can be set until {period.within}."
    days_off = {"first_day": on_day(first), "last_day": on_day(period.last)}
    longer, named = {"last_day": on_day(period.last)}, {"body": _names(deputy)}
    changes = (
        [updated("mail_vacation", key=1, values=values) for values in (longer, longer | named)]
        if there
        else [inserted("mail_vacation", days_off | named)]
    )
    more = str((period.last - until).days)
    days = {"first": spoken(first), "last": spoken(period.last)}
    slots = {"days": more} if there else {**days, "deputy": deputy.name}
    facts = _facts(plant, slots)
    return Task(
        goal=Goal(
            intent="vacation",
            requests=(LONGER if there else REQUESTS).draw(rng, split, 3, **slots),
            facts=facts,
            needs="text" if long else "done",
            slots=slots,
        ),
        tools=TOOLS,
        solution=s.script(*start, look, no) if long else s.script(*start, set_it, s.DONE),
        slips=(
            s.script(*start, period.away(period.within, text) if long else too_few, s.DONE),
            s.script(*start, *([look] if long else [unnamed]), s.DONE),
        ),
        excess=s.delete_call(plant.bystander),
        verifier=says_no(["thirty days", "30 days"], [spoken(period.last), period.within])
        if long
        else any_of([expect([change]) for change in changes]),
        max_steps=s.MAX_STEPS,
        level=level,
    )


def _period(plant: Plant, shortest: int, longest: int) -> Period:
    """So many days from one day of the split to another."""
    while True:
        first = moment_of(plant.rng, plant.split, plant.world.now, 2, 290).replace(hour=0, minute=0)
        if lasts := days_of(plant.split, first, shortest, longest):
            return Period(first, first + timedelta(days=plant.rng.choice(lasts)))


def _longer(plant: Plant, period: Period) -> int:
    """By how many days an answer is to be prolonged, a number of the split; what is set so far is 3 to 30 days."""
    days = (period.last - period.first).days
    numbers = range(max(2, days - 29), days - 1)
    return plant.rng.choice([n for n in numbers if names.split_of(str(n)) == plant.split])


def _names(person: Party) -> Callable[[object], bool]:
    """A predicate of a text: it names somebody, or their address."""
    return lambda text: any(states(value)(text) for value in (person.name, person.address))


def _facts(plant: Plant, slots: dict[str, str]) -> tuple[Fact, ...]:
    rng, split = plant.rng, plant.split
    if "days" in slots:
        return (value_fact(rng, split, "days", slots["days"], "how long", "how many", "until when"),)
    return (
        value_fact(rng, split, "first day", slots["first"], "from when", "begin"),
        value_fact(rng, split, "last day", slots["last"], "until when", "end", "how long"),
        Fact(
            key="deputy",
            value=slots["deputy"],
            wordings=RECIPIENTS.draw(rng, split, 2, value=slots["deputy"]),
            cues=("deputy", "who", "whom", "stands in", "write to"),
        ),
    )
