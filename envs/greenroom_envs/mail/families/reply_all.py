"""Reply to all: everybody who got a message has to get the answer."""

from greenroom import Goal, Split, Task, World
from greenroom.rewards import expect, inserted
from greenroom.wordings import Wordings
from greenroom_envs.mail.app import app
from greenroom_envs.mail.desk import Recipient
from greenroom_envs.mail.families import script as s
from greenroom_envs.mail.families.facts import bare, draw_facts, sender_fact, states, subject_fact
from greenroom_envs.mail.families.planting import Plant
from greenroom_envs.mail.families.told import ENDS, OPENINGS, value_fact
from greenroom_envs.mail.mailbox import owner
from greenroom_envs.mail.prose import PROJECT_KINDS

REQUESTS = Wordings(
    OPENINGS,
    ("tell everybody on ", "answer all people on ", "reply to all on "),
    ("the {subject} mail from {sender}", "{sender}'s mail about the {subject}"),
    (" that {amount} is fine", " that we agree to {amount}", ": we take {amount}"),
    ENDS,
)
TOOLS = (*(tool for tool in s.TOOLS if tool != "mail_star"), "mail_reply_all")


@app.task_family
def reply_all(world: World, split: Split) -> Task:
    """Have a message answered that went to several people."""
    plant, rng = Plant(world, split), world.random
    subject, (right, wrong) = plant.topic(PROJECT_KINDS), draw_facts(rng, 2, world.now.date())
    sender = plant.person()
    copies = [plant.person() for _ in range(rng.choice((1, 2, 2, 3)))]
    message = plant.message(sender, subject, wrong.body(rng, split))
    plant.insert()
    world.session.add(Recipient(message_id=message.id, address=owner(world).address, kind="to"))
    world.session.add_all(Recipient(message_id=message.id, address=c.address, kind="cc") for c in copies)
    start = s.search(subject)

    def answer(tool: str, amount: str) -> s.Step:
        return tool, {"message_id": message.handle, "body": f"{amount} is fine."}

    body = states(right.amount, wrong.amount)
    sent = {"folder": "sent", "reply_to": message.id, "recipient": sender.address, "body": body}
    got = [("to", sender), *(("cc", copy) for copy in copies)]
    return Task(
        goal=Goal(
            intent="reply_all",
            requests=REQUESTS.draw(rng, split, 3, subject=subject, sender=sender.name, amount=right.amount),
            facts=(
                sender_fact(rng, split, sender.name),
                subject_fact(rng, split, subject),
                value_fact(rng, split, "amount", right.amount, "how much", "what should"),
            ),
            slots={"sender": sender.name, "subject": subject, "amount": bare(right.amount)},
        ),
        tools=TOOLS,
        solution=s.script(start, answer("mail_reply_all", right.amount), s.DONE),
        slips=(
            s.script(start, answer("mail_reply", right.amount), s.DONE),
            s.script(start, answer("mail_reply_all", wrong.amount), s.DONE),
            s.script(start, s.DONE),
        ),
        excess=s.delete_call(plant.bystander),
        verifier=expect(
            [
                inserted("mail_message", sent),
                *(inserted("mail_recipient", {"address": p.address, "kind": kind}) for kind, p in got),
            ]
        ),
        max_steps=s.MAX_STEPS,
    )
