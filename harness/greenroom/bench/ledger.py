"""A synthetic app whose large world has about 100 MB: to measure resets with."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from greenroom.app import App
from greenroom.messages import assistant, call
from greenroom.rewards import expect
from greenroom.tasks import Goal, Size, Split, Task
from greenroom.worlds import World

ROWS = {Size.SMALL: 900, Size.MEDIUM: 9_000, Size.LARGE: 90_000}
"""A row takes about 1,150 bytes."""
OWNERS = 500


class _Models(DeclarativeBase):
    pass


class Entry(_Models):
    """One line of the ledger."""

    __tablename__ = "ledger_entry"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[int] = mapped_column(index=True)
    state: Mapped[str]
    body: Mapped[str]


app = App("ledger", models=_Models, summary="A ledger, for benchmarks.", policy="You keep a ledger.")


@app.tool
def list_entries(world: World, owner: int) -> list[dict[str, Any]]:
    """List the latest entries of an owner."""
    latest = sa.select(Entry).where(Entry.owner == owner).order_by(Entry.id.desc()).limit(5)
    return [{"id": entry.id, "state": entry.state} for entry in world.session.scalars(latest)]


@app.tool
def void(world: World, entry: int) -> None:
    """Void an entry."""
    world.session.get_one(Entry, entry).state = "void"


@app.populate
def populate(world: World, size: Size, split: Split) -> None:
    """Fill it with words."""
    words = ["".join(world.random.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(500)]
    for first in range(0, ROWS[size], 10_000):
        rows = [
            {"id": i + 1, "owner": i % OWNERS, "state": "open", "body": " ".join(world.random.choices(words, k=130))}
            for i in range(first, min(ROWS[size], first + 10_000))
        ]
        world.session.execute(sa.insert(Entry), rows)


@app.task_family
def count(world: World, split: Split) -> Task:
    """Say the state of an owner's latest entry."""
    owner = world.random.randrange(OWNERS)
    return Task(
        goal=Goal(intent="find_fact", requests=(f"What is the state of the latest entry of owner {owner}?",)),
        tools=("ledger_list_entries", "ledger_void"),
        solution=(assistant(None, call("ledger_list_entries", owner=owner)), assistant("It is open.")),
        excess=call("ledger_void", entry=1),
        verifier=expect(said=["open"]),
    )
