"""Unsubscribe and clean up: stop one newsletter, delete what it sent, or both."""

from random import Random

from sqlalchemy import select

from greenroom import Fact, Goal, Split, Task, World
from greenroom.rewards import Wanted, expect, updated
from greenroom.wordings import Wordings
from greenroom_envs.mail.app import app
from greenroom_envs.mail.families import script as s
from greenroom_envs.mail.families.facts import sender_fact
from greenroom_envs.mail.families.issues import issue
from greenroom_envs.mail.families.planting import Plant, Planted
from greenroom_envs.mail.models import Subscription
from greenroom_envs.mail.people import Party

OPENINGS = ("", "hello, ", "please ", "could you ", "enough of that: ", "now ")
ENDS = (".", ", when you can.", ". Thanks.", ", that is all.")
STOP = ("unsubscribe from {sender}", "unsubscribe me from {sender}", "stop the newsletter {sender}")
DELETE = ("delete everything from {sender}", "delete all mails from {sender}", "delete every message from {sender}")
REQUESTS = {
    "stop": Wordings(OPENINGS, STOP, ENDS),
    "delete": Wordings(OPENINGS, DELETE, ENDS),
    "both": Wordings(
        OPENINGS, STOP, (" and delete all of it", " and delete its mails", ", then delete its messages"), ENDS
    ),
}


HOW = ("", "just ", "please ", "simply ", "you should ", "I want you to ")
SO = (".", ", please.", ", that is all.", ". Thanks.")
MODES = {
    "stop": Wordings(HOW, ("unsubscribe and keep the mails", "only stop it"), SO),
    "delete": Wordings(HOW, ("delete the mails and keep getting it", "only delete the mails"), SO),
    "both": Wordings(HOW, ("unsubscribe and delete the mails", "stop it and delete its mails"), SO),
}


@app.task_family
def unsubscribe(world: World, split: Split) -> Task:
    """Have one newsletter stopped, its messages deleted, or both; another of the same kind stays."""
    plant, rng = Plant(world, split), world.random
    mode, paper = rng.choice(tuple(REQUESTS)), plant.newsletter()
    twin = plant.newsletter(paper.name.split()[1])
    issues = [issue(plant, paper) for _ in range(rng.choice((2, 2, 3)))]
    others = [issue(plant, twin)]
    plant.insert()
    issues.sort(key=lambda message: -message.id)
    ids, twin_ids = [m.handle for m in issues], [m.handle for m in others]
    left_out = rng.randrange(len(ids))
    fewer = ids[:left_out] + ids[left_out + 1 :]
    return Task(
        goal=Goal(
            intent="unsubscribe",
            requests=REQUESTS[mode].draw(rng, split, 3, sender=paper.name),
            facts=(sender_fact(rng, split, paper.name), _mode_fact(rng, split, mode)),
            slots={"sender": paper.name, "action": mode},
        ),
        tools=s.TOOLS,
        solution=_solve(mode, paper, ids),
        slips=(
            _solve(mode, twin, twin_ids),
            _solve("both" if mode == "stop" else mode, paper, ids if mode == "stop" else fewer),
            _solve("stop" if mode == "both" else "delete" if mode == "stop" else "both", paper, ids),
            s.script(s.search(f"from:{paper.name}"), s.DONE),
        ),
        excess=s.delete_call(plant.bystander),
        verifier=expect(_wanted(world, mode, paper, issues)),
        max_steps=s.MAX_STEPS,
        level=1 + (mode != "stop") + (mode == "both"),
    )


def _solve(mode: str, paper: Party, ids: list[str]) -> tuple[s.Message, ...]:
    stop: s.Step = ("mail_unsubscribe", {"message_id": ids[0]})
    delete: s.Step = ("mail_delete", {"message_ids": ids})
    acts = {"stop": [stop], "delete": [delete], "both": [stop, delete]}[mode]
    return s.script(s.search(f"from:{paper.name}"), *acts, s.DONE)


def _wanted(world: World, mode: str, paper: Party, issues: list[Planted]) -> list[Wanted]:
    wanted: list[Wanted] = []
    if mode != "delete":
        key = world.session.scalars(select(Subscription.id).where(Subscription.address == paper.address)).one()
        wanted.append(updated("mail_subscription", key=key, values={"active": False}))
    if mode != "stop":
        wanted += [updated("mail_message", key=m.id, values={"folder": "trash"}) for m in issues]
    return wanted


def _mode_fact(rng: Random, split: Split, mode: str) -> Fact:
    cues = ("delete", "unsubscribe", "keep", "stop")
    return Fact(key="action", value=mode, wordings=MODES[mode].draw(rng, split, 2), cues=cues)
