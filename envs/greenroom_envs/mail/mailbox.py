"""What several tools need: finding messages and people, showing messages, adding one."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, cast

from sqlalchemy import bindparam, exists, func, select

from greenroom import Refusal, World
from greenroom_envs.mail.desk import Habit, Recipient
from greenroom_envs.mail.models import Account, Contact, MessageRow, Thread
from greenroom_envs.mail.names import first_number, tag

ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+")
HANDLE = re.compile(r"(.+)-([1-9][0-9]{0,8})")

# Made once: building a statement costs as much as running it.
OWNER = select(Account.name, Account.address).where(Account.id == 1)
FIND = select(MessageRow).where(MessageRow.tag == bindparam("tag"), MessageRow.number == bindparam("number"))
LAST = select(func.max(MessageRow.number)).where(MessageRow.tag == bindparam("tag"))
# After how long somebody answers, and whether the address book has them: one read for both.
RECEIVES = select(
    select(Habit.minutes).where(Habit.address == bindparam("address")).scalar_subquery(),
    exists().where(Contact.address == bindparam("address")),
)
ANSWERS, BOUNCES = "mail.answers", "mail.bounces"
BOUNCED_AFTER = timedelta(seconds=70)
MANY = 50
HOURLY = 60
_ME = select(Account.address).where(Account.id == 1).scalar_subquery()
RECENT = (
    select(MessageRow.sent_at)
    .where(MessageRow.sent_at > bindparam("since"), MessageRow.address == _ME)
    .order_by(MessageRow.sent_at.desc())
    .limit(HOURLY)
)
NAMED = select(Contact).where(Contact.name == bindparam("name")).limit(6)


def utc_now(world: World) -> datetime:
    """The virtual time as it is stored: UTC without a zone, whole seconds."""
    return world.now.astimezone(UTC).replace(tzinfo=None, microsecond=0)


class Owner(NamedTuple):
    """Whose mailbox this is."""

    name: str
    address: str


def owner(world: World) -> Owner:
    """Whose mailbox this is."""
    return Owner(*world.session.execute(OWNER).one())


def find(world: World, message_id: str) -> MessageRow:
    """The message of that id.

    Raises:
        Refusal: There is none.
    """
    parts = HANDLE.fullmatch(message_id)
    row = None
    if parts:
        row = world.session.scalars(FIND, {"tag": parts[1], "number": int(parts[2])}).one_or_none()
    if row is None:
        raise Refusal(
            "no_such_message",
            f"There is no message '{message_id}'. Ids look like 'Danielle-12'; search or list a folder to get them.",
        )
    return row


def find_all(world: World, message_ids: Sequence[str]) -> list[MessageRow]:
    """The messages of those ids, each once.

    Raises:
        Refusal: No id was given, or one of them does not exist.
    """
    if not message_ids:
        raise Refusal("no_messages", "The list of message ids is empty: give at least one id.")
    return [find(world, message_id) for message_id in dict.fromkeys(message_ids)]


def resolve(world: World, to: str) -> str:
    """The address that `to` means: an address, the name of one contact, or the beginning of one name only.

    Raises:
        Refusal: Nobody, or several people, have that name; or it is the user's own address.
    """
    return _resolved(world, to.strip(), owner(world).address)


def _resolved(world: World, to: str, me: str) -> str:
    address = to.lower() if ADDRESS.fullmatch(to) else _address_of(world, to)
    if address == me:
        raise Refusal("own_address", f"'{to}' is the user's own address: name somebody else.")
    return address


def _address_of(world: World, name: str) -> str:
    """As address fields complete what is typed: the whole name, else whole words of it, else three letters or more."""
    found = world.session.scalars(NAMED, {"name": name}).all()
    for beginning in (f"{name} ", name) if len(name) > 2 else (f"{name} ",):
        if not found:
            starts = Contact.name.startswith(beginning, autoescape=True)
            found = world.session.scalars(select(Contact).where(starts).limit(6)).all()
    if not found:
        raise Refusal(
            "unknown_recipient",
            f"'{name}' is no address, and no contact has that name. Look the person up with mail_find_contacts.",
        )
    if len(found) > 1:
        listed = ", ".join(f"{c.name} <{c.address}>" for c in found[:5])
        raise Refusal("ambiguous_recipient", f"'{name}' may be {listed}. Give the address.")
    return found[0].address


@dataclass(frozen=True)
class Addressees:
    """Whom a message goes to; everybody once, at least one in `to`."""

    to: Sequence[str]
    cc: Sequence[str] = ()
    bcc: Sequence[str] = ()

    @property
    def recipient(self) -> str:
        """The line that the message shows."""
        return ", ".join(self.to)

    @property
    def everybody(self) -> list[str]:
        """All addresses."""
        return [*self.to, *self.cc, *self.bcc]

    def rows(self, message_id: int) -> list[Recipient]:
        """What is kept beside the message: nothing when it goes to one person alone."""
        if len(self.everybody) == 1:
            return []
        kinds = (("to", self.to), ("cc", self.cc), ("bcc", self.bcc))
        return [Recipient(message_id=message_id, address=a, kind=kind) for kind, some in kinds for a in some]


def resolve_all(world: World, to: Sequence[str], cc: Sequence[str] = (), bcc: Sequence[str] = ()) -> Addressees:
    """The addresses that names and addresses mean; somebody named twice gets the message once.

    Raises:
        Refusal: Nobody is named in `to`, too many are, or one of them cannot be found.
    """
    if not to:
        raise Refusal("no_recipients", "'to' is empty: name at least one person or address.")
    if len(to) + len(cc) + len(bcc) > MANY:
        raise Refusal("too_many_recipients", f"A message goes to {MANY} people at most: send several.")
    me, seen = owner(world).address, set[str]()
    lists: list[list[str]] = []
    for names in (to, cc, bcc):
        fresh = [a for a in dict.fromkeys(_resolved(world, name.strip(), me) for name in names) if a not in seen]
        seen.update(fresh)
        lists.append(fresh)
    return Addressees(*lists)


def new_thread(world: World, subject: str) -> int:
    """Start a thread; returns its id."""
    thread = Thread(subject=subject)
    world.session.add(thread)
    world.session.flush()
    return thread.id


def next_number(world: World, sender_tag: str) -> int:
    """The number of the next message of a tag. Messages are never destroyed, so none comes twice."""
    return number_after(world, world.session.scalar(LAST, {"tag": sender_tag}))


def number_after(world: World, last: int | None) -> int:
    """The number that follows the last one of a tag, or the first of all."""
    return first_number(world.random) if last is None else last + 1


def wait_of(left: timedelta) -> str:
    """A wait as refusals tell it: whole minutes, rounded up."""
    minutes = -(-left // timedelta(minutes=1))
    return f"{minutes} minute{'s' if minutes > 1 else ''}"


def limit_sending(world: World) -> None:
    """Refuse to send more within an hour than a provider lets one account send.

    Raises:
        Refusal: The user has sent so much; the sentence says when there is room again.
    """
    sent = world.session.scalars(RECENT, {"since": utc_now(world) - timedelta(hours=1)}).all()
    if len(sent) >= HOURLY:
        left = sent[-1] + timedelta(hours=1) - utc_now(world)
        told = f"{HOURLY} messages went out within an hour, the most that may: wait {wait_of(left)}."
        raise Refusal("sending_limit", told, retry_after=int(left.total_seconds()))


def send(
    world: World,
    *,
    recipient: str,
    subject: str,
    body: str,
    thread_id: int,
    reply_to: int | None = None,
    forward_of: int | None = None,
    others: Addressees | None = None,
    automatic: bool = False,
) -> MessageRow:
    """Put a message of the user into `sent`; whoever has the habit of it will answer.

    Args:
        world: The mailbox.
        recipient: The address, or addresses with commas between.
        subject: One line.
        body: The text.
        thread_id: Where it belongs.
        reply_to: The message that it answers.
        forward_of: The message that it passes on.
        others: Everybody that it goes to, when that is more than one person.
        automatic: A notice that the mailbox writes for the user: nobody answers such.
    """
    me, now = owner(world), utc_now(world)
    mine = tag(me.name)
    message = MessageRow(
        tag=mine,
        number=next_number(world, mine),
        thread_id=thread_id,
        folder="sent",
        sender=me.name,
        address=me.address,
        recipient=recipient,
        subject=subject,
        body=body,
        sent_at=now,
        read_at=now,
        reply_to=reply_to,
        forward_of=forward_of,
    )
    world.session.add(message)
    world.session.flush()
    if others:
        world.session.add_all(others.rows(message.id))
    if not automatic:
        _go_out(world, message.id, others or Addressees([recipient]))
    return message


def _go_out(world: World, message_id: int, everybody: Addressees) -> None:
    """Let those who were written to answer after a while; whoever is not in the address book may not exist."""
    for address in everybody.everybody:
        row = world.session.execute(RECEIVES, {"address": address}).one()
        minutes, known = cast("int | None", row[0]), row[1]
        letter = {"message": message_id, "address": address}
        if minutes is not None and address in everybody.to:
            world.schedule(ANSWERS, letter, after=timedelta(minutes=minutes))
        elif minutes is None and not known:
            world.schedule(BOUNCES, letter, after=BOUNCED_AFTER)


def handles(messages: Iterable[MessageRow]) -> list[str]:
    """The ids that agents see."""
    return [message.handle for message in messages]


def require_text(**texts: str) -> None:
    """Refuse empty texts.

    Raises:
        Refusal: One of them is empty or blank; its name is quoted.
    """
    for name, text in texts.items():
        if not text.strip():
            raise Refusal("empty_text", f"'{name}' is empty: say what it should be.")
