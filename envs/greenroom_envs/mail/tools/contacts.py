"""People and companies."""

from typing import TypedDict

from sqlalchemy import or_, select

from greenroom import World
from greenroom_envs.mail.app import app
from greenroom_envs.mail.mailbox import require_text
from greenroom_envs.mail.models import Contact


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
    matches = or_(Contact.name.contains(part, autoescape=True), Contact.address.contains(part, autoescape=True))
    found = world.session.scalars(select(Contact).where(matches).order_by(Contact.name, Contact.id).limit(10))
    return [{"name": c.name, "address": c.address, "phone": c.phone} for c in found]
