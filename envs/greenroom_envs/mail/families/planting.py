"""Puts a task's people and messages into a fork: fresh names, fresh topics, a handful of inserts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import bindparam, func, insert, select

from greenroom import Split, World
from greenroom_envs.mail import names
from greenroom_envs.mail.clock import Clock
from greenroom_envs.mail.hits import FTS
from greenroom_envs.mail.mailbox import next_number, owner, utc_now
from greenroom_envs.mail.models import Base, Contact, MessageRow, Subscription, Thread
from greenroom_envs.mail.people import Party, company_address

DRAWS = 12
RECENT = timedelta(days=3, hours=20)

# Made once: building a statement costs as much as running it.
LAST_IDS = select(
    select(func.coalesce(func.max(MessageRow.id), 0)).scalar_subquery(),
    select(func.coalesce(func.max(Thread.id), 0)).scalar_subquery(),
)
NEWEST = (
    select(MessageRow.tag, MessageRow.number)
    .where(MessageRow.folder == "inbox")
    .order_by(MessageRow.id.desc())
    .limit(1)
)
KNOWN = select(Contact.id).where(Contact.name == bindparam("name")).limit(1)
STARTS = select(Contact.id).where(Contact.name.like(bindparam("first"))).limit(1)
OCCURS = select(FTS.c.rowid).where(FTS.c.mail_message_fts.op("MATCH")(bindparam("word"))).limit(1)


@dataclass(eq=False)
class Planted:
    """A message to be planted; `id` and `number` are set by `Plant.insert`."""

    sender: Party
    subject: str
    body: str
    after: "Planted | None" = None
    id: int = 0
    number: int = 0
    thread: int = 0
    sent_at: datetime = field(default=datetime.min)

    @property
    def handle(self) -> str:
        """The id that agents see."""
        return f"{self.sender.first}-{self.number}"


class Plant:
    """What one task adds to a world.

    Args:
        world: A fresh fork, in a transaction.
        split: Whose words are used.

    Attributes:
        bystander: The id of a message of the base, which no task is about.
    """

    def __init__(self, world: World, split: Split) -> None:
        self.world, self.split = world, split
        self.rng: Random = world.random
        self._me = owner(world)
        self._contacts: list[Party] = []
        self._papers: list[Party] = []
        self._messages: list[Planted] = []
        self._firsts = {names.tag(self._me.name)}
        self.bystander = self._newest()

    def person(self, first: str | None = None) -> Party:
        """Somebody new, now a contact; with `first`, a namesake of somebody else."""
        while True:
            name = names.person(self.rng, self.split)
            if first:
                name = f"{first} {name.split()[1]}"
            if (first or names.tag(name) not in self._firsts) and self._usable(name):
                break
        self._firsts.add(names.tag(name))
        party = Party(name, names.address(name, f"{names.word(self.rng, self.split)}.com"), self._phone())
        self._contacts.append(party)
        return party

    def addressee(self) -> Party:
        """Somebody new whose first name no other contact has, so that an address field completes it.

        A large address book has every first name of a split: there, one is invented.
        """
        for _ in range(DRAWS):
            party = self.person()
            if self._alone(party.first):
                return party
            self._contacts.remove(party)
        while True:
            first = names.word(self.rng, self.split).capitalize()
            if first not in self._firsts and self._alone(first):
                return self.person(first)

    def _alone(self, first: str) -> bool:
        return self.world.session.scalar(STARTS, {"first": f"{first} %"}) is None

    def newsletter(self, kind: str | None = None) -> Party:
        """A newsletter that the account gets, unlike all others; `kind` is its second word."""
        name = names.newsletter(self.rng, self.split)
        if kind:
            name = f"{name.split()[0]} {kind}"
        if names.tag(name) in self._firsts or self._occurs(names.tag(name)):
            return self.newsletter(kind)
        self._firsts.add(names.tag(name))
        party = Party(name, company_address(name, "letter"))
        self._papers.append(party)
        return party

    def topic(self, kinds: Iterable[str]) -> str:
        """A subject of two words, such as `norvik lease`, the first of which occurs nowhere yet."""
        while True:
            word = names.word(self.rng, self.split)
            if word not in self._firsts and not self._occurs(word):
                self._firsts.add(word)
                return f"{word} {self.rng.choice(tuple(kinds))}"

    def message(self, sender: Party, subject: str, body: str, after: Planted | None = None) -> Planted:
        """A message to the account; `after`: within the same thread and later than that one."""
        planted = Planted(sender, subject, body, after)
        self._messages.append(planted)
        return planted

    def stored(self, at: datetime) -> datetime:
        """What the world keeps of a moment that people speak of, by the user's clock."""
        return Clock.of(self.world).utc(at.replace(tzinfo=None))

    def insert(self) -> None:
        """Write everything: ids ascend with dates, as everywhere in the mailbox."""
        self._date()
        self._insert(Contact, [{"name": p.name, "address": p.address, "phone": p.phone} for p in self._contacts])
        self._insert(Subscription, [{"name": p.name, "address": p.address, "active": True} for p in self._papers])
        self._number()
        roots = [m for m in self._messages if m.after is None]
        self._insert(Thread, [{"id": m.thread, "subject": m.subject} for m in roots])
        self._insert(MessageRow, [self._row(m) for m in self._messages])

    def _insert(self, model: type[Base], rows: list[dict[str, Any]]) -> None:
        if rows:
            self.world.session.execute(insert(model.__table__), rows)  # pyright: ignore[reportArgumentType]

    def _date(self) -> None:
        """Spread the messages over the quiet last days, in random order but for answers."""
        self.rng.shuffle(self._messages)
        ordered: list[Planted] = []
        for message in self._messages:
            self._with_predecessors(message, ordered)
        self._messages = ordered
        start = utc_now(self.world) - RECENT
        seconds = sorted(self.rng.sample(range(int(RECENT.total_seconds())), len(ordered)))
        for message, offset in zip(ordered, seconds, strict=True):
            message.sent_at = start + timedelta(seconds=offset)

    def _with_predecessors(self, message: Planted, ordered: list[Planted]) -> None:
        if message not in ordered:
            if message.after:
                self._with_predecessors(message.after, ordered)
            ordered.append(message)

    def _number(self) -> None:
        last, thread = self.world.session.execute(LAST_IDS).one()
        firsts = dict.fromkeys(message.sender.first for message in self._messages)
        numbers = {first: next_number(self.world, first) for first in firsts}
        for message in self._messages:
            last += 1
            thread += message.after is None
            first = message.sender.first
            message.id, message.number = last, numbers[first]
            message.thread = message.after.thread if message.after else thread
            numbers[first] += 1

    def _row(self, message: Planted) -> dict[str, Any]:
        return {
            "id": message.id,
            "tag": message.sender.first,
            "number": message.number,
            "thread_id": message.thread,
            "folder": "inbox",
            "sender": message.sender.name,
            "address": message.sender.address,
            "recipient": self._me.address,
            "subject": message.subject,
            "body": message.body,
            "sent_at": message.sent_at,
            "read_at": None,
            "starred": False,
            "reply_to": message.after.id if message.after else None,
            "forward_of": None,
        }

    def _phone(self) -> str:
        return f"555-01{self.rng.randrange(100):02}-{self.rng.randrange(10_000):04}"

    def _newest(self) -> str:
        tag, number = self.world.session.execute(NEWEST).one()
        return f"{tag}-{number}"

    def _usable(self, name: str) -> bool:
        """Nobody has this name, and a search for it does not find letters that begin with `Hi Peggy`."""
        if name.split()[1] == names.tag(self._me.name):
            return False
        known = self.world.session.scalar(KNOWN, {"name": name})
        return known is None and all(p.name != name for p in self._contacts)

    def _occurs(self, word: str) -> bool:
        return self.world.session.scalar(OCCURS, {"word": f'"{word}"'}) is not None
