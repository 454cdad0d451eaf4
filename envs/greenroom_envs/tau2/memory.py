"""What a toolkit remembers outside its database, and what it draws: both must follow from the world alone."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from random import Random
from typing import Any, cast

LEFT_OUT = frozenset({"db"})


def remembered(toolkit: object) -> dict[str, Any]:
    """A toolkit's own attributes, such as counters of ids, as plain JSON."""
    return {k: plain for k, v in vars(toolkit).items() if k not in LEFT_OUT and (plain := _plain(v)) is not None}


def remember(toolkit: object, memory: dict[str, Any]) -> None:
    """Give a toolkit the attributes that `remembered` told."""
    for name, plain in memory.items():
        setattr(toolkit, name, _restored(getattr(toolkit, name, None), plain))


def _plain(value: Any) -> Any:
    if isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list):
        return [_plain(item) for item in cast(list[Any], value)]
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in cast(dict[Any, Any], value).items()}
    inner = getattr(value, "__dict__", None)
    return None if inner is None or callable(value) else {k: _plain(v) for k, v in inner.items()}


def _restored(old: Any, plain: Any) -> Any:
    """The plain value in the shape of the old one, which may be a defaultdict or an object."""
    if isinstance(plain, dict) and isinstance(old, dict):
        fresh: dict[Any, Any] = cast(dict[Any, Any], old).copy()
        fresh.clear()
        fresh.update(cast(dict[Any, Any], plain))
        return fresh
    if isinstance(plain, dict) and hasattr(old, "__dict__"):
        for name, value in cast(dict[str, Any], plain).items():
            setattr(old, name, _restored(getattr(old, name, None), value))
        return old
    return cast(Any, plain)


@contextmanager
def drawing(text: str) -> Generator[None]:
    """Let `uuid4` and the shared generator of other people's code follow from a text, and put them back."""
    # The two modules are reached by name, for what this does is the very thing that apps are forbidden.
    shared, uuids, rng = cast(Any, sys.modules["random"]), cast(Any, sys.modules["uuid"]), Random(text)
    before, original, make = shared.getstate(), uuids.uuid4, uuids.UUID
    uuids.uuid4 = lambda: make(int=rng.getrandbits(128), version=4)
    shared.setstate(rng.getstate())
    try:
        yield
    finally:
        uuids.uuid4 = original
        shared.setstate(before)
