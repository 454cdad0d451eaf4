"""Mail that cannot be delivered comes back: a provider tells the sender soon, and as part of the thread."""

from typing import Any

from sqlalchemy import bindparam, exists, or_, select, text

from greenroom import World
from greenroom.cast import Company, Person
from greenroom_envs.mail.app import app
from greenroom_envs.mail.delivery import Arrival, deliver
from greenroom_envs.mail.desk import Habit, Recipient
from greenroom_envs.mail.mailbox import BOUNCES, owner
from greenroom_envs.mail.models import Account, Contact, MessageRow, Subscription
from greenroom_envs.mail.people import has_cast

DAEMON = ("Mail Delivery Subsystem", "mailer-daemon@mail-service.com")
SUBJECT = "Delivery Status Notification (Failure)"
ROLES = frozenset(
    [
        "abuse",
        "billing",
        "contact",
        "hello",
        "help",
        "hosts",
        "hr",
        "info",
        "jobs",
        "letter",
        "office",
        "orders",
        "post",
        "postmaster",
        "press",
        "sales",
        "shop",
        "support",
        "team",
        "win",
    ]
)
"""Mailboxes that a company has, though no person is called so."""
PROVIDERS = frozenset(
    [
        "aol.com",
        "gmail.com",
        "gmx.com",
        "gmx.de",
        "googlemail.com",
        "hotmail.com",
        "icloud.com",
        "live.com",
        "mail-service.com",
        "me.com",
        "outlook.com",
        "proton.me",
        "protonmail.com",
        "web.de",
        "yahoo.com",
    ]
)
"""Domains where anybody may have a mailbox."""

_WROTE = "SELECT 1 FROM mail_message_fts JOIN mail_message m ON m.id = mail_message_fts.rowid WHERE mail_message_fts"
WROTE = text(f"{_WROTE} MATCH :words AND m.address = :address LIMIT 1")
WROTE_FROM = text(f"{_WROTE} MATCH :words AND substr(m.address, -length(:ending)) = :ending LIMIT 1")
KNOWS_AT = text(
    "SELECT 1 FROM mail_contact_fts WHERE mail_contact_fts MATCH :words "
    "AND substr(address, -length(:ending)) = :ending LIMIT 1"
)
KNOWN = select(
    or_(
        *(
            exists().where(column == bindparam("address"))
            for column in (Contact.address, Subscription.address, Habit.address, Account.address)
        ),
        # Others have written to it too; that the user has says nothing.
        exists().where(
            Recipient.address == bindparam("address"),
            Recipient.message_id == MessageRow.id,
            MessageRow.address != select(Account.address).where(Account.id == 1).scalar_subquery(),
        ),
    )
)
IN_CAST = select(exists().where(Person.email == bindparam("address")))
COMPANY = select(exists().where(Company.domain == bindparam("domain")))
PERSON_AT = select(exists().where(Person.email.endswith(bindparam("ending"))))


@app.on(BOUNCES)
def mail_bounces(world: World, payload: dict[str, Any]) -> None:
    """Tell the user that nobody has the address, if it is one at a domain that this world knows."""
    message, address = world.session.get_one(MessageRow, payload["message"]), payload["address"]
    domain = address.partition("@")[2]
    if domain in PROVIDERS or somebody_has(world, address) or not _knows(world, domain):
        return
    sender, daemon = DAEMON
    body = (
        f"Address not found\n\nYour message to {address} was not delivered, because nobody has that address: look for "
        f"a slip in it, or unneeded spaces, and send it again.\n\nThe answer of the other server was:\n"
        f"550 5.1.1 <{address}>: Recipient address rejected: User unknown\n\n"
        f"Subject of the message: {message.subject}"
    )
    deliver(world, Arrival(sender=sender, address=daemon, subject=SUBJECT, body=body, reply_to=message))


def somebody_has(world: World, address: str) -> bool:
    """Whether an address is anybody's: of the address book, of a newsletter, of the cast, or one that has written."""
    session, local = world.session, address.partition("@")[0]
    if local in ROLES or session.scalar(KNOWN, {"address": address}):
        return True
    if has_cast(world) and session.scalar(IN_CAST, {"address": address}):
        return True
    return session.scalar(WROTE, {"words": f"address : {_phrase(address)}", "address": address}) is not None


def _knows(world: World, domain: str) -> bool:
    """Whether anybody in this world has an address there."""
    session, ending = world.session, f"@{domain}"
    if owner(world).address.endswith(ending):
        return True
    if session.scalar(KNOWS_AT, {"words": _phrase(ending), "ending": ending}) is not None:
        return True
    if has_cast(world) and (
        session.scalar(COMPANY, {"domain": domain}) or session.scalar(PERSON_AT, {"ending": ending})
    ):
        return True
    return session.scalar(WROTE_FROM, {"words": f"address : {_phrase(domain)}", "ending": ending}) is not None


def _phrase(words: str) -> str:
    """Words as FTS5 takes a phrase."""
    return '"' + words.replace('"', '""') + '"'
