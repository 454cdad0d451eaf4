"""A small shop for tests of worlds: two tables and a full-text index."""

from collections.abc import Callable
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.event import listen
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from greenroom.worlds import Recipe, World


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "shop_item"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    price: Mapped[int]
    added: Mapped[datetime]


class Stock(Base):
    __tablename__ = "shop_stock"
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("shop_item.id"), primary_key=True)
    place: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    label: Mapped[bytes | None]


for statement in (
    "CREATE VIRTUAL TABLE shop_search USING fts5(name, content='shop_item', content_rowid='id')",
    "CREATE TRIGGER shop_search_added AFTER INSERT ON shop_item BEGIN "
    "INSERT INTO shop_search(rowid, name) VALUES (new.id, new.name); END",
):
    listen(Base.metadata, "after_create", sa.DDL(statement).execute_if(dialect="sqlite"))


def populate(world: World) -> None:
    items = [{"id": i, "name": f"item {i}", "price": i * 10, "added": world.now} for i in range(1, 301)]
    stock = [
        {"item_id": i, "place": place, "count": world.random.randint(0, 9), "label": None}
        for i in range(1, 301)
        for place in ("attic", "cellar")
    ]
    world.session.execute(sa.insert(Item), items)
    world.session.execute(sa.insert(Stock), stock)


Populate = Callable[[World], None]


def shop_recipe(seed: int = 0, source_digest: str = "1", populate: Populate = populate) -> Recipe:
    return Recipe(
        name="shop",
        tables=[Base.metadata],
        size="small",
        split="train",
        seed=seed,
        source_digest=source_digest,
        populate=populate,
        started=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    )
