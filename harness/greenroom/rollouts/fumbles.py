"""Fumbles: a scripted colleague who mistypes a call, reads the refusal, and makes it again.

Recorded traces hold them, and whoever learns from traces without them has never seen an error, let alone what
to do about one. Only what an app looks up is mistyped (ids that it gave, recipients), so that a fumble is refused
and does no harm.
"""

import json
import re
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any, cast

from greenroom.messages import Message, ToolCall, assistant, calls_of, text_of

LOOKED_UP = ("to",)
"""Arguments that an app looks up and refuses when it finds nothing, beside those that repeat an id it gave."""
NUMBERED = re.compile(r"(.*\D)(\d+)")


class Fumbler:
    """Plays a script in which one call is mistyped first.

    Args:
        script: Assistant messages in order.
        rng: Which call it is, and how it is mistyped.
    """

    def __init__(self, script: Sequence[Message], rng: Random) -> None:
        self._script, self._rng = list(script), rng
        self._left = rng.randrange(max(1, sum(bool(calls_of(message)) for message in script) - 1))
        self._ids: set[str] = set()
        self._next = 0
        self._done = False

    def act(self, new: Sequence[Message]) -> Message:
        """The next message of the script, or a mistyped one before it; the last one again after the end."""
        for message in new:
            if message["role"] == "tool":
                self._ids.update(_ids(_parsed(text_of(message))))
        message = self._script[min(self._next, len(self._script) - 1)]
        fumbled = None if self._done else self._fumbled(message)
        if fumbled is not None:
            self._left -= 1
            if self._left < 0:
                self._done = True
                return fumbled
        self._next += 1
        return message

    def _fumbled(self, message: Message) -> Message | None:
        """The message mistyped; None when nothing in it is looked up."""
        calls = calls_of(message)
        if len(calls) != 1:
            return None
        (call,) = calls
        arguments = cast(dict[str, Any], json.loads(call["function"]["arguments"]))
        wrong = {name: self._mistyped(name, value) for name, value in arguments.items()}
        names = [name for name, value in wrong.items() if value is not None]
        if not names:
            return None
        name = self._rng.choice(names)
        return _with(call, {**arguments, name: wrong[name]})

    def _mistyped(self, name: str, value: object) -> object:
        if isinstance(value, list) and value:
            first, *rest = cast(list[object], value)
            wrong = self._mistyped(name, first)
            return None if wrong is None else [wrong, *rest]
        if not isinstance(value, str):
            return None
        if value in self._ids:
            return self._wrong_id(value)
        return self._swapped(value) if name in LOOKED_UP else None

    def _wrong_id(self, value: str) -> str | None:
        """The number of another id, or letters in the wrong order; never an id that the app gave."""
        parts = NUMBERED.fullmatch(value)
        if parts and self._rng.random() < 0.5:
            numbers = sorted({m[2] for m in map(NUMBERED.fullmatch, sorted(self._ids)) if m and m[2] != parts[2]})
            if numbers:
                wrong = parts[1] + self._rng.choice(numbers)
                return None if wrong in self._ids else wrong
        wrong = self._swapped(value)
        return None if wrong in self._ids else wrong

    def _swapped(self, text: str) -> str | None:
        """Two neighbouring letters of a word exchanged; None when no two differ."""
        places = [
            k
            for k in range(len(text) - 1)
            if text[k].isalpha() and text[k + 1].isalpha() and text[k].lower() != text[k + 1].lower()
        ]
        if not places:
            return None
        k = self._rng.choice(places)
        a, b = text[k], text[k + 1]
        if a.isupper():
            a, b = a.lower(), b.upper()
        return f"{text[:k]}{b}{a}{text[k + 2 :]}"


def _with(call: ToolCall, arguments: dict[str, Any]) -> Message:
    function = {"name": call["function"]["name"], "arguments": json.dumps(arguments, ensure_ascii=False)}
    made: ToolCall = {"id": f"{call['id']}_mistyped", "type": "function", "function": function}  # pyright: ignore[reportAssignmentType]
    return assistant(None, made)


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _ids(data: object) -> Iterable[str]:
    """All texts under keys named `id` or `…_id`, however deep."""
    if isinstance(data, dict):
        for key, value in cast(dict[str, object], data).items():
            if isinstance(value, str) and (key == "id" or key.endswith("_id")):
                yield value
            yield from _ids(value)
    elif isinstance(data, list):
        for value in cast(list[object], data):
            yield from _ids(value)
