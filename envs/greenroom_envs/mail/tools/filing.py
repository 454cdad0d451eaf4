"""Putting messages in order: each tool takes several ids and acts on all of them or on none."""

from typing import TypedDict

from sqlalchemy import select

from greenroom import Refusal, World
from greenroom_envs.mail.app import app
from greenroom_envs.mail.desk import Verdict
from greenroom_envs.mail.mailbox import find_all, handles, owner, utc_now
from greenroom_envs.mail.models import Label, MessageLabel, MessageRow
from greenroom_envs.mail.tools.folders import require_folder

LABELS = select(Label.name).order_by(Label.name)


class Moved(TypedDict):
    """How many messages went where."""

    moved: int
    to: str


class Labelled(TypedDict):
    """How many messages now have, or no longer have, a label."""

    changed: int
    label: str


class Marked(TypedDict):
    """How many messages were marked."""

    marked: int


@app.tool
def archive(world: World, message_ids: list[str]) -> Moved:
    """Put messages into the archive.

    Args:
        message_ids: Their ids, such as Danielle-12.
    """
    return _move(find_all(world, message_ids), "archive")


@app.tool
def move(world: World, message_ids: list[str], folder: str) -> Moved:
    """Put messages into a folder.

    Args:
        message_ids: Their ids, such as Danielle-12.
        folder: The folder's name; mail_folders lists them.
    """
    name = require_folder(world, folder)
    return _move(find_all(world, message_ids), name)


@app.tool
def delete(world: World, message_ids: list[str]) -> Moved:
    """Put messages into the trash.

    Args:
        message_ids: Their ids, such as Danielle-12.
    """
    return _move(find_all(world, message_ids), "trash")


@app.tool
def unarchive(world: World, message_ids: list[str]) -> Moved:
    """Put archived messages back into the inbox.

    Args:
        message_ids: Their ids, such as Danielle-12.
    """
    return _back(world, find_all(world, message_ids), "archive")


@app.tool
def restore(world: World, message_ids: list[str]) -> Moved:
    """Take messages out of the trash: the user's own go to sent, all others to the inbox.

    Args:
        message_ids: Their ids, such as Danielle-12.
    """
    return _back(world, find_all(world, message_ids), "trash")


@app.tool
def mark_spam(world: World, message_ids: list[str]) -> Moved:
    """Put messages into spam; what their senders write from now on goes there at once.

    Args:
        message_ids: Their ids, such as Danielle-12.
    """
    messages = find_all(world, message_ids)
    moved = _move(messages, "spam")
    _judge(world, messages, spam=True)
    return moved


@app.tool
def unmark_spam(world: World, message_ids: list[str]) -> Moved:
    """Take messages out of spam into the inbox; their senders are trusted from now on.

    Args:
        message_ids: Their ids, such as Danielle-12.
    """
    messages = find_all(world, message_ids)
    moved = _back(world, messages, "spam")
    _judge(world, messages, spam=False)
    return moved


def _judge(world: World, messages: list[MessageRow], *, spam: bool) -> None:
    """Keep the user's verdict on the senders; the user is nobody to be judged."""
    me = owner(world).address
    for address in dict.fromkeys(message.address for message in messages):
        if address == me:
            raise Refusal("own_message", "One of these was written by the user: spam is what others send.")
        world.session.merge(Verdict(address=address, spam=spam))


def _back(world: World, messages: list[MessageRow], source: str) -> Moved:
    if elsewhere := handles(m for m in messages if m.folder != source):
        raise Refusal("not_there", f"{_are(elsewhere)} not in '{source}'; leave {_it(elsewhere)} out.")
    me = owner(world).address
    for message in messages:
        message.folder = "sent" if message.address == me else "inbox"
    return {"moved": len(messages), "to": " and ".join(sorted({m.folder for m in messages}))}


@app.tool
def label(world: World, message_ids: list[str], label: str) -> Labelled:
    """Put a label on messages.

    Args:
        message_ids: Their ids, such as Danielle-12.
        label: One of the labels that exist, such as urgent.
    """
    name, messages = require_label(world, label), find_all(world, message_ids)
    for message in messages:
        if world.session.get(MessageLabel, (message.id, name)):
            raise Refusal("already_labelled", f"'{message.handle}' already has the label '{name}'; leave it out.")
    world.session.add_all(MessageLabel(message_id=m.id, label=name) for m in messages)
    return {"changed": len(messages), "label": name}


@app.tool
def unlabel(world: World, message_ids: list[str], label: str) -> Labelled:
    """Take a label off messages.

    Args:
        message_ids: Their ids, such as Danielle-12.
        label: The label to take off.
    """
    name, messages = require_label(world, label), find_all(world, message_ids)
    for message in messages:
        row = world.session.get(MessageLabel, (message.id, name))
        if row is None:
            raise Refusal("not_labelled", f"'{message.handle}' does not have the label '{name}'; leave it out.")
        world.session.delete(row)
    return {"changed": len(messages), "label": name}


@app.tool
def star(world: World, message_ids: list[str], starred: bool = True) -> Marked:
    """Star messages, or take the star away.

    Args:
        message_ids: Their ids, such as Danielle-12.
        starred: False to take the star away.
    """
    messages = find_all(world, message_ids)
    for message in messages:
        message.starred = starred
    return {"marked": len(messages)}


@app.tool
def mark_read(world: World, message_ids: list[str], read: bool = True) -> Marked:
    """Mark messages as read, or as unread.

    Args:
        message_ids: Their ids, such as Danielle-12.
        read: False to mark them as unread.
    """
    messages = find_all(world, message_ids)
    for message in messages:
        message.read_at = (message.read_at or utc_now(world)) if read else None
    return {"marked": len(messages)}


def _move(messages: list[MessageRow], folder: str) -> Moved:
    if there := handles(m for m in messages if m.folder == folder):
        raise Refusal("already_there", f"{_are(there)} already in '{folder}'; leave {_it(there)} out.")
    for message in messages:
        message.folder = folder
    return {"moved": len(messages), "to": folder}


def _are(ids: list[str]) -> str:
    return f"{', '.join(ids)} {'is' if len(ids) == 1 else 'are'}"


def _it(ids: list[str]) -> str:
    return "it" if len(ids) == 1 else "them"


def require_label(world: World, name: str) -> str:
    """The label of that name, letter case ignored.

    Raises:
        Refusal: There is none; the sentence lists those that exist.
    """
    known = world.session.scalars(LABELS).all()
    if name.strip().lower() not in known:
        raise Refusal("no_such_label", f"There is no label '{name}'; there is {', '.join(known)}.")
    return name.strip().lower()
