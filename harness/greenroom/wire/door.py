"""The door of a plane: so many connections and no more, and none that says nothing."""

import asyncio
import logging
import resource
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

log = logging.getLogger("greenroom.wire")
OTHER_FILES = 128
"""Files that a worker has open beside its connections."""


MOST = 16_384
"""More connections than these would be an attack, whatever the machine allows."""


def room_for() -> int:
    """How many connections each of the two planes takes, so that both together leave files to the worker."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return min(MOST, max(8, (soft - OTHER_FILES) // 2))


def door(most: int, head_seconds: float) -> type[H11Protocol]:
    """The protocol of one plane's connections.

    Args:
        most: So many at once; a newcomer beyond them is closed.
        head_seconds: Within so long the head of a request must have come.
    """

    class Door(H11Protocol):
        """A connection that counts, and must say what it wants."""

        _due: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            """Come in, if there is room."""
            super().connection_made(transport)
            if len(self.connections) > most:
                log.warning("refused a connection: %d are open, the most that is allowed", most)
                transport.abort()
                return
            self._expect()

        def data_received(self, data: bytes) -> None:
            """Read; a head that has begun must end in time, too."""
            super().data_received(data)
            if self.conn.their_state is not h11.IDLE:
                self._forget()
            elif self._due is None:
                self._expect()

        def handle_websocket_upgrade(self, event: Any) -> None:
            """The head has come: from here on it is a WebSocket."""
            self._forget()
            super().handle_websocket_upgrade(event)

        def connection_lost(self, exc: Exception | None) -> None:
            """Go."""
            self._forget()
            super().connection_lost(exc)

        def _expect(self) -> None:
            self._due = self.loop.call_later(head_seconds, self.transport.abort)

        def _forget(self) -> None:
            if self._due is not None:
                self._due.cancel()
                self._due = None

    return Door
