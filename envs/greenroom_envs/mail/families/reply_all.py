"""Reply to all: everybody who got a message has to get the answer."""

from greenroom import Goal, Split, Task, World
from greenroom.rewards import expect, inserted
from greenroom_envs.mail.app import app
from greenroom_envs.mail.desk import Recipient
from greenroom_envs.mail.families import script as s
from greenroom_envs.mail.families.facts import bare, facts_of, sender_fact, states, subject_fact
from greenroom_envs.mail.families.planting import Plant
from greenroom_envs.mail.families.told import LEVELS, asking, value_fact
from greenroom_envs.mail.mailbox import owner
from greenroom_envs.mail.prose import PROJECT_KINDS

WHICH = ("the {subject} mail from {sender}", "{sender}'s mail about the {subject}")
REQUESTS = asking(
    ("tell everybody on ", "reply to all on ", "answer all on "),
    WHICH,
    (" that {amount} is fine", " that we agree to {amount}"),
)
AMOUNT = ("which amount is fine", "what we agree to", "what we will pay")
PARTIAL = asking(("tell everybody on ", "write to all on "), WHICH, (" ",), AMOUNT) | asking(
    ("let everybody on ",), WHICH, (" know ",), AMOUNT
)
TOOLS = (*(tool for tool in s.TOOLS if tool != "mail_star"), "mail_reply_all")
ASK = "How much should I write?"


@app.task_family
def reply_all(world: World, split: Split) -> Task:
    """Have a message answered that went to several people; the hardest requests do not say with which amount."""
    plant, rng = Plant(world, split), world.random
    level, subject = rng.choice(LEVELS), plant.topic(PROJECT_KINDS)
    right, wrong, others = facts_of(rng, split, 3, world.now)
    sender, stranger = plant.person(), plant.person()
    copies = [plant.person() for _ in range(rng.choice((1, 2, 2, 3)))]
    message = plant.message(sender, subject, wrong.body(rng, split))
    decoy = plant.message(stranger, subject, others.body(rng, split)) if level > 1 else None
    plant.insert()
    for one in filter(None, (message, decoy)):
        world.session.add(Recipient(message_id=one.id, address=owner(world).address, kind="to"))
        world.session.add_all(Recipient(message_id=one.id, address=c.address, kind="cc") for c in copies)
    before = (ASK, s.search(subject)) if level > 2 else (s.search(subject),)

    def answer(tool: str, amount: str, handle: str = message.handle) -> s.Step:
        return tool, {"message_id": handle, "body": f"{amount} is fine."}

    body = states(right.amount, wrong.amount)
    sent = {"folder": "sent", "reply_to": message.id, "recipient": sender.address, "body": body}
    got = [("to", sender), *(("cc", copy) for copy in copies)]
    slots = {"sender": sender.name, "subject": subject}
    wrongly = [answer("mail_reply_all", right.amount, decoy.handle)] if decoy else []
    return Task(
        goal=Goal(
            intent="reply_all",
            requests=(PARTIAL if level > 2 else REQUESTS).draw(rng, split, 3, amount=right.amount, **slots),
            facts=(
                sender_fact(rng, split, sender.name),
                subject_fact(rng, split, subject),
                value_fact(rng, split, "amount", right.amount, "how much", "what should", at_once=level < 3),
            ),
            slots={**slots, "amount": bare(right.amount)},
        ),
        tools=TOOLS,
        solution=s.script(*before, answer("mail_reply_all", right.amount), s.DONE),
        slips=(
            *(s.script(*before, wrong_one, s.DONE) for wrong_one in wrongly),
            s.script(*before, answer("mail_reply", right.amount), s.DONE),
            s.script(s.search(subject), answer("mail_reply_all", wrong.amount), s.DONE),
            s.script(*before, s.DONE),
        ),
        excess=s.delete_call(plant.bystander),
        verifier=expect(
            [
                inserted("mail_message", sent),
                *(inserted("mail_recipient", {"address": p.address, "kind": kind}) for kind, p in got),
            ]
        ),
        max_steps=s.MAX_STEPS,
        level=level,
    )
