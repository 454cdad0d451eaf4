"""The server's WebSocket, with a short way for messages: from the socket to an answer without a change of task.

It costs about as much as a bare echo. How a connection begins and ends stays an ASGI application's business.
"""

import logging
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State
from websockets.streams import StreamReader

from greenroom.errors import SandboxBusyError
from greenroom.wire.askers import Asked, Askers
from greenroom.wire.frames import text_frame, whole_text
from greenroom.wire.unread import Unread

log = logging.getLogger("greenroom.wire")
TRY_AGAIN = 1013
"""The code that such a connection is closed with."""
FRAME = 64
"""Bytes that a frame takes beside what it says."""
DIRECT = "greenroom.direct"
"""Where in the scope an application finds the connection."""
BETWEEN_FRAMES = StreamReader.at_eof.__code__
"""Where the parser of `websockets` waits when it has read a frame to its end."""


class DirectProtocol(WebSocketsSansIOProtocol):
    """A connection that an application can take messages from as they are read.

    Attributes:
        heard: Gets each text message, once an application has set it; messages go to `receive` until then.
        askers: How much may be under way on the plane.
        unread_seconds: Within so long some of what waits for the client must have been read.
        between: Whether the next byte begins a message.
    """

    heard: Callable[[str], None] | None = None
    between = False
    askers: Askers
    unread_seconds: float
    _asked: Asked | None = None
    _later_frames = 0

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        super().connection_made(transport)
        self._unread = Unread(transport, self.unread_seconds)

    def data_received(self, data: bytes) -> None:
        """Read; what is held of a message that is not whole counts, and ends the connection where there is no room."""
        begin, most = 0, self.config.ws_max_size
        while begin < len(data) and self.short_way and (found := whole_text(data, begin, most)) is not None:
            text, begin = found
            self._hear(text)
        if begin < len(data):
            self._read(data[begin:] if begin else data)

    @property
    def short_way(self) -> bool:
        """Whether a whole text that comes next is taken without the library."""
        return self.between and self.heard is not None and not self.close_sent and self.conn.state is State.OPEN

    def _read(self, data: bytes) -> None:
        super().data_received(data)
        if self.transport.is_closing():
            return
        self.between = not self.frames and _innermost(self.conn.parser).gi_code is BETWEEN_FRAMES
        begun = len(self.frames[0]) + self._later_frames if self.frames else 0
        held = begun + len(self.conn.reader.buffer)
        if held == 0 and self._asked is None:
            return
        try:
            self._asked = self._asked or self.askers.begin(None)
            self._asked.resize(held)
        except SandboxBusyError as error:
            log.warning("closed a WebSocket in the middle of a message: %s", error)
            if self.conn.state is not State.OPEN:
                self.transport.abort()
                return
            self.conn.send_close(TRY_AGAIN, "too much is under way")
            self.handle_parser_exception()

    def connection_lost(self, exc: Exception | None) -> None:
        """Go, and give back what was held."""
        self._unread.end()
        super().connection_lost(exc)
        if self._asked is not None:
            self._asked.end()
            self._asked = None

    def handle_cont(self, event: Any) -> None:
        """Keep a further frame of a message."""
        self._later_frames += len(event.data) + FRAME
        super().handle_cont(event)

    def handle_connect(self, event: Any) -> None:
        """Begin: the application starts a turn later, and finds the connection in its scope."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope[DIRECT] = self  # pyright: ignore[reportGeneralTypeIssues]

    def send_receive_event_to_app(self) -> None:
        """Hand on a message that is whole."""
        self._later_frames = 0
        if self.heard is None or self.close_sent or self.curr_msg_data_type != "text":
            super().send_receive_event_to_app()
            return
        data, self.frames = b"".join(self.frames), []
        self._hear(data)

    def _hear(self, data: bytes) -> None:
        assert self.heard is not None
        try:
            text = data.decode()
        except UnicodeDecodeError:
            self.conn.send_close(1007)
            self.handle_parser_exception()
            return
        self.heard(text)

    def say(self, text: bytes) -> bool:
        """Send a text message, in UTF-8; whether there is still somebody to send it to."""
        if self.conn.state is not State.OPEN or self.disconnected or self.transport.is_closing():
            return False
        self.transport.write(text_frame(text))
        return True

    def pause_writing(self) -> None:
        """The client does not read: then nothing more is read from it, or its answers would pile up."""
        super().pause_writing()
        self._unread.begin()
        if self.heard is not None:
            self.transport.pause_reading()

    async def receive(self) -> Any:
        """What is queued for the application; a client that does not read is not read from again by that."""
        event = await super().receive()
        if self.heard is not None and not self.writable.is_set():
            self.transport.pause_reading()
        return event

    def resume_writing(self) -> None:
        """The client reads again."""
        super().resume_writing()
        self._unread.end()
        if self.heard is not None:
            self.transport.resume_reading()


def _innermost(generator: Any) -> Any:
    """Where a generator waits: what is buffered does not tell whether a frame was begun."""
    while generator.gi_yieldfrom is not None:
        generator = generator.gi_yieldfrom
    return generator


def direct(askers: Askers, unread_seconds: float) -> type[DirectProtocol]:
    """The protocol of one plane's WebSockets.

    Args:
        askers: How much may be under way.
        unread_seconds: Within so long some of what waits for a client must have been read; it is hung up at otherwise.
    """
    return type("Direct", (DirectProtocol,), {"askers": askers, "unread_seconds": unread_seconds})
