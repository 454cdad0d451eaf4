"""Mail that arrives: judged by verdicts, sorted by filter rules, answered while the user is away."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import or_, select

from greenroom import World
from greenroom_envs.mail.clock import Clock
from greenroom_envs.mail.desk import Recipient, Rule, Vacation, VacationSent, Verdict
from greenroom_envs.mail.mailbox import new_thread, next_number, owner, send, utc_now
from greenroom_envs.mail.models import Attachment, Contact, MessageLabel, MessageRow, Thread
from greenroom_envs.mail.names import tag

Files = Sequence[tuple[str, int, str | None]]


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A message on its way in.

    Attributes:
        sender: The sender's name.
        address: The sender's address.
        subject: One line.
        body: The text.
        reply_to: The message that it answers; it joins that one's thread.
        files: Name, size and text of each file.
        to: Everybody in its To line, when that is more people than the user.
        cc: Everybody who gets a copy.
    """

    sender: str
    address: str
    subject: str
    body: str
    reply_to: MessageRow | None = None
    files: Files = ()
    to: Sequence[str] = field(default=())
    cc: Sequence[str] = field(default=())


def deliver(world: World, arrival: Arrival) -> MessageRow:
    """Put a message where it belongs: spam by the user's verdict, else by the filter rules, else the inbox."""
    me, sender = owner(world), arrival.sender.strip() or arrival.address
    spam = world.session.get(Verdict, arrival.address)
    rules = [] if spam and spam.spam else _fitting(world, arrival)
    folder = "spam" if spam and spam.spam else next((r.folder for r in rules if r.folder), "inbox")
    answered = arrival.reply_to
    message = MessageRow(
        tag=tag(sender),
        number=next_number(world, tag(sender)),
        thread_id=answered.thread_id if answered else new_thread(world, arrival.subject),
        folder=folder,
        sender=sender,
        address=arrival.address,
        recipient=", ".join(arrival.to) or me.address,
        subject=arrival.subject,
        body=arrival.body,
        sent_at=utc_now(world),
        starred=any(rule.star for rule in rules),
        reply_to=answered.id if answered else None,
    )
    world.session.add(message)
    world.session.flush()
    _hang_on(world, message, arrival, {rule.label for rule in rules if rule.label})
    if folder != "spam":
        _answer_while_away(world, message)
    return message


def _hang_on(world: World, message: MessageRow, arrival: Arrival, labels: set[str]) -> None:
    kinds = [("to", arrival.to), ("cc", arrival.cc)]
    if len(arrival.to) > 1 or arrival.cc:
        world.session.add_all(Recipient(message_id=message.id, address=a, kind=k) for k, some in kinds for a in some)
    world.session.add_all(Attachment(message_id=message.id, name=n, size=s, text=t) for n, s, t in arrival.files)
    world.session.add_all(MessageLabel(message_id=message.id, label=name) for name in sorted(labels))


def _fitting(world: World, arrival: Arrival) -> list[Rule]:
    """The rules that fit, first made first; there are never many rules of one sender, and few of none."""
    mine = or_(Rule.sender == arrival.address, Rule.sender == "")
    rules = world.session.scalars(select(Rule).where(mine).order_by(Rule.id))
    return [rule for rule in rules if rule.subject.lower() in arrival.subject.lower()]


def _answer_while_away(world: World, message: MessageRow) -> None:
    """The vacation's answer goes to people of the address book, once to each, and never to an answer like itself."""
    vacation = world.session.get(Vacation, 1)
    today = Clock.of(world).today
    if vacation is None or not vacation.first_day <= today <= vacation.last_day:
        return
    known = world.session.scalar(select(Contact.id).where(Contact.address == message.address))
    if known is None or world.session.get(VacationSent, message.address):
        return
    world.session.add(VacationSent(address=message.address))
    send(
        world,
        recipient=message.address,
        subject=f"Away: {message.subject}",
        body=vacation.body,
        thread_id=message.thread_id,
        reply_to=message.id,
        automatic=True,
    )


def thread_of(world: World, subject: str, address: str) -> MessageRow | None:
    """The last message to an address whose subject is answered by `Re: …`, if any."""
    if not subject.startswith("Re: "):
        return None
    plain = subject.removeprefix("Re: ")
    return world.session.scalars(
        select(MessageRow)
        .join(Thread, Thread.id == MessageRow.thread_id)
        .where(Thread.subject == plain, MessageRow.recipient == address)
        .order_by(MessageRow.id.desc())
        .limit(1)
    ).one_or_none()
