"""The plainest frames of a WebSocket, read and written at once (RFC 6455, section 5.2).

The package `websockets` reads whatever a peer may send, a few bytes at a time, which is a third of what a server does
with a message beside its tool. What is not a whole text of one frame is left to it.
"""

from struct import Struct

from websockets.frames import apply_mask  # pyright: ignore[reportPrivateImportUsage]

WHOLE_TEXT = 0x81
"""The first byte of a frame that is all of a text."""
MASKED = 0x80
KEY = 4
"""Bytes of the key that a client masks what it says with."""
_SHORT, _MEDIUM, _LONG = Struct("!BB"), Struct("!BBH"), Struct("!BBQ")
_MEDIUM_CODE, _LONG_CODE = 126, 127
"""Lengths that say that the length follows."""


def whole_text(data: bytes, begin: int, most: int) -> tuple[bytes, int] | None:
    """A client's text, if all of it is there in one frame of less than 64 KiB.

    Args:
        data: What was read.
        begin: Where a frame begins in it.
        most: Bytes that a text may have.

    Returns:
        The text, and where the next frame begins; None where there is anything else, or something that is wrong.
    """
    if len(data) < begin + _MEDIUM.size or data[begin] != WHOLE_TEXT:
        return None
    size, key = data[begin + 1] ^ MASKED, begin + _SHORT.size
    if size == _MEDIUM_CODE:
        size, key = data[begin + 2] << 8 | data[begin + 3], begin + _MEDIUM.size
    elif size > _MEDIUM_CODE:  # A longer one, or one that is not masked.
        return None
    said = key + KEY
    end = said + size
    if size > most or end > len(data):
        return None
    return apply_mask(data[said:end], data[key:said]), end


def text_frame(text: bytes) -> bytes:
    """A server's text as one frame."""
    size = len(text)
    if size < _MEDIUM_CODE:
        return _SHORT.pack(WHOLE_TEXT, size) + text
    if size < 1 << 16:
        return _MEDIUM.pack(WHOLE_TEXT, _MEDIUM_CODE, size) + text
    return _LONG.pack(WHOLE_TEXT, _LONG_CODE, size) + text
