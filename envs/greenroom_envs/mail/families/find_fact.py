"""Find a fact: how much, or when, in the message of one sender among others of the same subject."""

from greenroom import Goal, Split, Task, World
from greenroom.rewards import expect
from greenroom.wordings import Wordings
from greenroom_envs.mail.app import app
from greenroom_envs.mail.families import script as s
from greenroom_envs.mail.families.facts import FIELDS, bare, facts_of, other, sender_fact, sentence, subject_fact
from greenroom_envs.mail.families.planting import Plant
from greenroom_envs.mail.prose import PROJECT_KINDS

OPENINGS = ("", "hello, ", "please look it up: ", "quick question: ", "tell me, ", "I need to know, ")
ENDS = ("?", ", please?", "? Thanks.", "? I forgot.")
ASKED = {
    "amount": ("how much is ", "what is the total of ", "what is the amount of "),
    "date": ("when is the payment of ", "what is the due date of ", "which day is the deadline of "),
}
REQUESTS = {
    field: Wordings(OPENINGS, asked, ("the {subject} from {sender}", "the {subject} that {sender} sent"), ENDS)
    | Wordings(
        OPENINGS,
        ("in the mail from {sender}, ", "{sender} wrote to me, ", "as {sender} has it, "),
        asked,
        ("the {subject}",),
        ENDS,
    )
    for field, asked in ASKED.items()
}


@app.task_family
def find_fact(world: World, split: Split) -> Task:
    """Ask for the amount or the due date in one message; others have the same subject, or the same sender."""
    plant, rng = Plant(world, split), world.random
    field, subject = rng.choice(FIELDS), plant.topic(PROJECT_KINDS)
    facts = facts_of(rng, split, 4, world.now)
    bodies = [fact.body(rng, split) for fact in facts]
    people = [plant.person() for _ in range(rng.choice((2, 2, 3)))]
    asked, *decoys = [plant.message(p, subject, b) for p, b in zip(people, bodies, strict=False)]
    plant.message(people[0], plant.topic(PROJECT_KINDS), bodies[3])
    plant.insert()
    right, wrong = facts[0], facts[1 : len(people)]
    start = s.search(subject)
    return Task(
        goal=Goal(
            intent="find_fact",
            requests=REQUESTS[field].draw(rng, split, 3, subject=subject, sender=people[0].name),
            facts=(sender_fact(rng, split, people[0].name), subject_fact(rng, split, subject)),
            needs="number" if field == "amount" else "date",
            slots={"sender": people[0].name, "subject": subject, "field": field},
        ),
        tools=s.TOOLS,
        solution=s.script(start, s.read(asked.handle), sentence(right.of(field))),
        slips=(
            *(s.script(start, s.read(d.handle), sentence(f.of(field))) for d, f in zip(decoys, wrong, strict=True)),
            s.script(start, s.read(asked.handle), sentence(right.of(other(field)))),
            s.script(start, s.DONE),
        ),
        excess=s.delete_call(plant.bystander),
        verifier=expect(
            said=[bare(right.of(field))],
            unsaid=[bare(f.of(field)) for f in (*wrong, facts[3])],
        ),
        max_steps=s.MAX_STEPS,
        level=len(people) - 1,
    )
