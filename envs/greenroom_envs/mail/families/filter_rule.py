"""Filter rule: what has to happen to mail of somebody from now on."""

from greenroom import Goal, Split, Task, World
from greenroom.rewards import expect, inserted
from greenroom.wordings import Wordings
from greenroom_envs.mail.app import app
from greenroom_envs.mail.families import script as s
from greenroom_envs.mail.families.facts import sender_fact
from greenroom_envs.mail.families.planting import Plant
from greenroom_envs.mail.families.told import ENDS, OPENINGS, value_fact
from greenroom_envs.mail.models import LABELS

FOLDERS = ("clients", "finance", "travel", "archive")
ALWAYS = ("from now on, ", "always ", "in future, ")
REQUESTS = {
    "folder": Wordings(
        OPENINGS,
        ALWAYS,
        ("put ", "file ", "move "),
        ("what {sender} sends", "new mail from {sender}"),
        (" into {value}", " under {value}"),
        ENDS,
    ),
    "label": Wordings(
        OPENINGS,
        ALWAYS,
        ("label ", "mark "),
        ("what {sender} sends", "new mail from {sender}"),
        (" as {value}", " with {value}"),
        ENDS,
    ),
}
TOOLS = (
    "mail_search",
    "mail_list_folder",
    "mail_read",
    "mail_move",
    "mail_label",
    "mail_archive",
    "mail_delete",
    "mail_folders",
    "mail_list_labels",
    "mail_find_contacts",
    "mail_add_rule",
    "mail_list_rules",
    "mail_delete_rule",
)


@app.task_family
def filter_rule(world: World, split: Split) -> Task:
    """Have a rule made for one person; somebody else has the same first name."""
    plant, rng = Plant(world, split), world.random
    action = rng.choice(tuple(REQUESTS))
    known = FOLDERS if action == "folder" else LABELS
    value, other = rng.sample(known, 2)
    sender = plant.person()
    namesake = plant.person(sender.first)
    plant.insert()

    def rule(name: str, target: str) -> s.Step:
        return "mail_add_rule", {"sender": name, action: target}

    wanted = {"sender": sender.address, "subject": "", "folder": None, "label": None, "star": False, action: value}
    return Task(
        goal=Goal(
            intent="filter_rule",
            requests=REQUESTS[action].draw(rng, split, 3, sender=sender.name, value=value),
            facts=(
                sender_fact(rng, split, sender.name),
                value_fact(rng, split, action, value, "where", "what should", "do with"),
            ),
            slots={"sender": sender.name, "action": action, "value": value},
        ),
        tools=TOOLS,
        solution=s.script(rule(sender.name, value), s.DONE),
        slips=(
            s.script(rule(namesake.name, value), s.DONE),
            s.script(rule(sender.name, other), s.DONE),
            s.script(s.search(f"from:{sender.name}"), s.DONE),
        ),
        excess=s.delete_call(plant.bystander),
        verifier=expect([inserted("mail_rule", wanted)]),
        max_steps=s.MAX_STEPS,
    )
