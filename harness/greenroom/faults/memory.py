"""What faults remember: a table of their own in the world's database, so that it freezes and forks with it."""

import json
from datetime import UTC, datetime

from greenroom.worlds import World
from greenroom.worlds.state import FAULTS

_PUT = "INSERT INTO greenroom_fault VALUES(?, ?, ?) ON CONFLICT(kind, name) DO UPDATE SET value = excluded.value"
_GET = "SELECT value FROM greenroom_fault WHERE kind = ? AND name = ?"


class Memory:
    """Call counters, rate limits and first answers of one world.

    Args:
        world: Whose database.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def count(self, tool: str) -> int:
        """Count a call of a tool, in a transaction of its own; returns which one it is, from 1."""
        with self._world.transaction("world"):
            self._world.ensure(FAULTS)
            number = int(self._get("calls", tool) or 0) + 1
            self._put("calls", tool, str(number))
        return number

    def limit(self, tool: str, until: datetime) -> None:
        """Remember until when a tool refuses calls, in a transaction of its own."""
        with self._world.transaction("world"):
            self._put("limit", tool, until.isoformat())

    def limited_until(self, tool: str) -> datetime | None:
        """Until when a tool refuses calls; None when it never did."""
        text = self._get("limit", tool)
        return None if text is None else datetime.fromisoformat(text).astimezone(UTC)

    def keep_answer(self, tool: str, key: str, arguments: str, answer: str) -> None:
        """Keep the first answer to an idempotency key; within the tool's own transaction."""
        self._put("answer", _named(tool, key), json.dumps([arguments, answer]))

    def answer(self, tool: str, key: str) -> tuple[str, str] | None:
        """The arguments and the answer that a key was first used with."""
        text = self._get("answer", _named(tool, key))
        if text is None:
            return None
        arguments, answer = json.loads(text)
        return arguments, answer

    def _get(self, kind: str, name: str) -> str | None:
        rows = self._world.run(_GET, (kind, name))
        return str(rows[0][0]) if rows else None

    def _put(self, kind: str, name: str, value: str) -> None:
        self._world.run(_PUT, (kind, name, value))


def _named(tool: str, key: str) -> str:
    return json.dumps([tool, key])
