"""Fills a mailbox: an account, its address book, and months of mail that hang together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from faker import Faker
from sqlalchemy import insert

from greenroom import Size, Split, World
from greenroom_envs.mail import index, models, tally
from greenroom_envs.mail.app import app
from greenroom_envs.mail.clock import Clock
from greenroom_envs.mail.mailbox import utc_now
from greenroom_envs.mail.names import first_number, tag
from greenroom_envs.mail.people import Circle, Party, cast_around, meet, with_cast, zone_around
from greenroom_envs.mail.prose import Prose, things
from greenroom_envs.mail.settling import settle
from greenroom_envs.mail.traffic import Note, Traffic

QUIET = timedelta(days=4)
CHUNK = 5_000


@dataclass(frozen=True)
class Shape:
    """How much a world holds. `days`: how far the mail goes back."""

    messages: int
    contacts: int
    newsletters: int
    shops: int
    days: int


SHAPES = {
    Size.SMALL: Shape(messages=200, contacts=30, newsletters=6, shops=6, days=45),
    Size.MEDIUM: Shape(messages=10_000, contacts=400, newsletters=30, shops=40, days=400),
    Size.LARGE: Shape(messages=200_000, contacts=4_000, newsletters=150, shops=300, days=1_500),
}


@app.populate
def populate(world: World, size: Size, split: Split) -> None:
    """Fill an empty world. The last four days stay quiet: there tasks put what they need."""
    shape = SHAPES[size]
    fake = Faker()
    fake.seed_instance(world.random.getrandbits(64))
    circle = meet(fake, world.random, split, shape.contacts, shape.newsletters, shape.shops)
    circle = with_cast(circle, cast_around(world))
    clock = Clock(ZoneInfo(zone_around(world)), utc_now(world))
    prose = Prose(world.random, things(min(shape.messages // 10, 2_000)))
    traffic = Traffic(world.random, split, circle, prose, clock.now - QUIET, shape.days)
    _insert_all(world, circle, [_stored(note, clock) for note in traffic.notes(shape.messages)])
    _insert_plans(world, traffic, shape.messages, clock)
    settle(world, split)


def _stored(note: Note, clock: Clock) -> Note:
    """People write by the user's clock; what is kept is UTC."""
    read_at = note.read_at and clock.utc(note.read_at)
    return replace(note, sent_at=clock.utc(note.sent_at), read_at=read_at)


def fill(world: World, split: Split, circle: Circle, notes: Sequence[Note]) -> None:
    """Fill an empty world with people and messages that came from elsewhere."""
    _insert_all(world, circle, notes)
    settle(world, split)


def _insert_all(world: World, circle: Circle, notes: Sequence[Note]) -> None:
    index.drop_triggers(world.session)
    tally.drop_triggers(world.session)
    _insert_fixtures(world, circle.me)
    _insert_people(world, circle.contacts, circle.newsletters)
    _insert_messages(world, notes)
    index.rebuild(world.session)
    tally.count_all(world.session)


def _bulk(world: World, model: type[models.Base], rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), CHUNK):
        world.session.execute(insert(model.__table__), rows[start : start + CHUNK])  # pyright: ignore[reportArgumentType]


def _insert_fixtures(world: World, me: Party) -> None:
    _bulk(world, models.Account, [{"id": 1, "name": me.name, "address": me.address}])
    _bulk(world, models.Folder, [{"name": n, "system": i < 5} for i, n in enumerate(models.FOLDERS)])
    _bulk(world, models.Label, [{"name": name} for name in models.LABELS])


def _insert_people(world: World, contacts: Sequence[Party], newsletters: Sequence[Party]) -> None:
    _bulk(
        world,
        models.Contact,
        [{"name": c.name, "address": c.address, "phone": c.phone} for c in contacts],
    )
    papers = [{"name": n.name, "address": n.address, "active": True} for n in newsletters]
    _bulk(world, models.Subscription, papers)


@dataclass
class _Rows:
    """The rows of all tables that hang on messages, ids given in order of date."""

    threads: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    messages: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    attachments: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    labels: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


def _insert_messages(world: World, notes: Sequence[Note]) -> None:
    rows = _number(sorted(notes, key=lambda note: note.sent_at), world.random)
    _bulk(world, models.Thread, rows.threads)
    _bulk(world, models.MessageRow, rows.messages)
    _bulk(world, models.Attachment, rows.attachments)
    _bulk(world, models.MessageLabel, rows.labels)


def _number(notes: Sequence[Note], rng: Random) -> _Rows:
    """Give ids in order of date, so that a later message has a greater id, and count each sender's."""
    rows, numbers = _Rows(), dict[str, int]()
    threads: dict[int, int] = {}
    last_of: dict[int, int] = {}
    for message_id, note in enumerate(notes, start=1):
        if note.thread not in threads:
            threads[note.thread] = len(threads) + 1
            rows.threads.append({"id": threads[note.thread], "subject": note.subject})
        sender = tag(note.sender.name)
        numbers[sender] = numbers[sender] + 1 if sender in numbers else first_number(rng)
        rows.messages.append(
            {
                "id": message_id,
                "tag": sender,
                "number": numbers[sender],
                "thread_id": threads[note.thread],
                "folder": note.folder,
                "sender": note.sender.name,
                "address": note.sender.address,
                "recipient": note.recipient.address,
                "subject": note.subject,
                "body": note.body,
                "sent_at": note.sent_at,
                "read_at": note.read_at,
                "starred": note.starred,
                "reply_to": last_of.get(note.thread),
                "forward_of": None,
            }
        )
        last_of[note.thread] = message_id
        rows.attachments += [
            {"message_id": message_id, "name": paper.name, "size": paper.size, "text": paper.text}
            for paper in note.attachments
        ]
        rows.labels += [{"message_id": message_id, "label": name} for name in note.labels]
    return rows


def _insert_plans(world: World, traffic: Traffic, messages: int, clock: Clock) -> None:
    """A calendar around today, and a few drafts."""
    plans = list(traffic.plans(max(10, messages // 60), clock.now))
    _bulk(world, models.CalendarEvent, [plan | {"starts_at": clock.utc(plan["starts_at"])} for plan in plans])
    _bulk(world, models.Draft, list(_drafts(traffic, max(2, messages // 500), clock)))


def _drafts(traffic: Traffic, count: int, clock: Clock) -> Iterator[dict[str, Any]]:
    for note in traffic.drafts(count):
        yield {
            "recipient": note.recipient.address,
            "subject": note.subject,
            "body": note.body,
            "created_at": clock.utc(note.sent_at),
        }
