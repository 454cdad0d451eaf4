"""A synthetic world of so many megabytes: three apps of eight tables each, to measure worlds with."""

import random
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase

from greenroom.worlds import Recipe, World

APPS = {
    "mail": ("account", "folder", "message", "attachment", "contact", "label", "flag", "draft"),
    "booking": ("hotel", "room", "rate", "guest", "stay", "payment", "review", "amenity"),
    "shop": ("customer", "product", "variant", "cart", "cart_item", "orders", "order_item", "coupon"),
}
OWNERS = 500
STATES = ("open", "paid", "void", "sent")
BULK = "mail_message"
"""The table that holds most of the data."""


class Models(DeclarativeBase):
    """The models of all three apps."""


def _model(name: str) -> type[Any]:
    columns: dict[str, Any] = {
        "__tablename__": name,
        "id": sa.Column(sa.Integer, primary_key=True),
        "owner_id": sa.Column(sa.Integer, nullable=False),
        "name": sa.Column(sa.String, nullable=False),
        "state": sa.Column(sa.String, nullable=False),
        "amount": sa.Column(sa.Integer, nullable=False),
        "created": sa.Column(sa.DateTime, nullable=False),
        "body": sa.Column(sa.String, nullable=False),
    }
    columns["__table_args__"] = (sa.Index(f"ix_{name}_owner", "owner_id", "created"),)
    return type(name.title().replace("_", ""), (Models,), columns)


MODELS = {f"{app}_{table}": _model(f"{app}_{table}") for app, tables in APPS.items() for table in tables}
Message = MODELS[BULK]


def recipe(megabytes: int) -> Recipe:
    """A world of about so many megabytes."""
    return Recipe(
        name="synthetic",
        tables=[Models.metadata],
        size=f"{megabytes}mb",
        split="train",
        seed=0,
        source_digest="1",
        populate=lambda world: _populate(world, megabytes),
        started=datetime(2026, 1, 1, tzinfo=UTC),
    )


def _populate(world: World, megabytes: int) -> None:
    # A row of the bulk table takes about 950 bytes with its index entry, one of another about 150.
    draw = world.random
    words = ["".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=draw.randint(3, 9))) for _ in range(2000)]
    small = max(40, megabytes * 18)
    for name, model in MODELS.items():
        rows, length = (megabytes * 880, 120) if name == BULK else (small, 8)
        for first in range(0, rows, 10_000):
            count = min(10_000, rows - first)
            values = [_row(draw, words, first + i, length) for i in range(count)]
            world.session.execute(sa.insert(model), values)


def _row(draw: random.Random, words: list[str], number: int, length: int) -> dict[str, Any]:
    return {
        "id": number + 1,
        "owner_id": number % OWNERS + 1,
        "name": " ".join(draw.choices(words, k=3)),
        "state": STATES[number % 4],
        "amount": draw.randint(1, 99_999),
        "created": datetime(2025, number % 12 + 1, number % 28 + 1, number % 24),
        "body": " ".join(draw.choices(words, k=length)),
    }
