"""Rescue: mail of somebody fell into spam; it has to come back, and its sender to be trusted."""

from sqlalchemy import update

from greenroom import Goal, Split, Task, World
from greenroom.rewards import expect, inserted, updated
from greenroom_envs.mail.app import app
from greenroom_envs.mail.families import script as s
from greenroom_envs.mail.families.facts import facts_of, sender_fact, subject_fact
from greenroom_envs.mail.families.planting import Plant
from greenroom_envs.mail.families.told import LEVELS, asking, value_fact
from greenroom_envs.mail.models import LABELS, MessageRow
from greenroom_envs.mail.prose import PROJECT_KINDS

TAKE = ("take ", "get ", "fetch ")
BACK = (" out of spam, where it should not be", " back from spam, since I trust the sender", " out of the spam folder")
ALL = ("everything from {sender}", "all mail from {sender}")
REQUESTS = {
    1: asking(TAKE, ("the {subject} mail from {sender}", "{sender}'s mail about the {subject}"), BACK),
    2: asking(TAKE, ALL, BACK),
    3: asking(
        TAKE, ALL, BACK, (", and label it {value}", ", then mark it as {value}", ", and put the label {value} on it")
    ),
}
TOOLS = (
    "mail_search",
    "mail_list_folder",
    "mail_read",
    "mail_move",
    "mail_archive",
    "mail_delete",
    "mail_restore",
    "mail_mark_spam",
    "mail_unmark_spam",
    "mail_label",
    "mail_star",
    "mail_mark_read",
    "mail_find_contacts",
)


@app.task_family
def rescue(world: World, split: Split) -> Task:
    """Have one message, or all of somebody's, brought back from spam; somebody else's stays there."""
    plant, rng = Plant(world, split), world.random
    level, subject, value = rng.choice(LEVELS), plant.topic(PROJECT_KINDS), rng.choice(LABELS)
    bodies = [facts.body(rng, split) for facts in facts_of(rng, split, 3, world.now)]
    sender, stranger = plant.person(), plant.person()
    mine, wrong = [plant.message(sender, subject, bodies[0])], plant.message(stranger, subject, bodies[1])
    if level > 1:
        mine.append(plant.message(sender, plant.topic(PROJECT_KINDS), bodies[2]))
    plant.insert()
    spam = [message.id for message in (*mine, wrong)]
    world.session.execute(update(MessageRow).where(MessageRow.id.in_(spam)).values(folder="spam"))
    mine.sort(key=lambda message: -message.id)
    ids = [message.handle for message in mine]
    start = s.search(f"in:spam from:{sender.name}" if level > 1 else f"in:spam {subject}")

    def unmark(message_ids: list[str]) -> s.Step:
        return "mail_unmark_spam", {"message_ids": message_ids}

    more: list[s.Step] = [("mail_label", {"message_ids": ids, "label": value})] if level > 2 else []
    moved: list[s.Step] = [("mail_move", {"message_ids": ids, "folder": "inbox"}), *more]
    told = [subject_fact(rng, split, subject)] if level == 1 else []
    told += [value_fact(rng, split, "label", value, "what should")] if level > 2 else []
    slots = {"sender": sender.name} | ({"subject": subject} if level == 1 else {})
    return Task(
        goal=Goal(
            intent="rescue",
            requests=REQUESTS[level].draw(rng, split, 3, sender=sender.name, subject=subject, value=value),
            facts=(sender_fact(rng, split, sender.name), *told),
            slots=slots,
        ),
        tools=TOOLS,
        solution=s.script(start, unmark(ids), *more, s.DONE),
        slips=(
            s.script(start, unmark([wrong.handle]), s.DONE),
            s.script(start, *moved, s.DONE),
            *([s.script(start, unmark(ids[:1]), s.DONE)] if level > 1 else []),
            s.script(start, s.DONE),
        ),
        excess=s.delete_call(plant.bystander),
        verifier=expect(
            [
                *(updated("mail_message", key=message.id, values={"folder": "inbox"}) for message in mine),
                inserted("mail_verdict", {"address": sender.address, "spam": False}),
                *(inserted("mail_message_label", {"message_id": m.id, "label": value}) for m in mine if level > 2),
            ]
        ),
        max_steps=s.MAX_STEPS,
        level=level,
    )
