"""Calls with valid arguments for every tool of an app: from its oracles, and from what its rows and results hold."""

import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from greenroom.app import App
from greenroom.errors import AppError
from greenroom.messages import ToolCall, call, calls_of
from greenroom.sandboxes.local import LocalSandbox
from greenroom.spaces import sample_value
from greenroom.tasks import Split
from greenroom.tools import CallResult, Tool
from greenroom.worlds import Snapshot, World, paged
from greenroom.worlds.connection import run

ROWS = 60
"""So many rows of each table give values."""
TRIES = 300
"""So often arguments are drawn, in each round, for a tool that no call was found for."""
PATIENCE = 50
"""So many draws in a row may fail for a tool that some call was found for."""
PLACES = 4
"""So many worlds are kept that calls of one tool led to."""
ROUNDS = 3
"""What one round has made (a hold, a rule, a saved listing) is what tools of the next can change."""
FREE = ("name", "title", "subject", "email", "label", "body", "text")
"""Where a text may come from whose name says nothing."""


@dataclass(frozen=True)
class Sample:
    """A call that its app accepts, and the world that it accepts it in."""

    snapshot: Snapshot
    call: ToolCall


@dataclass
class Pool:
    """Values by the names that they go by: columns of rows, fields of results, arguments of oracles.

    Attributes:
        values: By name.
        records: What was found together: the fields of one object.
    """

    values: dict[str, list[Any]] = field(default_factory=lambda: defaultdict[str, list[Any]](list))
    records: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def add(self, name: str, value: Any) -> None:
        """Take in a value; of an object or a list, what is in it."""
        if isinstance(value, dict):
            record = cast(dict[str, Any], value)
            self.records.append(record)
            for key, inner in record.items():
                self.add(key, inner)
        elif isinstance(value, list):
            for inner in cast(list[Any], value):
                self.add(name.removesuffix("s"), inner)
        elif value is not None and len(self.values[name]) < 500:
            self.values[name].append(value)

    def draw(self, name: str, schema: Mapping[str, Any], rng: random.Random) -> Any:
        """A value for an argument: of its own name, else of one that ends alike; None when there is none that fits."""
        if schema.get("type") == "array":
            one = self.draw(name.removesuffix("s"), cast(dict[str, Any], schema.get("items", {})), rng)
            return None if one is None else [one]
        wanted = _python_type(schema)
        tails = {name, name.split("_")[-1], name.split("_")[0]}
        alike = [known for known in sorted(self.values) if tails & {known, known.split("_")[-1]}]
        for names in ((name,), alike, FREE if wanted is str and rng.random() < 0.5 else ()):
            fitting = [value for known in names for value in self.values.get(known, ()) if type(value) is wanted]
            if fitting:
                return rng.choice(fitting)
        return None

    def record(self, names: Sequence[str], rng: random.Random) -> Mapping[str, Any]:
        """One of the records that hold the most of these names."""
        shared = [sum(name in record for name in names) for record in self.records]
        most = max(shared, default=0)
        return rng.choice([r for r, n in zip(self.records, shared, strict=True) if n == most]) if most else {}


@dataclass(frozen=True)
class Place:
    """A world to try calls in.

    Attributes:
        snapshot: The world.
        pool: The values that were met in it.
        made_by: The tool whose call led to it; empty for starts.
    """

    snapshot: Snapshot
    pool: Pool
    made_by: str = ""


@dataclass
class Places:
    """The base, and the worlds that calls have led to, by the tool that did."""

    base: Place
    by_tool: dict[str, list[Place]] = field(default_factory=lambda: defaultdict[str, list[Place]](list))

    def add(self, place: Place) -> None:
        """Take in a place; a few of each tool do."""
        if len(self.by_tool[place.made_by]) < PLACES:
            self.by_tool[place.made_by].append(place)

    def draw(self, rng: random.Random) -> Place:
        """One of them: what state a tool needs is more often made by some tool than there from the start."""
        if not self.by_tool or rng.random() < 0.2:
            return self.base
        return rng.choice(self.by_tool[rng.choice(sorted(self.by_tool))])


def samples(app: App, sandbox: LocalSandbox, split: Split, most: int, rounds: int = ROUNDS) -> dict[str, list[Sample]]:
    """Accepted calls of every tool, at most so many each; tools for which none was found have none.

    Args:
        app: The app.
        sandbox: Where it runs.
        split: Whose tasks and base.
        most: How many calls of each tool.
        rounds: How often all tools are gone through for which nothing was found yet.
    """
    found: dict[str, list[Sample]] = {name: [] for name in app.tools}
    base = sandbox.base(split)
    places = Places(Place(base, pool_of(base)))
    for sample, reached in _oracles(app, sandbox, split, most):
        places.add(reached)
        if len(chosen := found[reached.made_by]) < most:
            chosen.append(sample)
    for number in range(rounds):
        for tool in app.tools.values():
            if not found[tool.name]:
                found[tool.name] = list(_drawn(app, tool, places, most, number))
    return found


def common_words(snapshot: Snapshot, count: int) -> list[str]:
    """The commonest words of the texts of a world."""
    words: Counter[str] = Counter()
    for _, row in _rows(snapshot, 3000):
        for value in row.values():
            if isinstance(value, str) and " " in value:
                words.update(re.findall(r"[a-z]{2,}", value.lower()))
    return [word for word, _ in words.most_common(count)]


def pool_of(snapshot: Snapshot) -> Pool:
    """The values of a world's rows; the id of a row of `shop_order` goes by `order_id` too."""
    pool = Pool()
    for table, row in _rows(snapshot):
        entity = table.partition("_")[2]
        pool.add("", {**row, f"{entity}_id": row["id"]} if "id" in row else row)
    return pool


def _oracles(app: App, sandbox: LocalSandbox, split: Split, tasks: int) -> Iterator[tuple[Sample, Place]]:
    """The accepted calls of some oracles, each with the world that it led to and the values met by then."""
    for family in app.playable:
        for index in range(tasks):
            brief = sandbox.prepare(f"{app.name}/{split}/{family}/{index}")
            pool = Pool()
            with sandbox.start(brief.snapshot).open() as world:
                for one in (c for message in brief.solution for c in calls_of(message)):
                    sample = Sample(world.freeze(), one)
                    result = app.call(world, one)
                    if result.refused is None:
                        _learn(pool, one, result)
                        yield sample, Place(world.freeze(), deepcopy(pool), one["function"]["name"])
            sandbox.release(brief.snapshot)


def _learn(pool: Pool, one: ToolCall, result: CallResult) -> None:
    pool.add("", json.loads(one["function"]["arguments"]))
    pool.add("", json.loads(result.text))


def _rows(snapshot: Snapshot, most: int = ROWS) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows of the apps' tables, from their middle on, where nothing is special."""
    with paged(snapshot).reading() as db:
        for table, columns in run(db, "SELECT name, columns FROM greenroom_table ORDER BY name"):
            count = int(run(db, f'SELECT count(*) FROM "{table}"')[0][0])
            query = f'SELECT * FROM "{table}" LIMIT {most} OFFSET {max(0, count // 2 - most // 2)}'
            for row in run(db, query):
                yield table, dict(zip(json.loads(columns), row, strict=False))


def _drawn(app: App, tool: Tool, places: Places, most: int, number: int) -> Iterator[Sample]:
    """Calls with drawn arguments that are accepted somewhere; the worlds that they lead to become places too."""
    rng, sampler = random.Random(f"{tool.name} {number}"), np.random.default_rng(7 + number)
    tried: set[tuple[int, str]] = set()
    left, misses = most, 0
    for _ in range(TRIES):
        if not left or (left < most and misses >= PATIENCE):
            return
        misses += 1
        place = places.draw(rng)
        one = call(tool.name, **_arguments(tool, place.pool, places.base.pool, rng, sampler))
        if (id(place), one["function"]["arguments"]) in tried:
            continue
        tried.add((id(place), one["function"]["arguments"]))
        reached = _reached(app, place, one)
        if reached is not None:
            yield Sample(place.snapshot, one)
            places.add(reached)
            left, misses = left - 1, 0


def _reached(app: App, place: Place, one: ToolCall) -> Place | None:
    """Where a call leads; None when it is refused or fails, which is for `check` to tell."""
    with place.snapshot.open() as world:
        try:
            result = app.call(world, one)
        except AppError:
            return None
        if result.refused is not None:
            return None
        pool = deepcopy(place.pool) if place.made_by else Pool()
        _learn(pool, one, result)
        return Place(world.freeze(), pool, one["function"]["name"])


def _arguments(tool: Tool, near: Pool, far: Pool, rng: random.Random, sampler: np.random.Generator) -> dict[str, Any]:
    """The required arguments: of one record, from the values of a place, of the base, or else by the schema alone."""
    parameters = tool.schema["function"]["parameters"]
    names: list[str] = parameters.get("required", [])
    record: Mapping[str, Any] = {}
    if rng.random() < 0.7:
        record = (near if rng.random() < 0.7 else far).record(names, rng)
    drawn: dict[str, Any] = {}
    for name in names:
        schema = parameters["properties"][name]
        value = record.get(name)
        if type(value) is not _python_type(schema):
            value = None if "enum" in schema else _from_either(near, far, name, schema, rng)
        drawn[name] = sample_value(schema, sampler, parameters.get("$defs", {})) if value is None else value
    return drawn


def _from_either(near: Pool, far: Pool, name: str, schema: Mapping[str, Any], rng: random.Random) -> Any:
    first, second = (near, far) if rng.random() < 0.7 else (far, near)
    value = first.draw(name, schema, rng)
    return second.draw(name, schema, rng) if value is None else value


def _python_type(schema: Mapping[str, Any]) -> type:
    kinds: dict[str, type] = {"string": str, "integer": int, "boolean": bool, "number": float}
    return kinds.get(str(schema.get("type")), object)


def rows_of(world: World) -> int:
    """How many rows the apps' tables hold."""
    tables = world.run("SELECT name FROM greenroom_table")
    return sum(int(world.run(f'SELECT count(*) FROM "{table}"')[0][0]) for (table,) in tables)
