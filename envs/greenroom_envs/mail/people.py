"""Who writes to an account: contacts, newsletters and shops, busy and quiet ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from random import Random

from faker import Faker
from sqlalchemy import or_, select, text

from greenroom import Split, World
from greenroom.cast import Person, owner
from greenroom_envs.mail import names


@dataclass(frozen=True)
class Party:
    """Somebody, or a company, with an address."""

    name: str
    address: str
    phone: str = ""

    @property
    def first(self) -> str:
        """How friends call them."""
        return names.tag(self.name)


@dataclass(frozen=True)
class Circle:
    """Everybody around an account; `weights` (cumulative) say how much each contact writes."""

    me: Party
    contacts: Sequence[Party]
    weights: Sequence[float]
    newsletters: Sequence[Party]
    shops: Sequence[Party]
    spammers: Sequence[Party]


def meet(fake: Faker, rng: Random, split: Split, contacts: int, newsletters: int, shops: int) -> Circle:
    """Make up a circle of people and companies, all words of which belong to the split.

    Activity follows Zipf's law, as in real mailboxes: the contact of rank r writes about 1/r as much
    as the busiest one.
    """
    domains = [f"{names.word(rng, split)}.com" for _ in range(max(3, contacts // 8))]
    taken: set[str] = set()
    people = [_person(fake, rng, split, rng.choice(domains), taken) for _ in range(contacts + 1)]
    people = _households(people, taken)
    weights = list(accumulate(1 / rank for rank in range(1, contacts + 1)))
    return Circle(
        me=people[0],
        contacts=people[1:],
        weights=weights,
        newsletters=[_company(names.newsletter(rng, split), "letter", taken) for _ in range(newsletters)],
        shops=[_company(names.company(rng, split), "orders", taken) for _ in range(shops)],
        spammers=[_company(names.company(rng, split), "win", taken) for _ in range(2 + shops // 5)],
    )


def _person(fake: Faker, rng: Random, split: Split, domain: str, taken: set[str]) -> Party:
    name = names.person(rng, split)
    return Party(name, _free(names.address(name, domain), taken), fake.numerify("555-01##-####"))


def _households(people: Sequence[Party], taken: set[str]) -> list[Party]:
    """Let some live together: the two busiest contacts with the owner, one of eight others with the one before.

    Who lives together shares a last name and a domain; nothing is drawn, so that all else stays as it is.
    """
    found = list(people)
    for place, person in enumerate(people[1:], start=1):
        anchor = people[0] if place < 3 else found[place - 1]
        last = anchor.name.split()[1]
        if (place < 3 or place % 8 == 0) and last != person.name.split()[0]:
            name = f"{person.name.split()[0]} {last}"
            found[place] = replace(person, name=name, address=_free(names.address(name, f"{last.lower()}.com"), taken))
    return found


def _company(name: str, mailbox: str, taken: set[str]) -> Party:
    return Party(name, _free(company_address(name, mailbox), taken))


def company_address(name: str, mailbox: str) -> str:
    """Where a company's mail comes from: `letter@norvik-digest.com`."""
    return f"{mailbox}@{name.lower().replace(' ', '-')}.com"


def _free(address: str, taken: set[str]) -> str:
    """The address, with a number before the @ when it is taken."""
    local, domain = address.split("@")
    free, count = address, 1
    while free in taken:
        count += 1
        free = f"{local}{count}@{domain}"
    taken.add(free)
    return free


def cast_around(world: World) -> list[Party]:
    """The owner of the cast, then the household and the colleagues; nobody in a world without a cast."""
    if not has_cast(world):
        return []
    me = owner(world.session)
    near = or_(Person.household_id == me.household_id, Person.company_id == me.company_id)
    others = world.session.scalars(select(Person).where(near, Person.id != me.id).order_by(Person.id))
    return [Party(person.name, person.email, person.phone) for person in (me, *others)]


def zone_around(world: World) -> str:
    """The time zone of the cast's owner; UTC in a world without a cast."""
    return owner(world.session).household.time_zone if has_cast(world) else "UTC"


def has_cast(world: World) -> bool:
    """Whether the apps of the world share people and companies."""
    table = text("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'cast_person'")
    return world.session.scalar(table) is not None


def with_cast(circle: Circle, cast: Sequence[Party]) -> Circle:
    """The circle, its account the owner's, its busiest contacts those of the cast who are near the owner."""
    if not cast:
        return circle
    me, near = cast[0], cast[1 : 1 + len(circle.contacts) // 2]
    taken = {party.address for party in cast}
    others = [contact for contact in circle.contacts[len(near) :] if contact.address not in taken]
    contacts = [*near, *others]
    return replace(circle, me=me, contacts=contacts, weights=circle.weights[: len(contacts)])
