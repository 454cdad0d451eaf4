"""The difference between two snapshots, found the slow way: by reading all of both."""

from collections.abc import Mapping
from typing import Any

from greenroom.errors import WorldError
from greenroom.worlds import content
from greenroom.worlds.changes import Change
from greenroom.worlds.content import Contents
from greenroom.worlds.world import Snapshot


def diff(a: Snapshot, b: Snapshot) -> list[Change]:
    """The rows that differ between two snapshots, by table and key, found by reading all of both.

    Raises:
        WorldError: They do not have the same tables.
    """
    schema = a.schema or b.schema
    with a.contents() as before, b.contents() as after:
        mine, others = _names(before), _names(after)
        if mine != others:
            odd = sorted(mine.keys() ^ others.keys()) or sorted(mine)
            raise WorldError(f"the snapshots are of different apps: they differ in table '{odd[0]}'")
        return content.compare(before, after, schema.shapes if schema else before.shapes)


def _names(contents: Contents) -> Mapping[str, Any]:
    return {name: (shape.columns, shape.key) for name, shape in contents.shapes.items()}
