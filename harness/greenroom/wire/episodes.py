"""One episode, as its agent sees it: its tools, and nothing else."""

import logging
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from greenroom.errors import AppError, SandboxLostError
from greenroom.messages import ToolCall
from greenroom.wire.keeper import Keeper
from greenroom.wire.running import Running
from greenroom.wire.web import Once

EPISODE = "greenroom.episode"
"""Where in the scope of a request its episode is, put there by the guard."""
log = logging.getLogger("greenroom.wire")


def of(scope: MutableMapping[str, Any]) -> Running:
    """The episode that a request is about: that of its token."""
    return scope[EPISODE]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a tool answered.

    Attributes:
        content: What the agent reads.
        refused: Whether the app refused.
        now: The virtual time.
    """

    content: str
    refused: bool
    now: str


class Episodes:
    """What agents may do.

    Args:
        keeper: What is running.
    """

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._once: WeakKeyDictionary[Running, Once] = WeakKeyDictionary()

    def offered(self, running: Running) -> list[dict[str, Any]]:
        """The schemas of the tools that the episode offers."""
        return self._keeper.offered(running)

    def once(self, running: Running) -> Once:
        """The answers that are kept of the episode."""
        return self._once.setdefault(running, Once())

    def call(self, running: Running, name: str, arguments: str) -> Answer:
        """Call a tool.

        Args:
            running: The episode.
            name: The tool.
            arguments: A JSON text.

        Raises:
            AppError: The tool failed; what of is for the log, not for the agent.
            SandboxLostError: The episode ended meanwhile.
        """
        if not self._keeper.runs(running):
            raise SandboxLostError("this episode is over")
        call: ToolCall = {"id": "call", "type": "function", "function": {"name": name, "arguments": arguments}}
        try:
            result = self._keeper.step(running, [call])
        except AppError as error:
            log.error("episode of %r: %r", running.task, str(error)[:500])
            raise AppError(f"{name[:100]} failed: a bug in the app, not in the call") from error
        return Answer(content=str(result.messages[0]["content"]), refused=result.refused > 0, now=result.now)
