"""The door of a plane: so many connections and no more, and none that says nothing, reads nothing, or never ends."""

import asyncio
import logging
import resource
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from greenroom.wire.unread import Unread

log = logging.getLogger("greenroom.wire")
OTHER_FILES = 128
"""Files that a worker has open beside its connections."""
HEAD = object()
"""What is waited for: the head of a request. A body is waited for as the request that it belongs to."""
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
        head_seconds: Within so long the head of a request must have come, and then, within as long again, its body;
            within so long, some of an answer must have been read.
    """

    class Door(H11Protocol):
        """A connection that counts, and must say what it wants."""

        _due: asyncio.TimerHandle | None = None
        _awaited: object = None

        def connection_made(self, transport: Any) -> None:
            """Come in, if there is room."""
            super().connection_made(transport)
            self._unread = Unread(transport, head_seconds)
            if len(self.connections) > most:
                log.warning("refused a connection: %d are open, the most that is allowed", most)
                transport.abort()
                return
            self._expect(HEAD)

        def handle_events(self) -> None:
            """Look what has come; what has begun must end in time, too."""
            super().handle_events()
            if self.conn.their_state is h11.SEND_BODY and self.transport.get_protocol() is self:
                self._expect(self.cycle)
            elif self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
                self._expect(HEAD)
            else:
                self._expect(None)

        def connection_lost(self, exc: Exception | None) -> None:
            """Go."""
            self._expect(None)
            self._unread.end()
            super().connection_lost(exc)

        def pause_writing(self) -> None:
            """An answer waits to be read."""
            super().pause_writing()
            self._unread.begin()

        def resume_writing(self) -> None:
            """It was read."""
            super().resume_writing()
            self._unread.end()

        def _expect(self, awaited: object) -> None:
            """Wait for the head, or for the body of a request, from now on; a wait that goes on keeps its end."""
            if awaited is self._awaited:
                return
            self._awaited = awaited
            if self._due is not None:
                self._due.cancel()
            self._due = None if awaited is None else self.loop.call_later(head_seconds, self._late)

        def _late(self) -> None:
            what = "head" if self._awaited is HEAD else "body"
            log.warning("closed a connection: the %s of its request was not whole within %g s", what, head_seconds)
            self.transport.abort()

    return Door
