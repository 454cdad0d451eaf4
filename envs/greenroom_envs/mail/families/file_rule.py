"""File by rule: archive, label or move everything from one person or newsletter."""

from random import Random

from greenroom import Fact, Goal, Split, Task, World
from greenroom.rewards import Wanted, expect, inserted, updated
from greenroom.wordings import Wordings
from greenroom_envs.mail.app import app
from greenroom_envs.mail.families import script as s
from greenroom_envs.mail.families.facts import facts_of, sender_fact
from greenroom_envs.mail.families.issues import issue
from greenroom_envs.mail.families.planting import Plant, Planted
from greenroom_envs.mail.models import LABELS
from greenroom_envs.mail.people import Party
from greenroom_envs.mail.prose import PROJECT_KINDS

FOLDERS = ("clients", "finance", "travel")
OPENINGS = ("", "hello, ", "please ", "could you ", "time to tidy up: ", "now ")
ENDS = (".", ", when you can.", ". Thanks.", ", that is all.")
ALL = ("everything from {sender}", "all mails from {sender}", "every message that {sender} sent")
REQUESTS = {
    "archive": Wordings(OPENINGS, ("archive ",), ALL, ENDS)
    | Wordings(OPENINGS, ("put ", "move "), ALL, (" into the archive",), ENDS),
    "label": Wordings(OPENINGS, ("label ", "mark "), ALL, (" as {value}",), ENDS)
    | Wordings(OPENINGS, ("put the label {value} on ",), ALL, ENDS),
    "move": Wordings(OPENINGS, ("move ", "put ", "file "), ALL, (" into the folder {value}", " under {value}"), ENDS),
}


HOW = ("", "just ", "please ", "simply ", "you should ", "I want you to ")
SO = (".", ", please.", ", that is all.", ". Thanks.")
ACTIONS = {
    "archive": Wordings(HOW, ("archive them", "put them into the archive"), SO),
    "label": Wordings(HOW, ("label them as {value}", "put the label {value} on them"), SO),
    "move": Wordings(HOW, ("move them to {value}", "file them under {value}"), SO),
}


@app.task_family
def file_rule(world: World, split: Split) -> Task:
    """Have all messages of a sender filed; somebody else with the same first name has written too."""
    plant, rng = Plant(world, split), world.random
    action, sender, decoy = rng.choice(tuple(REQUESTS)), *_parties(plant)
    value = rng.choice(LABELS if action == "label" else FOLDERS)
    write = _letter if sender.first == decoy.first else issue
    mine = [write(plant, sender) for _ in range(rng.choice((2, 2, 3)))]
    theirs = write(plant, decoy)
    plant.insert()
    mine.sort(key=lambda message: -message.id)
    ids = [message.handle for message in mine]
    left_out = rng.randrange(len(ids))
    start = s.search(f"from:{sender.name}")

    def solution(message_ids: list[str], start: s.Step = start, value: str = value) -> tuple[s.Message, ...]:
        return s.script(start, _file(action, message_ids, value), s.DONE)

    slips = [solution(ids[:left_out] + ids[left_out + 1 :]), s.script(start, s.DONE)]
    if decoy.first == sender.first:
        both = sorted((*mine, theirs), key=lambda message: -message.id)
        slips.append(solution([m.handle for m in both], s.search(f"from:{sender.first}")))
    if action != "archive":
        others = [v for v in (LABELS if action == "label" else FOLDERS) if v != value]
        slips.append(solution(ids, value=rng.choice(others)))
    return Task(
        goal=Goal(
            intent="file_rule",
            requests=REQUESTS[action].draw(rng, split, 3, sender=sender.name, value=value),
            facts=(sender_fact(rng, split, sender.name), _action_fact(rng, split, action, value)),
            slots={"sender": sender.name, "action": action, "value": _target(action, value)},
        ),
        tools=s.TOOLS,
        solution=solution(ids),
        slips=tuple(slips),
        excess=s.delete_call(plant.bystander),
        verifier=expect([_wanted(action, message, value) for message in mine]),
        max_steps=s.MAX_STEPS,
        level=1 + (action != "archive") + (len(mine) > 2),
    )


def _parties(plant: Plant) -> tuple[Party, Party]:
    """Whose messages are filed, and a decoy: a namesake of a person, another newsletter of the same kind."""
    if plant.rng.random() < 0.7:
        person = plant.person()
        return person, plant.person(person.first)
    paper = plant.newsletter()
    return paper, plant.newsletter(paper.name.split()[1])


def _letter(plant: Plant, sender: Party) -> Planted:
    facts = facts_of(plant.rng, plant.split, 1, plant.world.now)[0]
    return plant.message(sender, plant.topic(PROJECT_KINDS), facts.body(plant.rng, plant.split))


def _file(action: str, message_ids: list[str], value: str) -> s.Step:
    if action == "archive":
        return "mail_archive", {"message_ids": message_ids}
    return f"mail_{action}", {"message_ids": message_ids, "label" if action == "label" else "folder": value}


def _wanted(action: str, message: Planted, value: str) -> Wanted:
    if action == "label":
        return inserted("mail_message_label", {"message_id": message.id, "label": value})
    return updated("mail_message", key=message.id, values={"folder": _target(action, value)})


def _action_fact(rng: Random, split: Split, action: str, value: str) -> Fact:
    wordings = ACTIONS[action].draw(rng, split, 2, value=value)
    cues = ("label", "folder", "archive", "do with", "where")
    return Fact(key="action", value=_target(action, value), wordings=wordings, cues=cues)


def _target(action: str, value: str) -> str:
    return "archive" if action == "archive" else value
