"""Reply with a fact: somebody asks for a figure that somebody else's message states."""

from random import Random

from greenroom import Fact, Goal, Split, Task, World
from greenroom.rewards import expect, inserted
from greenroom.wordings import Wordings
from greenroom_envs.mail.app import app
from greenroom_envs.mail.families import script as s
from greenroom_envs.mail.families.facts import FIELDS, Field, facts_of, other, sentence, states, subject_fact
from greenroom_envs.mail.families.planting import Plant
from greenroom_envs.mail.prose import PROJECT_KINDS

OPENINGS = ("", "hello, ", "please ", "could you ", "one thing: ", "now ")
ENDS = (".", ", when you can.", ". Thanks.", ", that is all.")
NAMES: dict[Field, tuple[str, ...]] = {
    "amount": ("the amount", "the total"),
    "date": ("the due date", "the deadline"),
}
REQUESTS = {
    field: Wordings(OPENINGS, ("reply to {asker} with ", "answer {asker} with "), names, (" of the {subject}",), ENDS)
    | Wordings(
        OPENINGS,
        ("write back to {asker}: {asker} wants ", "tell {asker}, in a reply, ", "send {asker} a reply with "),
        names,
        (" of the {subject}",),
        ENDS,
    )
    for field, names in NAMES.items()
}
ASKERS = Wordings(
    ("reply to ", "it was ", "the answer goes to ", "the question came from ", "I mean "),
    ("{asker}",),
    (".", ", please.", ", I think.", ", of course."),
)
QUESTIONS: dict[Field, Wordings] = {
    "amount": Wordings(
        ("could you send me ", "what is ", "do you know ", "I am looking for "),
        ("the amount? ", "the total? ", "the right amount? "),
        ("My notes say {amount}.", "I still have {amount}.", "Is it {amount}?", "I wrote down {amount}."),
    ),
    "date": Wordings(
        ("could you send me ", "what is ", "do you know ", "I am looking for "),
        ("the due date? ", "the deadline? ", "the right date? "),
        ("My notes say {date}.", "I still have {date}.", "Is it {date}?", "I wrote down {date}."),
    ),
}


@app.task_family
def reply_fact(world: World, split: Split) -> Task:
    """Have a question answered from another message; the question itself holds an outdated figure."""
    plant, rng = Plant(world, split), world.random
    field, subject = rng.choice(FIELDS), plant.topic(PROJECT_KINDS)
    right, old = facts_of(rng, split, 2, world.now)
    source, asker = plant.person(), plant.person()
    stated = plant.message(source, subject, right.body(rng, split))
    doubt = QUESTIONS[field].one(rng, split, amount=old.amount, date=old.date)
    question = plant.message(asker, f"{subject} question", doubt)
    plant.insert()
    start, read = s.search(subject), s.read(stated.handle)
    answer, wrong_field = sentence(right.of(field)), sentence(right.of(other(field)))

    def reply(message_id: str, body: str) -> s.Step:
        return "mail_reply", {"message_id": message_id, "body": body}

    return Task(
        goal=Goal(
            intent="reply_fact",
            requests=REQUESTS[field].draw(rng, split, 3, subject=subject, asker=asker.name),
            facts=(_asker_fact(rng, split, asker.name), subject_fact(rng, split, subject)),
            slots={"sender": asker.name, "recipient": asker.name, "subject": subject, "field": field},
        ),
        tools=s.TOOLS,
        solution=s.script(start, read, reply(question.handle, answer), s.DONE),
        slips=(
            s.script(start, read, reply(stated.handle, answer), s.DONE),
            s.script(start, read, reply(question.handle, wrong_field), s.DONE),
            s.script(start, s.read(question.handle), reply(question.handle, sentence(old.of(field))), s.DONE),
            s.script(start, read, s.DONE),
        ),
        excess=s.delete_call(plant.bystander),
        verifier=expect(
            [
                inserted(
                    "mail_message",
                    {
                        "folder": "sent",
                        "reply_to": question.id,
                        "recipient": asker.address,
                        "body": states(right.of(field), old.of(field)),
                    },
                )
            ]
        ),
        max_steps=s.MAX_STEPS,
        # Where the question is the later mail, it stands above the answer, with the outdated figure.
        level=1 + (question.id > stated.id),
    )


def _asker_fact(rng: Random, split: Split, name: str) -> Fact:
    wordings = ASKERS.draw(rng, split, 2, asker=name)
    return Fact(key="recipient", value=name, wordings=wordings, cues=("who", "whom", "recipient", "reply to"))
