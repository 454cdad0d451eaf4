"""Filter rule: what has to happen to mail of somebody from now on."""

from collections.abc import Sequence

from greenroom import Goal, Split, Task, World
from greenroom.rewards import expect, inserted
from greenroom.wordings import Wordings
from greenroom_envs.mail.app import app
from greenroom_envs.mail.families import script as s
from greenroom_envs.mail.families.facts import sender_fact
from greenroom_envs.mail.families.planting import Plant
from greenroom_envs.mail.families.told import LEVELS, PLAIN, asking, value_fact
from greenroom_envs.mail.models import LABELS

FOLDERS = ("clients", "finance", "travel", "archive")
WHAT = ("what {sender} sends", "new mail from {sender}")


def _always(*parts: Sequence[str]) -> Wordings:
    """Requests for what is to happen from now on."""
    return asking(("always ",), *parts) | Wordings(
        ("", "hello, ", "one thing: "), ("from now on, ", "in future, "), ("", "please "), *parts, PLAIN
    )


REQUESTS = {
    "folder": _always(("put ", "move "), WHAT, (" into {value}",)) | _always(("file ",), WHAT, (" under {value}",)),
    "label": _always(("label ", "mark "), WHAT, (" as {value}",)),
}
BOTH = _always(("put ", "move "), WHAT, (" into {value} and star it",)) | _always(
    ("file ",), WHAT, (" under {value} and star it",)
)
PARTIAL = {
    "folder": _always(("put ", "move "), WHAT, (" into its folder",)) | _always(("file ", "put away "), WHAT),
    "label": _always(("label ", "put a label on "), WHAT),
}
ASK = "Where should it go, or what should the label be?"
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
    """Have a rule made for one person; somebody else has the same first name. The hardest do not say which."""
    plant, rng = Plant(world, split), world.random
    level = rng.choice(LEVELS)
    action = "folder" if level == 2 else rng.choice(tuple(REQUESTS))
    known = FOLDERS if action == "folder" else LABELS
    value, other = rng.sample(known, 2)
    sender = plant.person()
    namesake = plant.person(sender.first)
    plant.insert()

    def rule(name: str, target: str, *, star: bool = level == 2) -> s.Step:
        return "mail_add_rule", {"sender": name, action: target, **({"star": True} if star else {})}

    star = level == 2
    wanted = {"sender": sender.address, "subject": "", "folder": None, "label": None, "star": star, action: value}
    wordings = {1: REQUESTS[action], 2: BOTH, 3: PARTIAL[action]}[level]
    before = (ASK,) if level > 2 else ()
    return Task(
        goal=Goal(
            intent="filter_rule",
            requests=wordings.draw(rng, split, 3, sender=sender.name, value=value),
            facts=(
                sender_fact(rng, split, sender.name),
                value_fact(rng, split, action, value, "where", "what should", "do with", at_once=level < 3),
            ),
            slots={"sender": sender.name, "action": action, "value": value},
        ),
        tools=TOOLS,
        solution=s.script(*before, rule(sender.name, value), s.DONE),
        slips=(
            s.script(*before, rule(namesake.name, value), s.DONE),
            s.script(rule(sender.name, other), s.DONE),
            *([s.script(rule(sender.name, value, star=False), s.DONE)] if star else []),
            s.script(s.search(f"from:{sender.name}"), s.DONE),
        ),
        excess=s.delete_call(plant.bystander),
        verifier=expect([inserted("mail_rule", wanted)]),
        max_steps=s.MAX_STEPS,
        level=level,
    )
