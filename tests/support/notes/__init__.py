"""A small real app for tests: a notebook with a reminder event."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from greenroom import App, Fact, Goal, Refusal, Size, Split, Task, World
from greenroom import messages as m
from greenroom.rewards import deleted, expect, inserted


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "notes_note"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    body: Mapped[str] = mapped_column(default="")
    reads: Mapped[int] = mapped_column(default=0)


app = App("notes", models=Base, summary="A notebook.", policy="You keep notes.", incidental={"notes_note": ["reads"]})


@app.tool
def add(world: World, title: str, body: str = "") -> dict[str, Any]:
    """Add a note.

    Args:
        title: One line.
        body: The text.
    """
    note = Note(id=world.new_id("note"), title=title, body=body)
    world.session.add(note)
    return {"id": note.id, "title": title}


@app.tool
def read(world: World, note_id: int) -> dict[str, Any]:
    """Read a note."""
    note = find(world, note_id)
    note.reads += 1
    return {"id": note.id, "title": note.title, "body": note.body}


@app.tool
def search(world: World, word: str, limit: int = 5) -> list[dict[str, Any]]:
    """Find notes whose title holds a word."""
    rows = world.session.scalars(select(Note).where(Note.title.contains(word)).order_by(Note.id).limit(limit))
    return [{"id": n.id, "title": n.title} for n in rows]


@app.tool
def delete(world: World, note_id: int) -> None:
    """Delete a note."""
    world.session.delete(find(world, note_id))


@app.tool(takes=timedelta(minutes=1))
def remind(world: World, title: str, minutes: int) -> None:
    """Add a note later."""
    world.schedule("reminder", {"title": title}, after=timedelta(minutes=minutes))


@app.tool
def half_then_fail(world: World) -> None:
    """Write, then refuse: nothing may remain."""
    world.session.add(Note(id=world.new_id("note"), title="half"))
    world.session.flush()
    raise Refusal("never", "this tool always refuses")


@app.tool
def crash(world: World) -> None:
    """A bug."""
    raise ZeroDivisionError("a bug in the app")


@app.on("reminder")
def on_reminder(world: World, payload: dict[str, Any]) -> None:
    world.session.add(Note(id=world.new_id("note"), title=payload["title"]))


def find(world: World, note_id: int) -> Note:
    note = world.session.get(Note, note_id)
    if note is None:
        raise Refusal("not_found", f"no note {note_id}; search first")
    return note


@app.populate
def populate(world: World, size: Size, split: Split) -> None:
    count = {"small": 10, "medium": 100, "large": 1000}[size]
    for _ in range(count):
        title = f"{split} {world.random.choice('abcdef')}{world.random.randrange(1000)}"
        world.session.add(Note(id=world.new_id("note"), title=title, body="old"))


@app.task_family
def find_number(world: World, split: Split) -> Task:
    """Say the number that a note holds."""
    key, value = world.random.randrange(100, 999), world.random.randrange(1000, 9999)
    note = Note(id=world.new_id("note"), title=f"key {key}", body=f"the number is {value}")
    world.session.add(note)
    find_it = m.assistant(None, m.call("notes_search", word=f"key {key}"))
    read_it = m.assistant(None, m.call("notes_read", note_id=note.id))
    return Task(
        goal=Goal(intent="find_fact", requests=(f"what number is in my note key {key}?",), needs="number"),
        tools=("notes_search", "notes_read", "notes_add", "notes_delete"),
        solution=(find_it, read_it, m.assistant(f"It is {value}.")),
        slips=((find_it, m.assistant(f"It is {key}.")),),
        excess=m.call("notes_delete", note_id=1),
        verifier=expect(said=[str(value)]),
        max_steps=6,
    )


@app.task_family
def replace(world: World, split: Split) -> Task:
    """Delete a note and write another; the new title is told only when asked."""
    old = Note(id=world.new_id("note"), title=f"old {world.random.randrange(1000)}")
    world.session.add(old)
    title = f"new {world.random.randrange(1000)}"
    recipient = Fact(key="title", value=title, wordings=(f"call it {title}",), cues=("title", "call"), at_once=False)
    return Task(
        goal=Goal(intent="replace", requests=(f"replace my note {old.id} by a new one",), facts=(recipient,)),
        tools=("notes_add", "notes_delete", "notes_read"),
        solution=(
            m.assistant("What title should it have?"),
            m.assistant(
                None, m.call("notes_delete", "call_0", note_id=old.id), m.call("notes_add", "call_1", title=title)
            ),
            m.assistant("Done."),
        ),
        slips=((m.assistant(None, m.call("notes_delete", note_id=old.id)), m.assistant("Done.")),),
        excess=m.call("notes_delete", note_id=1),
        verifier=expect(wanted=[deleted("notes_note", key=old.id), inserted("notes_note", {"title": title})]),
        max_steps=6,
    )
