"""What a populated mailbox gets beside its messages: settings, habits, invitations, and life that goes on.

It draws from randomness of its own, after everything else: a mailbox looks the same with and without it.
"""

import hashlib
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import func, insert, select

from greenroom import Split, World
from greenroom_envs.mail.account import hashed
from greenroom_envs.mail.clock import Clock
from greenroom_envs.mail.desk import File, Habit, Invitation, Profile
from greenroom_envs.mail.life import begin_life, remind
from greenroom_envs.mail.mailbox import owner
from greenroom_envs.mail.models import Contact, MessageRow
from greenroom_envs.mail.people import zone_around
from greenroom_envs.mail.prose import MEETING_KINDS

FILES = (("resume.pdf", 61_204), ("passport.jpg", 733_018), ("floor plan.pdf", 212_449))
ANSWERING = 0.7


def settle(world: World, split: Split) -> None:
    """Add settings, people's habits, a few open invitations and files, and let mail come from now on."""
    me = owner(world)
    rng = Random(f"{split}/{me.address}")
    _insert_profile(world, split, rng)
    rows = [{"name": name, "size": size, "text": None} for name, size in FILES]
    world.session.execute(insert(File), rows)
    _insert_habits(world, rng)
    _insert_invitations(world, rng)
    _impatient(world, rng)
    begin_life(world, split, rng)


def _insert_profile(world: World, split: Split, rng: Random) -> None:
    me = owner(world)
    salt = hashlib.sha256(f"{split}/{me.address}/{rng.random()}".encode()).hexdigest()[:16]
    world.session.add(
        Profile(
            id=1,
            split=str(split),
            salt=salt,
            password=hashed(salt, first_password(me.address)),
            signature=me.name,
            phone=f"555-01{rng.randrange(100):02}-{rng.randrange(10_000):04}",
            time_zone=zone_around(world),
        )
    )
    world.session.flush()


def first_password(address: str) -> str:
    """The password that an account begins with: what its user knows."""
    return f"{address.split('@')[0].replace('.', '-')}-{len(address)}"


def _insert_habits(world: World, rng: Random) -> None:
    """Seven of ten contacts answer, most within hours (log-normal, median two hours), never within ten minutes."""
    rows: list[dict[str, Any]] = []
    for address in world.session.scalars(select(Contact.address).order_by(Contact.id)).all():
        minutes = 10 + int(rng.lognormvariate(4.8, 1.2))
        if rng.random() < ANSWERING:
            rows.append({"address": address, "minutes": minutes, "answer": None})
    if rows:
        world.session.execute(insert(Habit), rows)


def _insert_invitations(world: World, rng: Random) -> None:
    """The latest of the received messages that speak of a meeting invite to one, some days ahead."""
    me, clock = owner(world).address, Clock.of(world)
    day = clock.begin(clock.today)
    latest = select(MessageRow).where(MessageRow.recipient == me, MessageRow.reply_to.is_(None))
    found = world.session.scalars(latest.order_by(MessageRow.id.desc()).limit(300)).all()
    for message in [m for m in found if m.subject.split()[-1] in MEETING_KINDS][:8]:
        starts = day + timedelta(days=rng.randrange(5, 40), minutes=30 * rng.randrange(16, 36))
        starts = _sensible(message.subject, starts, clock)
        answered = rng.choice(("open", "open", "declined"))
        world.session.add(
            Invitation(
                message_id=message.id,
                title=message.subject,
                starts_at=starts,
                status=answered,
                flexible=rng.random() < 0.7,
            )
        )


def _sensible(subject: str, starts: datetime, clock: Clock) -> datetime:
    """Nobody invites to a working meeting at a weekend, or to lunch at nine; nothing is drawn for it."""
    local = clock.local(starts)
    local += timedelta(days=max(0, 7 - local.weekday()) if local.weekday() > 4 else 0)
    return clock.utc(local.replace(hour=12 + local.hour % 2) if subject.endswith("lunch") else local)


def _impatient(world: World, rng: Random) -> None:
    """Some who asked something lately and got no answer will ask again within days."""
    me = owner(world).address
    waiting = (MessageRow.folder == "inbox", MessageRow.recipient == me, MessageRow.body.contains("?"))
    last = (world.session.scalar(select(func.max(MessageRow.id))) or 0) - 400
    people = select(Contact.id).where(Contact.address == MessageRow.address).exists()
    chosen = select(MessageRow).where(*waiting, MessageRow.id > last, people).order_by(MessageRow.id.desc())
    for message in world.session.scalars(chosen.limit(6)).all():
        remind(world, message, timedelta(minutes=rng.randrange(60, 3 * 24 * 60)))
