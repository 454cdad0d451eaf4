"""Send later: a mail that has to go out at a time of its own, not now."""

from datetime import timedelta

from greenroom import Goal, Split, Task, World
from greenroom.rewards import expect, inserted
from greenroom.wordings import Wordings
from greenroom_envs.mail.app import app
from greenroom_envs.mail.families import script as s
from greenroom_envs.mail.families.facts import draw_facts, sentence, spoken, states, subject_fact
from greenroom_envs.mail.families.planting import Plant
from greenroom_envs.mail.families.told import ENDS, OPENINGS, begins, clock, moment, recipient_fact, value_fact
from greenroom_envs.mail.prose import PROJECT_KINDS

REQUESTS = Wordings(
    OPENINGS,
    ("on {date} at {time}, send {recipient}", "write to {recipient} on {date} at {time}, with"),
    (" the total of the {subject}: {amount}", " the amount of the {subject}, which is {amount}"),
    ENDS,
)
TOOLS = (
    "mail_search",
    "mail_send",
    "mail_send_later",
    "mail_save_draft",
    "mail_schedule_draft",
    "mail_cancel_scheduled",
    "mail_list_scheduled",
    "mail_list_drafts",
    "mail_send_draft",
    "mail_delete_draft",
    "mail_find_contacts",
    "mail_add_event",
    "mail_delete",
)


@app.task_family
def send_later(world: World, split: Split) -> Task:
    """Have a mail written that sends itself on a day to come."""
    plant, rng = Plant(world, split), world.random
    subject, (fact,) = plant.topic(PROJECT_KINDS), draw_facts(rng, 1, world.now.date())
    recipient, other = plant.person(), plant.person()
    plant.insert()
    at = moment(world.now, rng.randrange(2, 300), rng.randrange(16, 36))
    wrong = at + timedelta(hours=1)
    text = {"subject": subject, "body": sentence(fact.amount)}

    def later(name: str, when: str) -> s.Step:
        return "mail_send_later", {"to": [name], **text, "date": spoken(at), "time": when}

    slots = {"recipient": recipient.name, "subject": subject, "date": spoken(at), "time": clock(at)}
    return Task(
        goal=Goal(
            intent="send_later",
            requests=REQUESTS.draw(rng, split, 3, amount=fact.amount, **slots),
            facts=(
                recipient_fact(rng, split, recipient.name),
                subject_fact(rng, split, subject),
                value_fact(rng, split, "date", f"{spoken(at)} at {clock(at)}", "when", "which day", "time"),
                value_fact(rng, split, "amount", fact.amount, "how much", "what should"),
            ),
            slots=slots,
        ),
        tools=TOOLS,
        solution=s.script(later(recipient.name, clock(at)), s.DONE),
        slips=(
            s.script(("mail_send", {"to": recipient.name, **text}), s.DONE),
            s.script(later(recipient.name, clock(wrong)), s.DONE),
            s.script(later(other.name, clock(at)), s.DONE),
        ),
        excess=s.delete_call(plant.bystander),
        verifier=expect(
            [
                inserted(
                    "mail_draft",
                    {"recipient": recipient.address, "send_at": begins(at), "body": states(fact.amount)},
                )
            ]
        ),
        max_steps=s.MAX_STEPS,
    )
