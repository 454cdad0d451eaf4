"""Forward to the right person: the right message among others of its subject, and whom to ask when it is not said."""

from greenroom import Fact, Goal, Split, Task, World
from greenroom.rewards import expect, inserted
from greenroom.wordings import Wordings
from greenroom_envs.mail.app import app
from greenroom_envs.mail.families import script as s
from greenroom_envs.mail.families.facts import facts_of, sender_fact, subject_fact
from greenroom_envs.mail.families.planting import Plant
from greenroom_envs.mail.prose import PROJECT_KINDS

HIDDEN_SHARE = 0.3
OPENINGS = ("", "hello, ", "please ", "could you ", "one more thing: ", "now ")
ENDS = (".", ", when you can.", ". Thanks.", ", that is all.")
WHICH = ("the {subject} from {sender}", "the {subject} that {sender} sent", "{sender}'s mail on the {subject}")
GIVEN = (
    "the mail on the {subject} from {sender}",
    "the {subject} that {sender} sent",
    "what {sender} wrote on the {subject}",
)
FULL = Wordings(
    OPENINGS, ("forward ", "pass on ", "send on "), WHICH, (" to {recipient}", ", it goes to {recipient}"), ENDS
) | Wordings(OPENINGS, ("let {recipient} have ", "forward to {recipient} "), GIVEN, ENDS)
PARTIAL = Wordings(OPENINGS, ("forward ", "pass on ", "send on "), WHICH, ENDS)
ANSWERS = Wordings(
    ("to ", "send it to ", "it goes to ", "please send it to ", "that would be ", "for ", ""),
    ("{recipient}",),
    (".", ", please.", ". Thanks.", ", of course.", ", I think.", ", that is all."),
)


@app.task_family
def forward(world: World, split: Split) -> Task:
    """Have one message passed on; about a third of the requests do not say to whom."""
    plant, rng = Plant(world, split), world.random
    hidden, subject = rng.random() < HIDDEN_SHARE, plant.topic(PROJECT_KINDS)
    people = [plant.addressee() for _ in range(rng.choice((2, 2, 3)))]
    recipient = plant.addressee()
    facts = facts_of(rng, split, len(people), world.now)
    bodies = [fact.body(rng, split) for fact in facts]
    asked, *decoys = [plant.message(p, subject, b) for p, b in zip(people, bodies, strict=True)]
    plant.insert()
    slots = {"subject": subject, "sender": people[0].name, "recipient": recipient.name}
    start = s.search(subject)
    before = (s.WHO, start) if hidden else (start,)

    def forwarded(message_id: str, to: str) -> s.Step:
        return "mail_forward", {"message_id": message_id, "to": to}

    wrong_person = people[0] if hidden else people[1]
    return Task(
        goal=Goal(
            intent="forward",
            requests=(PARTIAL if hidden else FULL).draw(rng, split, 3, **slots),
            facts=(
                Fact(
                    key="recipient",
                    value=recipient.name,
                    wordings=ANSWERS.draw(rng, split, 3, recipient=recipient.name),
                    cues=("who", "whom", "recipient", "send it to", "forward it to", "address"),
                    at_once=not hidden,
                ),
                sender_fact(rng, split, people[0].name),
                subject_fact(rng, split, subject),
            ),
            slots=slots,
        ),
        tools=s.TOOLS,
        solution=s.script(*before, forwarded(asked.handle, recipient.first), s.DONE),
        slips=(
            *(s.script(*before, forwarded(d.handle, recipient.first), s.DONE) for d in decoys),
            s.script(start, forwarded(asked.handle, wrong_person.first), s.DONE),
            s.script(*before, s.DONE),
        ),
        excess=s.delete_call(plant.bystander),
        verifier=expect(
            [
                inserted(
                    "mail_message",
                    {"folder": "sent", "forward_of": asked.id, "recipient": recipient.address},
                )
            ]
        ),
        max_steps=s.MAX_STEPS,
        level=len(people) - 1 + hidden,
    )
