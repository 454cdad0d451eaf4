"""Send later: a mail that has to go out at a time of its own, not now."""

from datetime import timedelta

from greenroom import Fact, Goal, Split, Task, World
from greenroom.rewards import expect, inserted
from greenroom_envs.mail.app import app
from greenroom_envs.mail.families import script as s
from greenroom_envs.mail.families.facts import bare, facts_of, sender_fact, sentence, states, subject_fact
from greenroom_envs.mail.families.planting import Plant
from greenroom_envs.mail.families.told import LEVELS, asking, begins, clock, recipient_fact, value_fact
from greenroom_envs.mail.families.values import moment_of, spoken
from greenroom_envs.mail.prose import PROJECT_KINDS

WITH = ("the total of the {subject} that {sender} sent", "the amount of the {subject} from {sender}")
REQUESTS = {
    1: asking(
        ("write to {recipient} on {date} at {time} that ", "let {recipient} know on {date} at {time} that "),
        (
            "the {subject} comes to {amount}",
            "the total of the {subject} is {amount}",
            "we settled on {amount} for the {subject}",
        ),
    ),
    2: asking(
        ("write to {recipient} on {date} at {time}, with ", "send {recipient} a mail on {date} at {time} with "), WITH
    ),
    3: asking(("let a mail go out on {date} at {time} with ", "send a mail on {date} at {time} with "), WITH),
}
TOOLS = (
    "mail_search",
    "mail_read",
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
    """Have a mail written that sends itself on a day to come.

    From level 2 on its figure stands in another mail; at level 3 it is not said to whom it goes.
    """
    plant, rng = Plant(world, split), world.random
    level, subject = rng.choice(LEVELS), plant.topic(PROJECT_KINDS)
    fact, wrong_fact = facts_of(rng, split, 2, world.now)
    recipient, other, sender = plant.person(), plant.person(), plant.person()
    before: list[s.Step] = [s.WHO] if level > 2 else []
    source = plant.message(sender, subject, fact.body(rng, split)) if level > 1 else None
    if source:
        plant.message(other, subject, wrong_fact.body(rng, split))
    plant.insert()
    before += [s.search(subject), s.read(source.handle)] if source else []
    at = moment_of(rng, split, world.now, 2, 300)
    wrong = at + timedelta(hours=1)
    text = {"subject": subject, "body": sentence(fact.amount)}

    def later(name: str, when: str, amount: str = fact.amount) -> s.Step:
        mail = {"to": [name], "subject": subject, "body": sentence(amount)}
        return "mail_send_later", {**mail, "date": spoken(at), "time": when}

    slots = {"subject": subject, "date": spoken(at), "time": clock(at)}
    slots |= {"recipient": recipient.name} if level < 3 else {}
    slots |= {"sender": sender.name} if level > 1 else {}
    figure: Fact = value_fact(rng, split, "amount", fact.amount, "how much", "what should")
    told = [
        recipient_fact(rng, split, recipient.name, at_once=level < 3),
        subject_fact(rng, split, subject),
        value_fact(rng, split, "date", f"{spoken(at)} at {clock(at)}", "when", "which day", "time"),
        sender_fact(rng, split, sender.name) if level > 1 else figure,
    ]
    return Task(
        goal=Goal(
            intent="send_later",
            requests=REQUESTS[level].draw(rng, split, 3, amount=fact.amount, **slots),
            facts=tuple(told),
            slots=slots,
        ),
        tools=TOOLS,
        solution=s.script(*before, later(recipient.name, clock(at)), s.DONE),
        slips=(
            s.script(*before, ("mail_send", {"to": recipient.name, **text}), s.DONE),
            s.script(*before, later(recipient.name, clock(wrong)), s.DONE),
            s.script(*before, later(other.name, clock(at)), s.DONE),
            *([s.script(*before, later(recipient.name, clock(at), wrong_fact.amount), s.DONE)] if level > 1 else []),
        ),
        excess=s.delete_call(plant.bystander),
        verifier=expect(
            [
                inserted(
                    "mail_draft",
                    {
                        "recipient": recipient.address,
                        "send_at": begins(plant.stored(at)),
                        "body": states(bare(fact.amount), wrong_fact.amount),
                    },
                )
            ]
        ),
        max_steps=s.MAX_STEPS,
        level=level,
    )
