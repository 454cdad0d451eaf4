"""Vacation: an answer while the user is away; for more than thirty days the answer is no, and the rule."""

from datetime import timedelta

from greenroom import Goal, Split, Task, World
from greenroom.rewards import expect, inserted
from greenroom.wordings import Wordings
from greenroom_envs.mail.app import app
from greenroom_envs.mail.families import script as s
from greenroom_envs.mail.families.facts import spoken, states
from greenroom_envs.mail.families.planting import Plant
from greenroom_envs.mail.families.told import ENDS, OPENINGS, moment, on_day, says_no, value_fact

REQUESTS = Wordings(
    OPENINGS,
    ("set a vacation answer", "let people know that I am away", "answer my mail with a note that I am away"),
    (" from {first} to {last}", ", {first} until {last}", ", the first day is {first} and the last one {last}"),
    ENDS,
)
TOOLS = (
    "mail_search",
    "mail_send",
    "mail_add_event",
    "mail_list_events",
    "mail_set_vacation",
    "mail_show_vacation",
    "mail_end_vacation",
    "mail_show_profile",
    "mail_show_policy",
    "mail_delete",
)


@app.task_family
def vacation(world: World, split: Split) -> Task:
    """Have an answer set for some days; a third of the requests ask for more days than there may be."""
    plant, rng = Plant(world, split), world.random
    long = rng.random() < 1 / 3
    days = rng.randrange(40, 60) if long else rng.randrange(3, 28)
    first = moment(world.now, rng.randrange(2, 290), 0)
    last, early = first + timedelta(days=days), first + timedelta(days=days - 1)

    def away(until: str) -> s.Step:
        return "mail_set_vacation", {"first_day": spoken(first), "last_day": until, "body": f"I am away until {until}."}

    wanted = {"first_day": on_day(first), "last_day": on_day(last), "body": states(spoken(last))}
    look: s.Step = ("mail_show_policy", {})
    within = spoken(first + timedelta(days=29))
    return Task(
        goal=Goal(
            intent="vacation",
            requests=REQUESTS.draw(rng, split, 3, first=spoken(first), last=spoken(last)),
            facts=(
                value_fact(rng, split, "first day", spoken(first), "from when", "begin"),
                value_fact(rng, split, "last day", spoken(last), "until when", "end", "how long"),
            ),
            needs="text" if long else "done",
            slots={"first": spoken(first), "last": spoken(last)},
        ),
        tools=TOOLS,
        solution=s.script(look, f"No, it can be set for thirty days at most, which is until {within}.")
        if long
        else s.script(away(spoken(last)), s.DONE),
        slips=(s.script(away(within if long else spoken(early)), s.DONE), s.script(look, s.DONE)),
        excess=s.delete_call(plant.bystander),
        verifier=says_no(["thirty days", "30 days"], [spoken(last), within])
        if long
        else expect([inserted("mail_vacation", wanted)]),
        max_steps=s.MAX_STEPS,
    )
