"""A WebSocket to a server that may have been taken over: what it does not read, or never ends, ends the connection."""

import asyncio
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.frames import Frame, Opcode

UNREAD_BYTES = 4 << 20
"""Of answers to pings that the server does not read: who pings without reading would fill our memory."""
UNREAD_SECONDS = 300.0
"""So long the server may take to read what it was asked."""
MOST_FRAMES = 1024
"""Of one message: it has a largest size, but frames may be empty."""


class Connection(ClientConnection):
    """A connection that is aborted when the server misuses it.

    Attributes:
        unread_seconds: So long the server may take to read what it was asked.
    """

    unread_seconds = UNREAD_SECONDS

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._pongs = self._frames = 0
        self._unread: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Take in what came; what is written meanwhile are answers to pings."""
        before = self.transport.get_write_buffer_size()
        super().data_received(data)
        after = self.transport.get_write_buffer_size()
        self._pongs = min(after, self._pongs + max(0, after - before))
        if self._pongs > UNREAD_BYTES:
            self.transport.abort()

    def process_event(self, event: Any) -> None:
        """Take in a frame, or the end of the handshake."""
        if isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            self._frames = 0 if event.fin else self._frames + 1
            if self._frames > MOST_FRAMES:
                self.transport.abort()
                return
        super().process_event(event)

    def pause_writing(self) -> None:
        """The server does not read: it has so long to begin."""
        super().pause_writing()
        self._unread = self.loop.call_later(self.unread_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """The server has read."""
        super().resume_writing()
        self._no_longer_unread()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._no_longer_unread()
        super().connection_lost(exc)

    def _no_longer_unread(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
