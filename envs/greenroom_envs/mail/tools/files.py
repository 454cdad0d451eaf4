"""Files: what hangs on messages, what the user has, what hangs on drafts."""

from typing import TypedDict

from sqlalchemy import bindparam, select

from greenroom import Refusal, World
from greenroom_envs.mail.app import app
from greenroom_envs.mail.desk import DraftFile, File
from greenroom_envs.mail.mailbox import find
from greenroom_envs.mail.models import Attachment
from greenroom_envs.mail.outbox import find_draft
from greenroom_envs.mail.tools.drafts import DraftId

FILES = select(File.name, File.size).order_by(File.name).limit(50)
HANGING = select(Attachment).where(Attachment.message_id == bindparam("message"))


class FileLine(TypedDict):
    """A file: name and size in bytes."""

    file: str
    size: int


class Opened(TypedDict):
    """A file and what can be read of it."""

    file: str
    size: int
    text: str


class Attached(TypedDict):
    """A draft and a file that hangs on it, or does no more."""

    draft: int
    file: str


@app.tool
def show_attachment(world: World, message_id: str, file: str) -> Opened:
    """Read a file that hangs on a message.

    Args:
        message_id: The message, such as Danielle-12.
        file: The file's name, as mail_read shows it.
    """
    found = _hanging(world, message_id, file)
    if found.text is None:
        raise Refusal("no_text", f"'{found.name}' holds no text to read; it can be downloaded and attached as it is.")
    return {"file": found.name, "size": found.size, "text": found.text}


@app.tool
def download(world: World, message_id: str, file: str) -> FileLine:
    """Put a file that hangs on a message among the user's files.

    Args:
        message_id: The message, such as Danielle-12.
        file: The file's name, as mail_read shows it.
    """
    found = _hanging(world, message_id, file)
    if world.session.get(File, found.name):
        raise Refusal("file_exists", f"The user has a file '{found.name}' already: delete it first, or use that one.")
    world.session.add(File(name=found.name, size=found.size, text=found.text))
    return {"file": found.name, "size": found.size}


@app.tool
def list_files(world: World) -> list[FileLine]:
    """List the user's files, by name, fifty at most."""
    return [{"file": name, "size": size} for name, size in world.session.execute(FILES)]


@app.tool
def delete_file(world: World, file: str) -> FileLine:
    """Delete one of the user's files; where it hangs on a message or a draft it stays.

    Args:
        file: Its name, as mail_list_files shows it.
    """
    found = _own(world, file)
    world.session.delete(found)
    return {"file": found.name, "size": found.size}


@app.tool
def attach(world: World, draft_id: DraftId, file: str) -> Attached:
    """Hang one of the user's files on a draft.

    Args:
        draft_id: The draft's number, as mail_list_drafts shows it.
        file: The file's name, as mail_list_files shows it.
    """
    draft, found = find_draft(world, draft_id), _own(world, file)
    if world.session.get(DraftFile, (draft.id, found.name)):
        raise Refusal("already_attached", f"'{found.name}' hangs on draft {draft_id} already.")
    world.session.add(DraftFile(draft_id=draft.id, name=found.name, size=found.size, text=found.text))
    return {"draft": draft.id, "file": found.name}


@app.tool
def remove_attachment(world: World, draft_id: DraftId, file: str) -> Attached:
    """Take a file off a draft; the user keeps it.

    Args:
        draft_id: The draft's number, as mail_list_drafts shows it.
        file: The file's name, as mail_show_draft shows it.
    """
    draft = find_draft(world, draft_id)
    hanging = world.session.get(DraftFile, (draft.id, file.strip()))
    if hanging is None:
        raise Refusal("no_such_file", f"No file '{file}' hangs on draft {draft_id}; mail_show_draft lists its files.")
    world.session.delete(hanging)
    return {"draft": draft.id, "file": hanging.name}


def _hanging(world: World, message_id: str, file: str) -> Attachment:
    message = find(world, message_id)
    files = world.session.scalars(HANGING, {"message": message.id}).all()
    for found in files:
        if found.name == file.strip():
            return found
    listed = ", ".join(sorted(f.name for f in files)) or "no file at all"
    raise Refusal("no_such_file", f"No file '{file}' hangs on '{message_id}'; there is {listed}.")


def _own(world: World, file: str) -> File:
    found = world.session.get(File, file.strip())
    if found is None:
        raise Refusal("no_such_file", f"The user has no file '{file}'; mail_list_files shows those there are.")
    return found
