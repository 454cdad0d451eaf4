"""The cast: people and companies that all apps of a world share.

An app declared with `cast=True` finds them in its worlds, made before it is populated. The person with id 1 is
the owner: whom the agent works for. The same size, split and seed give the same cast, whichever apps are there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from sqlalchemy import ForeignKey, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from greenroom import names
from greenroom.tasks import Size, Split
from greenroom.worlds import World

OWNER = 1
TIME_ZONES = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "Europe/London")
STREET_KINDS = ("Street", "Road", "Lane", "Avenue", "Court")


class CastBase(DeclarativeBase):
    """The tables of the cast."""


class Company(CastBase):
    """A company: people work there, shops and hosts trade under its name."""

    __tablename__ = "cast_company"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    domain: Mapped[str] = mapped_column(unique=True)


class Household(CastBase):
    """People who live at one address."""

    __tablename__ = "cast_household"
    id: Mapped[int] = mapped_column(primary_key=True)
    street: Mapped[str]
    city: Mapped[str]
    postcode: Mapped[str]
    time_zone: Mapped[str]


class Person(CastBase):
    """Somebody: lives in a household, may work for a company."""

    __tablename__ = "cast_person"
    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str]
    last_name: Mapped[str]
    email: Mapped[str] = mapped_column(unique=True)
    phone: Mapped[str]
    household_id: Mapped[int] = mapped_column(ForeignKey("cast_household.id"), index=True)
    company_id: Mapped[int | None] = mapped_column(ForeignKey("cast_company.id"), index=True)
    household: Mapped[Household] = relationship()
    company: Mapped[Company | None] = relationship()

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True)
class CastShape:
    """How many there are."""

    people: int
    companies: int


SHAPES = {
    Size.SMALL: CastShape(people=40, companies=12),
    Size.MEDIUM: CastShape(people=600, companies=80),
    Size.LARGE: CastShape(people=6_000, companies=400),
}


def owner(session: Session) -> Person:
    """The person whom the agent works for."""
    return session.get_one(Person, OWNER)


def people(session: Session) -> Sequence[Person]:
    """Everybody, by id; the owner first."""
    return session.scalars(select(Person).order_by(Person.id)).all()


def companies(session: Session) -> Sequence[Company]:
    """All companies, by id."""
    return session.scalars(select(Company).order_by(Company.id)).all()


def populate_cast(world: World, size: Size, split: Split) -> None:
    """Make the cast, all words of whose names belong to the split."""
    shape, rng = SHAPES[size], world.random
    firms = _companies(rng, split, shape.companies)
    homes, persons = _people(rng, split, shape.people, firms)
    for model, rows in ((Company, firms), (Household, homes), (Person, persons)):
        world.session.execute(insert(model), rows)


def _companies(rng: Random, split: Split, count: int) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    while len(found) < count:
        name = names.company(rng, split)
        domain = f"{name.split()[0].lower()}.com"
        found.setdefault(domain, {"name": name, "domain": domain})
    return [{"id": i, **row} for i, row in enumerate(found.values(), start=1)]


def _people(
    rng: Random, split: Split, count: int, firms: Sequence[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Households of one to four who share a last name; most adults work for a company."""
    homes: list[dict[str, Any]] = []
    persons: list[dict[str, Any]] = []
    emails: set[str] = set()
    while len(persons) < count:
        homes.append(_home(rng, split, len(homes) + 1))
        last = names.person(rng, split).split()[1]
        for _ in range(min(rng.choice((1, 1, 2, 2, 3, 4)), count - len(persons))):
            firm = rng.choice(firms) if rng.random() < 0.7 else None
            persons.append(_person(rng, split, last, homes[-1]["id"], firm, emails))
            persons[-1]["id"] = len(persons)
    return homes, persons


def _home(rng: Random, split: Split, number: int) -> dict[str, Any]:
    return {
        "id": number,
        "street": f"{rng.randrange(1, 400)} {names.word(rng, split).capitalize()} {rng.choice(STREET_KINDS)}",
        "city": names.word(rng, split).capitalize(),
        "postcode": f"{rng.randrange(10_000, 99_999)}",
        "time_zone": rng.choice(TIME_ZONES),
    }


def _person(
    rng: Random, split: Split, last: str, home: int, firm: dict[str, Any] | None, emails: set[str]
) -> dict[str, Any]:
    while True:
        first = rng.choice(names.first_names(split))
        email = names.address(f"{first} {last}", firm["domain"] if firm else f"{last.lower()}.com")
        if first != last and email not in emails:
            break
    emails.add(email)
    return {
        "first_name": first,
        "last_name": last,
        "email": email,
        "phone": f"555-01{rng.randrange(100):02}-{rng.randrange(10_000):04}",
        "household_id": home,
        "company_id": firm["id"] if firm else None,
    }
