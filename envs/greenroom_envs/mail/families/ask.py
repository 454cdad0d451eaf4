"""Ask: somebody has to be asked by mail, and answers after a while, or says who knows."""

from greenroom import Goal, Split, Task, World
from greenroom.rewards import expect, inserted
from greenroom.wordings import Wordings
from greenroom_envs.mail.app import app
from greenroom_envs.mail.desk import Habit
from greenroom_envs.mail.families import script as s
from greenroom_envs.mail.families.facts import bare, facts_of, sentence, subject_fact
from greenroom_envs.mail.families.planting import Plant
from greenroom_envs.mail.families.told import LEVELS, LONG, asking, recipient_fact
from greenroom_envs.mail.mailbox import next_number
from greenroom_envs.mail.people import Party
from greenroom_envs.mail.prose import PROJECT_KINDS

HOW_MUCH = ("how much the {subject} comes to", "what the {subject} will cost")
WHAT = (*HOW_MUCH, "for the total of the {subject}")
TELL = (" and tell me", ", then tell me the answer", " and let me know")
REQUESTS = asking(("ask {recipient} ", "write to {recipient} and ask "), WHAT, TELL) | asking(
    ("find out from {recipient} ",), HOW_MUCH, TELL
)
PARTIAL = asking(("ask by mail ", "write a mail and ask "), WHAT, TELL) | asking(("find out by mail ",), HOW_MUCH, TELL)
REFERRALS = Wordings(
    ("I do not know", "that is not mine", "sorry, I cannot say", "I was never told"),
    ("; ask {name}", "; {name} has the figures", ", but {name} can tell you", "; better write to {name}"),
    (".", ". Good luck.", ". Best wishes."),
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
WHOM = "Whom should I ask?"
# Sooner than any other mail of the world may come.
MINUTES = 12
WAIT: s.Step = ("mail_wait_for_mail", {})


@app.task_family
def ask(world: World, split: Split) -> Task:
    """Have a question asked by mail, and the answer told; an older mail has another amount.

    Level 2 does not say whom to ask; at level 3 the first person asked names another who knows.
    """
    plant, rng = Plant(world, split), world.random
    level, subject = rng.choice(LEVELS), plant.topic(PROJECT_KINDS)
    right, wrong, elsewhere, other_figure = facts_of(rng, split, 4, world.now)
    # Nobody else's mail can come under ids like theirs.
    asked, knows, other = plant.addressee(), plant.addressee(), plant.person()
    knows = knows if level == 3 else asked
    old = plant.message(other, subject, wrong.body(rng, split))
    # The ids of the answers that will come follow from what their writers wrote before.
    plant.message(asked, plant.topic(PROJECT_KINDS), elsewhere.body(rng, split))
    if knows is not asked:
        plant.message(knows, plant.topic(PROJECT_KINDS), other_figure.body(rng, split))
    plant.insert()
    referral = REFERRALS.one(rng, split, name=knows.name)
    world.session.add(Habit(address=knows.address, minutes=MINUTES, answer=right.body(rng, split)))
    if knows is not asked:
        world.session.add(Habit(address=asked.address, minutes=MINUTES, answer=referral))

    def question(person: Party) -> list[s.Step]:
        handle = f"{person.first}-{next_number(world, person.first)}"
        sent: s.Step = ("mail_send", {"to": person.name, "subject": subject, "body": "How much is it?"})
        return [sent, WAIT, s.read(handle)]

    before = [WHOM] if level == 2 else []
    questions = [question(asked), question(knows)] if knows is not asked else [question(asked)]
    steps = [step for one in questions for step in one]
    (misled, *_), (first, *_) = question(other), questions[0]
    writers = [asked, knows] if knows is not asked else [asked]
    return Task(
        goal=Goal(
            intent="ask",
            requests=(PARTIAL if level == 2 else REQUESTS).draw(rng, split, 3, recipient=asked.name, subject=subject),
            facts=(
                recipient_fact(rng, split, asked.name, at_once=level != 2),
                subject_fact(rng, split, subject),
            ),
            needs="number",
            slots={"recipient": asked.name, "subject": subject},
        ),
        tools=TOOLS,
        solution=s.script(*before, *steps, sentence(right.amount)),
        slips=(
            s.script(s.search(subject), s.read(old.handle), sentence(wrong.amount)),
            s.script(misled, WAIT, sentence(wrong.amount)),
            s.script(*before, first, s.DONE),
        ),
        excess=s.delete_call(plant.bystander),
        verifier=expect(
            [
                change
                for writer in writers
                for change in (
                    inserted("mail_thread", {}),
                    inserted("mail_message", {"folder": "sent", "recipient": writer.address}),
                )
            ],
            said=[bare(right.amount)],
            unsaid=[bare(f.amount) for f in (wrong, elsewhere, other_figure)],
        ),
        max_steps=LONG,
        level=level,
    )
