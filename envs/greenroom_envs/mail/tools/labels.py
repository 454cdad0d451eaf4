"""Labels and folders themselves: making them, deleting them."""

from typing import TypedDict

from sqlalchemy import bindparam, delete, select

from greenroom import Refusal, World
from greenroom_envs.mail import tally
from greenroom_envs.mail.app import app
from greenroom_envs.mail.desk import Rule
from greenroom_envs.mail.mailbox import require_text
from greenroom_envs.mail.models import Folder, Label, MessageLabel, MessageRow
from greenroom_envs.mail.tools.filing import LABELS, require_label
from greenroom_envs.mail.tools.folders import require_folder

LONGEST = 40
LABELLING = select(Rule.id).where(Rule.label == bindparam("label")).limit(1)
# No label of a message is ever read as an object where this runs: the session need not look for them.
TAKE_OFF = (
    delete(MessageLabel).where(MessageLabel.label == bindparam("name")).execution_options(synchronize_session=False)
)
HOLDING = select(MessageRow.id).where(MessageRow.folder == bindparam("folder")).limit(1)
FILING = select(Rule.id).where(Rule.folder == bindparam("folder")).limit(1)


class Named(TypedDict):
    """A label, and how many messages carry it."""

    label: str
    messages: int


class Place(TypedDict):
    """A folder."""

    folder: str


@app.tool
def list_labels(world: World) -> list[Named]:
    """List all labels with the number of messages that carry each."""
    carried = tally.of_labels(world.session)
    names = world.session.scalars(LABELS)
    return [{"label": name, "messages": carried.get(name, 0)} for name in names]


@app.tool
def create_label(world: World, name: str) -> Named:
    """Make a label.

    Args:
        name: One word or a few, in lower case.
    """
    plain = _fresh(name)
    if world.session.get(Label, plain):
        raise Refusal("already_there", f"There is a label '{plain}' already: use that one.")
    world.session.add(Label(name=plain))
    return {"label": plain, "messages": 0}


@app.tool
def delete_label(world: World, name: str) -> Named:
    """Delete a label, and take it off all messages that carry it.

    Args:
        name: The label.
    """
    plain = require_label(world, name)
    if world.session.scalar(LABELLING, {"label": plain}) is not None:
        raise Refusal("in_use", f"A rule puts '{plain}' on arriving mail: delete the rule first.")
    taken = tally.of_labels(world.session).get(plain, 0)
    world.session.execute(TAKE_OFF, {"name": plain})
    world.session.delete(world.session.get_one(Label, plain))
    return {"label": plain, "messages": taken}


@app.tool
def create_folder(world: World, name: str) -> Place:
    """Make a folder.

    Args:
        name: One word or a few, in lower case.
    """
    plain = _fresh(name)
    if world.session.get(Folder, plain):
        raise Refusal("already_there", f"There is a folder '{plain}' already: use that one.")
    world.session.add(Folder(name=plain, system=False))
    return {"folder": plain}


@app.tool
def delete_folder(world: World, name: str) -> Place:
    """Delete an empty folder.

    Args:
        name: The folder; inbox, archive, sent, spam and trash stay.
    """
    folder = world.session.get_one(Folder, require_folder(world, name))
    if folder.system:
        raise Refusal("system_folder", f"'{folder.name}' cannot be deleted: every mailbox has it.")
    here = {"folder": folder.name}
    if world.session.scalar(HOLDING, here) or world.session.scalar(FILING, here):
        raise Refusal("in_use", f"'{folder.name}' holds messages, or a rule files into it: empty it first.")
    world.session.delete(folder)
    return {"folder": folder.name}


def _fresh(name: str) -> str:
    require_text(name=name)
    plain = " ".join(name.lower().split())
    if len(plain) > LONGEST:
        raise Refusal("too_long", f"A name has {LONGEST} characters at most, '{plain[:20]}…' has {len(plain)}.")
    return plain
