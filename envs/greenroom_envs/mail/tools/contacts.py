"""People and companies."""

from typing import TypedDict

from sqlalchemy import bindparam, column, or_, select, table

from greenroom import Refusal, World
from greenroom_envs.mail.app import app
from greenroom_envs.mail.mailbox import ADDRESS, require_text
from greenroom_envs.mail.models import Contact

SHORTEST = 3
"""The index of the address book knows threes of letters."""
FEW = 200
INDEX = table("mail_contact_fts", column("rowid"), column("mail_contact_fts"))
HOLDING = select(INDEX.c.rowid).where(INDEX.c.mail_contact_fts.op("MATCH")(bindparam("part"))).limit(FEW + 1)
CHOSEN = (
    select(Contact).where(Contact.id.in_(bindparam("ids", expanding=True))).order_by(Contact.name, Contact.id).limit(10)
)
AT = select(Contact).where(Contact.address == bindparam("address"))
HOLDER = select(Contact.name).where(Contact.address == bindparam("address"))


class Person(TypedDict):
    """A contact."""

    name: str
    address: str
    phone: str


@app.tool
def find_contacts(world: World, query: str) -> list[Person]:
    """Find contacts by a part of their name or address; ten at most.

    Args:
        query: Any part of the name or address.
    """
    require_text(query=query)
    part = query.strip()
    ids = _holding(world, part)
    if ids is not None:
        return [_shown(contact) for contact in world.session.scalars(CHOSEN, {"ids": ids})]
    fits = or_(Contact.name.contains(part, autoescape=True), Contact.address.contains(part, autoescape=True))
    found = world.session.scalars(select(Contact).where(fits).order_by(Contact.name, Contact.id).limit(10))
    return [_shown(contact) for contact in found]


def _holding(world: World, part: str) -> list[int] | None:
    """The contacts in whose name or address it occurs; None when the walk by name will soon have met ten of them."""
    if len(part) < SHORTEST or "\0" in part:
        return None
    words = '"' + part.replace('"', '""') + '"'
    ids = list(world.session.scalars(HOLDING, {"part": words}))
    return ids if len(ids) <= FEW else None


@app.tool
def add_contact(world: World, name: str, address: str, phone: str = "") -> Person:
    """Put somebody into the address book.

    Args:
        name: Their full name.
        address: Their mail address.
        phone: Their telephone number, if known.
    """
    require_text(name=name)
    contact = Contact(name=name.strip(), address=_free(world, address), phone=phone.strip())
    world.session.add(contact)
    return _shown(contact)


@app.tool
def edit_contact(
    world: World, address: str, name: str | None = None, new_address: str | None = None, phone: str | None = None
) -> Person:
    """Change somebody in the address book; what is not given stays.

    Args:
        address: Their mail address as it stands there.
        name: Their full name from now on.
        new_address: Their mail address from now on.
        phone: Their telephone number from now on.
    """
    contact = _known(world, address)
    if name is not None:
        require_text(name=name)
        contact.name = name.strip()
    if new_address is not None and new_address.strip().lower() != contact.address:
        contact.address = _free(world, new_address)
    if phone is not None:
        contact.phone = phone.strip()
    return _shown(contact)


@app.tool
def delete_contact(world: World, address: str) -> Person:
    """Take somebody out of the address book; their messages stay.

    Args:
        address: Their mail address.
    """
    contact = _known(world, address)
    world.session.delete(contact)
    return _shown(contact)


def _known(world: World, address: str) -> Contact:
    contact = world.session.scalars(AT, {"address": address.strip().lower()}).one_or_none()
    if contact is None:
        raise Refusal(
            "no_such_contact", f"No contact has the address '{address}': look the person up with mail_find_contacts."
        )
    return contact


def _free(world: World, address: str) -> str:
    plain = address.strip().lower()
    if not ADDRESS.fullmatch(plain):
        raise Refusal("bad_address", f"'{address}' is no mail address: write it like danielle@norvik.com.")
    holder = world.session.scalars(HOLDER, {"address": plain}).one_or_none()
    if holder is not None:
        raise Refusal("address_taken", f"'{plain}' is already there, as {holder}: change that contact instead.")
    return plain


def _shown(contact: Contact) -> Person:
    return {"name": contact.name, "address": contact.address, "phone": contact.phone}
