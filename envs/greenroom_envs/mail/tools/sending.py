"""Writing to people."""

from typing import TypedDict

from sqlalchemy import bindparam, select

from greenroom import Refusal, World
from greenroom_envs.mail.app import app
from greenroom_envs.mail.mailbox import find, new_thread, owner, require_text, resolve
from greenroom_envs.mail.mailbox import send as put
from greenroom_envs.mail.models import Attachment, MessageRow

FILES = select(Attachment).where(Attachment.message_id == bindparam("id")).order_by(Attachment.id)


class Sent(TypedDict):
    """The id of what was sent, and to which address."""

    sent: str
    to: str


@app.tool
def send(world: World, to: str, subject: str, body: str) -> Sent:
    """Write a new message and send it.

    Args:
        to: An address, the name of a contact, or how it begins when only one name does.
        subject: The subject line.
        body: The text.
    """
    require_text(subject=subject, body=body)
    address = resolve(world, to)
    thread = new_thread(world, subject)
    return _sent(put(world, recipient=address, subject=subject, body=body, thread_id=thread))


@app.tool
def reply(world: World, message_id: str, body: str) -> Sent:
    """Answer a message; the answer goes to its sender, within the same thread.

    Args:
        message_id: The message to answer, such as Danielle-12.
        body: The text.
    """
    message = find(world, message_id)
    require_text(body=body)
    if message.address == owner(world).address:
        raise Refusal("own_message", f"'{message_id}' was written by the user: reply to somebody else's message.")
    return _sent(
        put(
            world,
            recipient=message.address,
            subject=_prefixed("Re:", message.subject),
            body=body,
            thread_id=message.thread_id,
            reply_to=message.id,
        )
    )


@app.tool
def forward(world: World, message_id: str, to: str, note: str = "") -> Sent:
    """Pass a message on to somebody, with its attachments.

    Args:
        message_id: The message to pass on, such as Danielle-12.
        to: An address, the name of a contact, or how it begins when only one name does.
        note: A text to put above it.
    """
    message = find(world, message_id)
    address = resolve(world, to)
    copy = put(
        world,
        recipient=address,
        subject=_prefixed("Fwd:", message.subject),
        body=f"{note}\n\n{message.sender} wrote:\n{message.body}".strip(),
        thread_id=message.thread_id,
        forward_of=message.id,
    )
    _copy_attachments(world, message, copy)
    return _sent(copy)


def _copy_attachments(world: World, source: MessageRow, copy: MessageRow) -> None:
    for file in world.session.scalars(FILES, {"id": source.id}).all():
        world.session.add(Attachment(message_id=copy.id, name=file.name, size=file.size))


def _prefixed(prefix: str, subject: str) -> str:
    return subject if subject.startswith(prefix) else f"{prefix} {subject}"


def _sent(message: MessageRow) -> Sent:
    return {"sent": message.handle, "to": message.recipient}
