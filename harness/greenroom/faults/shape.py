"""Schema surprises: a field of a tool's results is renamed or added, as after a careless deployment."""

import json
from collections.abc import Iterator
from typing import Any, cast

from greenroom.faults.draw import chance

ADDED: tuple[tuple[str, Any], ...] = (
    ("api_version", "2026-03-01"),
    ("request_id", "req_7f3c9a"),
    ("deprecated", True),
    ("links", {"self": "/v2"}),
)


def changed(text: str, seed: str, tool: str) -> tuple[str, dict[str, Any]]:
    """A result in its new shape.

    Args:
        text: The result, JSON.
        seed: The fault seed.
        tool: Whose result; the same tool changes in the same way, however often it is called.

    Returns:
        The new text, and what was done: `renamed` and `to`, or `added`.
    """
    value = json.loads(text)
    names = sorted(set(_names(value)), key=lambda name: chance(seed, tool, name, "renamed"))
    if names and chance(seed, tool, "how") < 0.5:
        name, other = names[0], _renamed(names[0])
        return json.dumps(_with_name(value, name, other), ensure_ascii=False), {"renamed": name, "to": other}
    name, extra = ADDED[int(chance(seed, tool, "added") * len(ADDED))]
    return json.dumps(_with_field(value, name, extra), ensure_ascii=False), {"added": name}


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in cast(dict[str, Any], value).items():
            yield name
            yield from _names(inner)
    elif isinstance(value, list):
        for inner in cast(list[Any], value):
            yield from _names(inner)


def _renamed(name: str) -> str:
    """snake_case becomes camelCase; one word becomes Capitalized."""
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others) if others else name[:1].upper() + name[1:]


def _with_name(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        pairs = cast(dict[str, Any], value).items()
        return {(new if name == old else name): _with_name(inner, old, new) for name, inner in pairs}
    if isinstance(value, list):
        return [_with_name(inner, old, new) for inner in cast(list[Any], value)]
    return value


def _with_field(value: Any, name: str, extra: Any) -> Any:
    """The field goes into the object, or into each object of a list."""
    if isinstance(value, dict):
        return {**cast(dict[str, Any], value), name: extra}
    if isinstance(value, list):
        return [_with_field(inner, name, extra) for inner in cast(list[Any], value)]
    return value
