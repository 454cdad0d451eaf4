"""Mail that arrives: judged by verdicts, sorted by filter rules, answered while the user is away."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import bindparam, exists, func, or_, select

from greenroom import World
from greenroom_envs.mail.clock import Clock
from greenroom_envs.mail.desk import Recipient, Rule, Vacation, VacationSent, Verdict
from greenroom_envs.mail.mailbox import new_thread, number_after, send, utc_now
from greenroom_envs.mail.models import Account, Attachment, Contact, MessageLabel, MessageRow, Thread
from greenroom_envs.mail.names import tag

# Made once: building a statement costs as much as running it.
_MINE = or_(Rule.sender == bindparam("address"), Rule.sender == "")
RULES = select(Rule).where(_MINE).order_by(Rule.id)
# All that most mail asks of the mailbox that it comes to, read at once.
DOOR = select(
    Account.address,
    select(Verdict.spam).where(Verdict.address == bindparam("address")).scalar_subquery(),
    select(func.max(MessageRow.number)).where(MessageRow.tag == bindparam("tag")).scalar_subquery(),
    exists().where(_MINE),
    exists().where(Vacation.id == 1),
).where(Account.id == 1)
KNOWN = select(Contact.id).where(Contact.address == bindparam("address"))
SPOKEN = (
    select(MessageRow)
    .join(Thread, Thread.id == MessageRow.thread_id)
    .where(Thread.subject == bindparam("subject"), MessageRow.recipient == bindparam("address"))
    .order_by(MessageRow.id.desc())
    .limit(1)
)

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
    sender = arrival.sender.strip() or arrival.address
    asked = {"address": arrival.address, "tag": tag(sender)}
    me, spam, last, ruled, away = world.session.execute(DOOR, asked).one()
    rules = _fitting(world, arrival) if ruled and not spam else []
    folder = "spam" if spam else next((r.folder for r in rules if r.folder), "inbox")
    answered = arrival.reply_to
    message = MessageRow(
        tag=tag(sender),
        number=number_after(world, last),
        thread_id=answered.thread_id if answered else new_thread(world, arrival.subject),
        folder=folder,
        sender=sender,
        address=arrival.address,
        recipient=", ".join(arrival.to) or me,
        subject=arrival.subject,
        body=arrival.body,
        sent_at=utc_now(world),
        starred=any(rule.star for rule in rules),
        reply_to=answered.id if answered else None,
    )
    world.session.add(message)
    world.session.flush()
    _hang_on(world, message, arrival, {rule.label for rule in rules if rule.label})
    if away and folder != "spam":
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
    rules = world.session.scalars(RULES, {"address": arrival.address})
    return [rule for rule in rules if rule.subject.lower() in arrival.subject.lower()]


def _answer_while_away(world: World, message: MessageRow) -> None:
    """The vacation's answer goes to people of the address book, once to each, and never to an answer like itself."""
    vacation = world.session.get(Vacation, 1)
    if vacation is None or not vacation.first_day <= Clock.of(world).today <= vacation.last_day:
        return
    known = world.session.scalar(KNOWN, {"address": message.address})
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
    asked = {"subject": subject.removeprefix("Re: "), "address": address}
    return world.session.scalars(SPOKEN, asked).one_or_none()
