"""The server's WebSocket, with a short way for messages: from the socket to an answer without a change of task.

It costs about as much as a bare echo. How a connection begins and ends stays an ASGI application's business.
"""

from collections.abc import Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

DIRECT = "greenroom.direct"
"""Where in the scope an application finds the connection."""


class DirectProtocol(WebSocketsSansIOProtocol):
    """A connection that an application can take messages from as they are read.

    Attributes:
        heard: Gets each text message, once an application has set it; messages go to `receive` until then.
    """

    heard: Callable[[str], None] | None = None

    def handle_connect(self, event: Any) -> None:
        """Begin: the application starts a turn later, and finds the connection in its scope."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope[DIRECT] = self  # pyright: ignore[reportGeneralTypeIssues]

    def send_receive_event_to_app(self) -> None:
        """Hand on a message that is whole."""
        if self.heard is None or self.close_sent or self.curr_msg_data_type != "text":
            super().send_receive_event_to_app()
            return
        data, self.frames = b"".join(self.frames), []
        try:
            text = data.decode()
        except UnicodeDecodeError:
            self.conn.send_close(1007)
            self.handle_parser_exception()
            return
        self.heard(text)

    def say(self, text: str) -> bool:
        """Send a text message; whether there is still somebody to send it to."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return False
        self.conn.send_text(text.encode())
        self.transport.write(b"".join(self.conn.data_to_send()))
        return True

    def pause_writing(self) -> None:
        """The client does not read: then nothing more is read from it, or its answers would pile up."""
        super().pause_writing()
        if self.heard is not None:
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        """The client reads again."""
        super().resume_writing()
        if self.heard is not None:
            self.transport.resume_reading()
