"""Calls with valid arguments for every tool of an app: from its oracles, and from what its rows and results hold."""

import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
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
from greenroom.worlds import Snapshot, World
from greenroom.worlds.connection import run

ROWS = 60
"""So many rows of each table give values."""
TRIES = 120
"""So often arguments are drawn for a tool that no oracle uses."""


@dataclass(frozen=True)
class Sample:
    """A call that its app accepts, and the world that it accepts it in."""

    snapshot: Snapshot
    call: ToolCall


@dataclass
class Pool:
    """Values by the names that they go by: columns of rows, fields of results, arguments of oracles."""

    values: dict[str, list[Any]] = field(default_factory=lambda: defaultdict[str, list[Any]](list))

    def add(self, name: str, value: Any) -> None:
        """Take in a value; of an object or a list, what is in it."""
        if isinstance(value, dict):
            for key, inner in cast(dict[str, Any], value).items():
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
        kinds = {"string": str, "integer": int, "boolean": bool, "number": float}
        wanted = kinds.get(str(schema.get("type")), object)
        tails = {name, name.split("_")[-1], name.split("_")[0]}
        found = [known for known in sorted(self.values) if known == name] or [
            known for known in sorted(self.values) if tails & {known, known.split("_")[-1]}
        ]
        fitting = [value for known in found for value in self.values[known] if type(value) is wanted]
        return rng.choice(fitting) if fitting else None


def samples(app: App, sandbox: LocalSandbox, split: Split, most: int) -> dict[str, list[Sample]]:
    """Accepted calls of every tool, at most so many each; tools for which none was found have none."""
    found: dict[str, list[Sample]] = {name: [] for name in app.tools}
    pool = Pool()
    for sample, result in _of_oracles(app, sandbox, split, most):
        name = sample.call["function"]["name"]
        pool.add("", json.loads(sample.call["function"]["arguments"]))
        pool.add("", json.loads(result))
        if len(found[name]) < most:
            found[name].append(sample)
    base = sandbox.base(split)
    for name, row in _rows(base):
        pool.add(name, row)
    # Twice: what readers return makes the arguments of others.
    for tool in [*app.tools.values(), *app.tools.values()]:
        if not found[tool.name]:
            found[tool.name] = list(_drawn(app, base, tool, pool, most))
    return found


def common_words(snapshot: Snapshot, count: int) -> list[str]:
    """The commonest words of the texts of a world."""
    words: Counter[str] = Counter()
    for _, row in _rows(snapshot, 3000):
        for value in row.values():
            if isinstance(value, str) and " " in value:
                words.update(re.findall(r"[a-z]{2,}", value.lower()))
    return [word for word, _ in words.most_common(count)]


def _of_oracles(app: App, sandbox: LocalSandbox, split: Split, tasks: int) -> Iterator[tuple[Sample, str]]:
    """The calls of some oracles that are accepted, each with its result."""
    for family in app.playable:
        for index in range(tasks):
            brief = sandbox.prepare(f"{app.name}/{split}/{family}/{index}")
            with sandbox.start(brief.snapshot).open() as world:
                for one in (c for message in brief.solution for c in calls_of(message)):
                    sample = Sample(world.freeze(), one)
                    result = app.call(world, one)
                    if result.refused is None:
                        yield sample, result.text
            sandbox.release(brief.snapshot)


def _rows(snapshot: Snapshot, most: int = ROWS) -> Iterator[tuple[str, dict[str, Any]]]:
    """Rows of the apps' tables, from their middle on, where nothing is special."""
    with snapshot.reading() as db:
        for table, columns in run(db, "SELECT name, columns FROM greenroom_table ORDER BY name"):
            count = int(run(db, f'SELECT count(*) FROM "{table}"')[0][0])
            query = f'SELECT * FROM "{table}" LIMIT {most} OFFSET {max(0, count // 2 - most // 2)}'
            for row in run(db, query):
                yield table, dict(zip(json.loads(columns), row, strict=False))


def _drawn(app: App, base: Snapshot, tool: Tool, pool: Pool, most: int) -> Iterator[Sample]:
    """Calls with drawn arguments that are accepted in the base; their results join the pool."""
    rng, sampler = random.Random(tool.name), np.random.default_rng(7)
    tried: set[str] = set()
    left = most
    for _ in range(TRIES):
        one = call(tool.name, **_arguments(tool, pool, rng, sampler))
        if not left or one["function"]["arguments"] in tried:
            continue
        tried.add(one["function"]["arguments"])
        result = _accepted(app, base, one)
        if result is not None:
            pool.add("", json.loads(result.text))
            yield Sample(base, one)
            left -= 1


def _accepted(app: App, base: Snapshot, one: ToolCall) -> CallResult | None:
    """What a call gives in a fork of the base; None when it is refused or fails, which is for `check` to tell."""
    with base.open() as world:
        try:
            result = app.call(world, one)
        except AppError:
            return None
    return None if result.refused else result


def _arguments(tool: Tool, pool: Pool, rng: random.Random, sampler: np.random.Generator) -> dict[str, Any]:
    """The required arguments, from the pool where it has some that fit, else by the schema alone."""
    parameters = tool.schema["function"]["parameters"]
    drawn: dict[str, Any] = {}
    for name in parameters.get("required", ()):
        schema = parameters["properties"][name]
        value = None if "enum" in schema else pool.draw(name, schema, rng)
        drawn[name] = sample_value(schema, sampler, parameters.get("$defs", {})) if value is None else value
    return drawn


def rows_of(world: World) -> int:
    """How many rows the apps' tables hold."""
    tables = run(world.connection, "SELECT name FROM greenroom_table")
    return sum(int(run(world.connection, f'SELECT count(*) FROM "{table}"')[0][0]) for (table,) in tables)
