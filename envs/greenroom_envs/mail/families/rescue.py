"""Rescue: mail of somebody fell into spam; it has to come back, and its sender to be trusted."""

from sqlalchemy import update

from greenroom import Goal, Split, Task, World
from greenroom.rewards import expect, inserted, updated
from greenroom.wordings import Wordings
from greenroom_envs.mail.app import app
from greenroom_envs.mail.families import script as s
from greenroom_envs.mail.families.facts import draw_facts, sender_fact, subject_fact
from greenroom_envs.mail.families.planting import Plant
from greenroom_envs.mail.families.told import ENDS, OPENINGS
from greenroom_envs.mail.models import MessageRow
from greenroom_envs.mail.prose import PROJECT_KINDS

REQUESTS = Wordings(
    OPENINGS,
    ("take ", "get ", "fetch "),
    ("the {subject} mail from {sender}", "{sender}'s mail about the {subject}"),
    (" out of spam, it is none", " back from spam, I trust the sender"),
    ENDS,
)
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
    """Have one message brought back from spam; somebody else's of that subject stays there."""
    plant, rng = Plant(world, split), world.random
    subject = plant.topic(PROJECT_KINDS)
    bodies = [fact.body(rng, split) for fact in draw_facts(rng, 2, world.now.date())]
    sender, stranger = plant.person(), plant.person()
    right, wrong = plant.message(sender, subject, bodies[0]), plant.message(stranger, subject, bodies[1])
    plant.insert()
    world.session.execute(update(MessageRow).where(MessageRow.id.in_((right.id, wrong.id))).values(folder="spam"))
    start = s.search(f"in:spam {subject}")

    def unmark(message_id: str) -> s.Step:
        return "mail_unmark_spam", {"message_ids": [message_id]}

    return Task(
        goal=Goal(
            intent="rescue",
            requests=REQUESTS.draw(rng, split, 3, subject=subject, sender=sender.name),
            facts=(sender_fact(rng, split, sender.name), subject_fact(rng, split, subject)),
            slots={"sender": sender.name, "subject": subject},
        ),
        tools=TOOLS,
        solution=s.script(start, unmark(right.handle), s.DONE),
        slips=(
            s.script(start, unmark(wrong.handle), s.DONE),
            s.script(start, ("mail_move", {"message_ids": [right.handle], "folder": "inbox"}), s.DONE),
            s.script(start, s.DONE),
        ),
        excess=s.delete_call(plant.bystander),
        verifier=expect(
            [
                updated("mail_message", key=right.id, values={"folder": "inbox"}),
                inserted("mail_verdict", {"address": sender.address, "spam": False}),
            ]
        ),
        max_steps=s.MAX_STEPS,
    )
