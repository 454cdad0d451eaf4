"""A small real app whose worlds live in PostgreSQL: an address book that uses what SQLite does not have."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from greenroom import App, Goal, Refusal, Size, Split, Task, World
from greenroom import messages as m
from greenroom.rewards import expect, inserted, updated

FIRST = ("Ana", "Béla", "Chidi", "Dörte", "Emil", "Fay")
LAST = ("Abara", "Bach", "Cole", "Dahl", "Eze", "Fink")


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "contacts_person"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    tags: Mapped[list[str]] = mapped_column(ARRAY(sa.String))
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Note(Base):
    __tablename__ = "contacts_note"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey(Person.id))
    text: Mapped[str]


app = App("contacts", models=Base, summary="An address book.", policy="You keep contacts.", backend="postgres")


@app.tool
def search(world: World, name: str, limit: int = 5) -> list[dict[str, Any]]:
    """Find people by a part of their name, accents and case as they are written.

    Args:
        name: A part of the name.
        limit: At most so many.
    """
    query = sa.select(Person).where(Person.name.ilike(f"%{name}%")).order_by(Person.id).limit(limit)
    return [{"id": p.id, "name": p.name, "tags": p.tags} for p in world.session.scalars(query)]


@app.tool
def read(world: World, person_id: int) -> dict[str, Any]:
    """Read all about a person."""
    person = find(world, person_id)
    return {"id": person.id, "name": person.name, "tags": person.tags, **person.details}


@app.tool
def tag(world: World, person_id: int, tag: str) -> dict[str, Any]:
    """Add a tag to a person."""
    person = find(world, person_id)
    if tag not in person.tags:
        person.tags = [*person.tags, tag]
    return {"tags": person.tags}


@app.tool
def note(world: World, person_id: int, text: str) -> dict[str, int]:
    """Write a note about a person."""
    row = Note(id=world.new_id("note"), person_id=find(world, person_id).id, text=text)
    world.session.add(row)
    return {"id": row.id}


@app.tool
def forget(world: World, person_id: int) -> None:
    """Delete a person and all notes about them."""
    world.session.execute(sa.delete(Note).where(Note.person_id == person_id))
    world.session.delete(find(world, person_id))


def find(world: World, person_id: int) -> Person:
    person = world.session.get(Person, person_id)
    if person is None:
        raise Refusal("not_found", f"nobody has the id {person_id}; search first")
    return person


@app.populate
def populate(world: World, size: Size, split: Split) -> None:
    for _ in range({"small": 20, "medium": 2000, "large": 20000}[size]):
        draw = world.random
        name = f"{draw.choice(FIRST)} {draw.choice(LAST)} {draw.randrange(1000)}"
        details = {"phone": f"+{draw.randrange(10**9, 10**10)}", "city": draw.choice(("Oslo", "Bergen")), "vip": False}
        world.session.add(Person(id=world.new_id("person"), name=name, tags=["imported"], details=details))


def newcomer(world: World) -> Person:
    name = f"{world.random.choice(FIRST)} {world.random.choice(LAST)}-{world.random.randrange(1000, 9999)}"
    details = {"phone": f"+{world.random.randrange(10**9, 10**10)}", "city": "Oslo", "vip": True}
    person = Person(id=world.new_id("person"), name=name, tags=[], details=details)
    world.session.add(person)
    return person


@app.task_family
def find_phone(world: World, split: Split) -> Task:
    """Say somebody's number."""
    person = newcomer(world)
    look = m.assistant(None, m.call("contacts_search", name=person.name))
    read_it = m.assistant(None, m.call("contacts_read", person_id=person.id))
    return Task(
        goal=Goal(intent="find_fact", requests=(f"what is the number of {person.name}?",), needs="number"),
        tools=("contacts_search", "contacts_read", "contacts_forget"),
        solution=(look, read_it, m.assistant(f"It is {person.details['phone']}.")),
        slips=((look, m.assistant("It is 12.")),),
        excess=m.call("contacts_forget", person_id=1),
        verifier=expect(said=[str(person.details["phone"])[1:]]),
    )


@app.task_family
def tag_and_note(world: World, split: Split) -> Task:
    """Tag somebody and write a note."""
    person, word = newcomer(world), f"met in {world.random.randrange(1990, 2026)}"
    both = m.assistant(
        None,
        m.call("contacts_tag", "call_0", person_id=person.id, tag="friend"),
        m.call("contacts_note", "call_1", person_id=person.id, text=word),
    )
    return Task(
        goal=Goal(intent="tag", requests=(f"tag {person.name} as friend and note '{word}'",)),
        tools=("contacts_search", "contacts_tag", "contacts_note", "contacts_forget"),
        solution=(both, m.assistant("Done.")),
        slips=((m.assistant(None, m.call("contacts_tag", person_id=person.id, tag="friend")), m.assistant("Done.")),),
        excess=m.call("contacts_forget", person_id=1),
        verifier=expect(
            wanted=[
                updated("contacts_person", key=person.id, values={"tags": ["friend"]}),
                inserted("contacts_note", {"person_id": person.id, "text": word}),
            ]
        ),
    )
