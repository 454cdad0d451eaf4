"""Ask: somebody has to be asked by mail, and answers after a while."""

from greenroom import Goal, Split, Task, World
from greenroom.rewards import expect, inserted
from greenroom.wordings import Wordings
from greenroom_envs.mail.app import app
from greenroom_envs.mail.desk import Habit
from greenroom_envs.mail.families import script as s
from greenroom_envs.mail.families.facts import bare, draw_facts, sentence, subject_fact
from greenroom_envs.mail.families.planting import Plant
from greenroom_envs.mail.families.told import OPENINGS, recipient_fact
from greenroom_envs.mail.mailbox import next_number
from greenroom_envs.mail.prose import PROJECT_KINDS

REQUESTS = Wordings(
    OPENINGS,
    ("ask {recipient} ", "write to {recipient} and ask ", "find out from {recipient} "),
    ("how much the {subject} comes to", "for the total of the {subject}", "what the {subject} will cost"),
    (", and tell me.", ", then tell me the answer.", " and let me know. Thanks.", "; I need the number."),
)
TOOLS = (
    "mail_search",
    "mail_list_folder",
    "mail_read",
    "mail_send",
    "mail_reply",
    "mail_find_contacts",
    "mail_wait_for_mail",
    "mail_save_draft",
    "mail_forward",
    "mail_archive",
    "mail_delete",
)
# Sooner than any other mail of the world may come: the answer's id is known beforehand.
MINUTES = 12


@app.task_family
def ask(world: World, split: Split) -> Task:
    """Have a question asked by mail, and the answer told; an older mail has another amount."""
    plant, rng = Plant(world, split), world.random
    subject, (right, wrong, elsewhere) = plant.topic(PROJECT_KINDS), draw_facts(rng, 3, world.now.date())
    knows, other = plant.person(), plant.person()
    old = plant.message(other, subject, wrong.body(rng, split))
    # The id of the answer that will come follows from what its writer wrote before.
    plant.message(knows, plant.topic(PROJECT_KINDS), elsewhere.body(rng, split))
    plant.insert()
    world.session.add(Habit(address=knows.address, minutes=MINUTES, answer=right.body(rng, split)))
    handle = f"{knows.first}-{next_number(world, knows.first)}"
    wait: s.Step = ("mail_wait_for_mail", {})

    def asked(name: str) -> s.Step:
        return "mail_send", {"to": name, "subject": subject, "body": "How much is it?"}

    return Task(
        goal=Goal(
            intent="ask",
            requests=REQUESTS.draw(rng, split, 3, recipient=knows.name, subject=subject),
            facts=(recipient_fact(rng, split, knows.name), subject_fact(rng, split, subject)),
            needs="number",
            slots={"recipient": knows.name, "subject": subject},
        ),
        tools=TOOLS,
        solution=s.script(asked(knows.name), wait, s.read(handle), sentence(right.amount)),
        slips=(
            s.script(s.search(subject), s.read(old.handle), sentence(wrong.amount)),
            s.script(asked(other.name), wait, sentence(wrong.amount)),
            s.script(asked(knows.name), s.DONE),
        ),
        excess=s.delete_call(plant.bystander),
        verifier=expect(
            [
                inserted("mail_thread", {}),
                inserted("mail_message", {"folder": "sent", "recipient": knows.address}),
            ],
            said=[bare(right.amount)],
            unsaid=[bare(wrong.amount), bare(elsewhere.amount)],
        ),
        max_steps=s.MAX_STEPS,
    )
