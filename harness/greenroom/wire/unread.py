"""Answers that are not read: who asks and does not read holds memory, and is not waited for for ever."""

import asyncio
import logging

log = logging.getLogger("greenroom.wire")


class Unread:
    """Hangs up at a peer that reads nothing of what waits for it.

    Args:
        transport: The connection.
        seconds: Within so long some of it must have been read, and then, within as long again, some more.
    """

    def __init__(self, transport: asyncio.Transport, seconds: float) -> None:
        self._transport, self._seconds = transport, seconds
        self._due: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """More waits than is good: look at it from now on."""
        self.end()
        waiting = self._transport.get_write_buffer_size()
        self._due = asyncio.get_running_loop().call_later(self._seconds, self._look, waiting)

    def end(self) -> None:
        """It was read, or nobody will."""
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _look(self, before: int) -> None:
        if self._transport.get_write_buffer_size() < before:
            self.begin()
            return
        log.warning("closed a connection: nothing of its answer was read within %g s", self._seconds)
        self._transport.abort()
