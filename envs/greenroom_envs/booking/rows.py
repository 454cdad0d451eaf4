"""Rows on their way into an empty world, many at a time."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert

from greenroom import World
from greenroom_envs.booking.models import Base

CHUNK = 5_000
Rows = list[dict[str, Any]]


def bulk(world: World, model: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert many rows, whose keys are all the same."""
    for start in range(0, len(rows), CHUNK):
        world.session.execute(insert(model.__table__), rows[start : start + CHUNK])  # pyright: ignore[reportArgumentType]
