"""Months of mail: conversations, newsletters, receipts and spam, at times when people write."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from greenroom import Split
from greenroom_envs.mail import names
from greenroom_envs.mail.models import LABELS
from greenroom_envs.mail.papers import INVOICE, NOTES, Kind, Paper
from greenroom_envs.mail.papers import KINDS as FILES
from greenroom_envs.mail.people import Circle, Party
from greenroom_envs.mail.prose import KINDS, MEETING_KINDS, Prose


@dataclass(frozen=True, slots=True)
class Note:
    """A message before it has an id. `thread` only tells which notes belong together."""

    thread: int
    sender: Party
    recipient: Party
    subject: str
    body: str
    sent_at: datetime
    folder: str
    read_at: datetime | None = None
    starred: bool = False
    attachments: tuple[Paper, ...] = ()
    labels: tuple[str, ...] = ()


class Traffic:
    """Draws notes from one seeded generator.

    Args:
        rng: Where every draw comes from.
        split: Whose words topics are made of.
        circle: Who writes.
        prose: What they write.
        until: No note is later, UTC.
        days: How far notes go back.
    """

    def __init__(self, rng: Random, split: Split, circle: Circle, prose: Prose, until: datetime, days: int) -> None:
        self._rng, self._circle, self._prose = rng, circle, prose
        self._until, self._days = until, days
        self._topics = [names.word(rng, split) for _ in range(60 + 2 * days)]
        self._threads = 0

    def drafts(self, count: int) -> list[Note]:
        """Notes that the account's owner wrote and did not send."""
        found: list[Note] = []
        while len(found) < count:
            found += [note for note in self._conversation() if note.sender is self._circle.me][:1]
        return found[:count]

    def notes(self, count: int) -> list[Note]:
        """Exactly so many notes, in no order of date."""
        found: list[Note] = []
        while len(found) < count:
            roll = self._rng.random()
            if roll < 0.4:  # a conversation brings more than one note, hence about two thirds of all
                found += self._conversation()
            elif roll < 0.7:
                found.append(self._newsletter())
            elif roll < 0.92:
                found.append(self._receipt())
            else:
                found.append(self._spam())
        return found[:count]

    def plans(self, count: int, now: datetime) -> Iterator[dict[str, Any]]:
        """Rows of a calendar from two months back to four ahead."""
        for _ in range(count):
            day = now + timedelta(days=self._rng.randrange(-60, 120))
            day -= timedelta(days=max(0, day.weekday() - 4))
            at = day.replace(hour=self._rng.randrange(8, 18), minute=self._rng.choice((0, 15, 30, 45)), second=0)
            title = f"{self._topic()} {self._rng.choice(MEETING_KINDS)}"
            yield {"title": title, "starts_at": at.replace(hour=12 + at.hour % 2) if title.endswith("lunch") else at}

    def _conversation(self) -> list[Note]:
        """One to a dozen notes that answer each other; long ones are rare (Pareto, exponent 1.6)."""
        rng, me, thread = self._rng, self._circle.me, self._next_thread()
        other = rng.choices(self._circle.contacts, cum_weights=self._circle.weights)[0]
        writer, reader = (other, me) if rng.random() < 0.75 else (me, other)
        topic = f"{self._topic()} {rng.choice(KINDS)}"
        subject, body = topic, self._prose.opening(topic, reader.first, writer.first)
        at, found = self._moment(), list[Note]()
        for _ in range(min(12, int(rng.paretovariate(1.6)))):
            if at > self._until:
                break
            found.append(self._personal(thread, writer, reader, subject, body, at))
            writer, reader = reader, writer
            subject, body = f"Re: {topic}", self._prose.answer(reader.first, writer.first)
            at = self._waking(at + timedelta(minutes=3 + rng.lognormvariate(4.8, 1.4)))
        return found

    def _personal(self, thread: int, writer: Party, reader: Party, subject: str, body: str, at: datetime) -> Note:
        rng = self._rng
        note = Note(thread, writer, reader, subject, body, at, "inbox")
        files = (self._file(rng.choice(FILES), note),) if rng.random() < 0.08 else ()
        labels = (rng.choice(LABELS),) if rng.random() < 0.08 else ()
        note = replace(note, attachments=files, labels=labels, starred=rng.random() < 0.03)
        if writer is self._circle.me:
            return replace(note, folder="sent", read_at=at)
        return self._filed(note, ("archive", "archive", "archive", "clients", "trash"))

    def _file(self, kind: Kind, note: Note) -> Paper:
        """A file that somebody sends along; only notes can be read."""
        topic = note.subject.removeprefix("Re: ")
        text = f"Notes on the {topic}, by {note.sender.name}, {note.sent_at.day} {note.sent_at:%B %Y}"
        return kind.paper(topic, note.thread, note.sent_at, text=text if kind is NOTES else None)

    def _newsletter(self) -> Note:
        """Each newsletter has its own weekday, and comes at seven in the morning."""
        place = self._rng.randrange(len(self._circle.newsletters))
        day = self._day()
        day -= timedelta(days=(day.weekday() - place % 5) % 7)
        at = day.replace(hour=7, minute=place % 60, second=0, microsecond=0)
        subject, body = self._prose.issue()
        paper = self._circle.newsletters[place]
        note = Note(self._next_thread(), paper, self._circle.me, subject, body, min(at, self._until), "inbox")
        return self._filed(note, ("archive", "trash"))

    def _receipt(self) -> Note:
        shop, number = self._rng.choice(self._circle.shops), self._rng.randrange(10_000, 99_999)
        receipt, at = self._prose.receipt(number), self._moment()
        subject, body = receipt.texts(at)
        paper = INVOICE.paper("", shop.name, number, text=receipt.invoice(shop.name, at))
        files = (paper,) if "attached" in body else ()
        note = Note(self._next_thread(), shop, self._circle.me, subject, body, at, "inbox", attachments=files)
        return self._filed(note, ("archive", "finance", "travel"))

    def _spam(self) -> Note:
        sender = self._rng.choice(self._circle.spammers)
        at, thread = self._moment(), self._next_thread()
        subject, body = self._prose.spam(sender.name, thread)
        return Note(thread, sender, self._circle.me, subject, body, at, "spam")

    def _filed(self, note: Note, folders: Sequence[str]) -> Note:
        """The older a note, the likelier it was read and put away."""
        age = (self._until - note.sent_at).days
        read = self._rng.random() < 0.7 + min(0.28, age / 50)
        away = self._rng.random() < min(0.8, age / 40)
        return replace(
            note,
            read_at=note.sent_at + timedelta(minutes=self._rng.randrange(1, 300)) if read else None,
            folder=self._rng.choice(folders) if away else "inbox",
        )

    def _topic(self) -> str:
        return self._rng.choice(self._topics)

    def _next_thread(self) -> int:
        self._threads += 1
        return self._threads

    def _day(self) -> datetime:
        """A moment within the span; recent days are likelier, as accounts grow busier."""
        return self._until - timedelta(days=self._days * self._rng.random() ** 1.3)

    def _moment(self) -> datetime:
        while (at := self._waking(self._day())) > self._until:
            pass
        return at

    def _waking(self, at: datetime) -> datetime:
        """Move most of what falls outside working hours on to the next of them, so that answers stay later."""
        rng = self._rng
        if at.weekday() > 4 and rng.random() < 0.8:
            at = (at + timedelta(days=7 - at.weekday())).replace(hour=rng.randrange(8, 19))
        elif at.hour >= 19 and rng.random() < 0.9:
            at = (at + timedelta(days=1)).replace(hour=rng.randrange(8, 12))
        elif at.hour < 8 and rng.random() < 0.95:
            at = at.replace(hour=rng.randrange(8, 12))
        return at.replace(second=rng.randrange(60), microsecond=0)
