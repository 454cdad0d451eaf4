"""Writing to people."""

from collections.abc import Sequence
from typing import Annotated, TypedDict

from pydantic import Field
from sqlalchemy import bindparam, select

from greenroom import Refusal, World
from greenroom_envs.mail.app import app
from greenroom_envs.mail.desk import Recipient
from greenroom_envs.mail.mailbox import Addressees, find, new_thread, owner, require_text, resolve, resolve_all
from greenroom_envs.mail.mailbox import send as put
from greenroom_envs.mail.models import Attachment, MessageLabel, MessageRow
from greenroom_envs.mail.rules import RULES

FILES = (
    select(Attachment)
    .where(Attachment.message_id.in_(bindparam("ids", expanding=True)))
    .order_by(Attachment.message_id, Attachment.id)
)
GOT = select(Recipient).where(Recipient.message_id == bindparam("id")).order_by(Recipient.kind, Recipient.address)
THREAD = (
    select(MessageRow)
    .where(MessageRow.thread_id == bindparam("id"), MessageRow.folder.not_in(("spam", "trash")))
    .order_by(MessageRow.id)
)
PRIVATE = (
    select(MessageLabel.message_id)
    .where(MessageLabel.message_id.in_(bindparam("ids", expanding=True)), MessageLabel.label == "private")
    .limit(1)
)
Some = Annotated[list[str], Field(max_length=50)]
NOBODY: list[str] = []


class Sent(TypedDict):
    """The id of what was sent, and to which address."""

    sent: str
    to: str


class SentToAll(TypedDict):
    """The id of what was sent, and to which addresses."""

    sent: str
    to: list[str]
    cc: list[str] | None
    bcc: list[str] | None


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
    refuse_private(world, [message])
    copy = put(
        world,
        recipient=address,
        subject=_prefixed("Fwd:", message.subject),
        body=f"{note}\n\n{message.sender} wrote:\n{message.body}".strip(),
        thread_id=message.thread_id,
        forward_of=message.id,
    )
    _copy_attachments(world, [message], copy)
    return _sent(copy)


@app.tool
def compose(
    world: World, to: list[str], subject: str, body: str, cc: Some = NOBODY, bcc: Some = NOBODY
) -> SentToAll:
    """Write a new message to several people and send it.

    Args:
        to: Addresses, or names of contacts.
        subject: The subject line.
        body: The text.
        cc: Who gets a copy.
        bcc: Who gets a copy without the others seeing it.
    """
    require_text(subject=subject, body=body)
    everybody = resolve_all(world, to, cc, bcc)
    thread = new_thread(world, subject)
    message = put(
        world, recipient=everybody.recipient, subject=subject, body=body, thread_id=thread, others=everybody
    )
    return sent_to_all(message, everybody)


@app.tool
def reply_all(world: World, message_id: str, body: str) -> SentToAll:
    """Answer a message; the answer goes to its sender and to all others who got it, within the same thread.

    Args:
        message_id: The message to answer, such as Danielle-12.
        body: The text.
    """
    message, me = find(world, message_id), owner(world).address
    require_text(body=body)
    if message.address == me:
        raise Refusal("own_message", f"'{message_id}' was written by the user: reply to somebody else's message.")
    got = world.session.scalars(GOT, {"id": message.id}).all()
    seen = [me, message.address]
    to = [r.address for r in got if r.kind == "to" and r.address not in seen]
    cc = [r.address for r in got if r.kind == "cc" and r.address not in seen]
    everybody = Addressees([message.address, *to], cc)
    answer = put(
        world,
        recipient=everybody.recipient,
        subject=_prefixed("Re:", message.subject),
        body=body,
        thread_id=message.thread_id,
        reply_to=message.id,
        others=everybody,
    )
    return sent_to_all(answer, everybody)


@app.tool
def forward_thread(world: World, message_id: str, to: str, note: str = "") -> Sent:
    """Pass a whole thread on to somebody: all its messages outside spam and trash as one, with their attachments.

    Rule: mail with the label private is not passed on to anybody.

    Args:
        message_id: Any message of the thread, such as Danielle-12.
        to: An address, or the name of a contact.
        note: A text to put above it.
    """
    last = find(world, message_id)
    address = resolve(world, to)
    thread = world.session.scalars(THREAD, {"id": last.thread_id}).all() or [last]
    refuse_private(world, thread)
    parts = [f"{m.sender} wrote:\n{m.body}" for m in thread]
    copy = put(
        world,
        recipient=address,
        subject=_prefixed("Fwd:", thread[0].subject),
        body="\n\n".join([note, *parts]).strip(),
        thread_id=last.thread_id,
        forward_of=thread[-1].id,
    )
    _copy_attachments(world, thread, copy)
    return _sent(copy)


def refuse_private(world: World, messages: Sequence[MessageRow]) -> None:
    """Refuse to pass on what is private.

    Raises:
        Refusal: One of the messages has the label; the sentence is the rule.
    """
    ids = [message.id for message in messages]
    private = world.session.scalar(PRIVATE, {"ids": ids})
    if private is not None:
        name = next(message.handle for message in messages if message.id == private)
        raise Refusal("private", f"'{name}' has the label 'private'. {RULES['private']}")


def _copy_attachments(world: World, sources: Sequence[MessageRow], copy: MessageRow) -> None:
    for file in world.session.scalars(FILES, {"ids": [source.id for source in sources]}).all():
        world.session.add(Attachment(message_id=copy.id, name=file.name, size=file.size, text=file.text))


def sent_to_all(message: MessageRow, everybody: Addressees) -> SentToAll:
    """What a tool answers when it has sent something to several people."""
    return {
        "sent": message.handle,
        "to": list(everybody.to),
        "cc": list(everybody.cc) or None,
        "bcc": list(everybody.bcc) or None,
    }


def _prefixed(prefix: str, subject: str) -> str:
    return subject if subject.startswith(prefix) else f"{prefix} {subject}"


def _sent(message: MessageRow) -> Sent:
    return {"sent": message.handle, "to": message.recipient}
