"""A recipe: all that a base is made from, and the key that it is cached under."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version

import apsw
from sqlalchemy import MetaData

from greenroom.worlds.schema import Backend, Schema
from greenroom.worlds.world import World

FORMAT = 1
"""Number of the layout of greenroom's own tables; raise it when they change."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a base is made from.

    Attributes:
        name: The app, or the apps joined by `+`.
        tables: The tables of each app.
        size: The app's word for how much.
        split: Whom the world is for: names and senders of test never occur in train.
        seed: Of the world's randomness.
        source_digest: Hash of the code that populates: editing it makes another base.
        populate: Fills the empty world, in one transaction as "world".
        started: The virtual time at which the world begins, with a time zone.
        backend: Where its worlds live.
    """

    name: str
    tables: Sequence[MetaData]
    size: str
    split: str
    seed: int
    source_digest: str
    populate: Callable[[World], None]
    started: datetime
    backend: Backend = "sqlite"

    @property
    def schema(self) -> Schema:
        """The schema of its tables."""
        return Schema.of(*self.tables, backend=self.backend)

    @property
    def seed_text(self) -> str:
        """What the world's randomness starts from."""
        return f"{self.name}/{self.split}/{self.size}/{self.seed}"

    def key(self) -> str:
        """SHA-256 of everything above, of the schema and of the versions that the rows and pages depend on."""
        made_from = {
            "format": FORMAT,
            "recipe": [self.name, self.size, self.split, self.seed, self.source_digest],
            "started": self.started.isoformat(),
            "backend": self.backend,
            "schema": self.schema.ddl(),
            "versions": versions(),
        }
        return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


def versions() -> dict[str, str]:
    """The versions that a base's pages depend on."""
    found = {name: _version(name) for name in ("Faker", "greenroom")}
    return found | {"apsw": apsw.apsw_version(), "sqlite": apsw.sqlite_lib_version()}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
