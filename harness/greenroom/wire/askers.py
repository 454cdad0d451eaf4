"""Who asks on a plane, and how much each may have under way: what is not answered yet is held in memory."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from greenroom.errors import GreenroomError, SandboxBusyError

SOON = 1.0
"""Seconds after which it is worth asking again."""


class BodyTooLargeError(GreenroomError):
    """A body is larger than one may be."""


@dataclass
class _Asker:
    """One of them.

    Attributes:
        requests: Those of it that are not answered yet.
        size: The bytes of their bodies.
        turn: Held by the one that is being answered.
    """

    requests: int = 0
    size: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Askers:
    """All of one plane.

    Args:
        together: Bytes of all that is under way.
        each: Bytes of what one asker has under way; all of them when None.
        requests: Requests that one asker has under way; any number when None. Where they are limited, they are
            answered one after the other, and other askers have their turns between them.
    """

    def __init__(self, together: int, each: int | None = None, requests: int | None = None) -> None:
        self._together, self._each, self._requests = together, each or together, requests
        self._of: dict[Hashable, _Asker] = {}
        self.under_way = 0

    def begin(self, who: Hashable) -> "Asked":
        """A request that is under way until its `end`.

        Args:
            who: Whose it is.

        Raises:
            SandboxBusyError: Of this asker, too many are under way.
        """
        asker = self._of.setdefault(who, _Asker())
        if self._requests is not None and asker.requests >= self._requests:
            raise SandboxBusyError(f"{asker.requests} requests are under way, the most that is allowed", SOON)
        asker.requests += 1
        return Asked(self, who, asker)

    def end(self, who: Hashable, asker: _Asker) -> None:
        """One request less."""
        asker.requests -= 1
        if not asker.requests:
            del self._of[who]

    @contextlib.asynccontextmanager
    async def turn(self, asker: _Asker) -> AsyncGenerator[None]:
        """Wait until it is one's turn, and have it."""
        if self._requests is None:
            yield
            return
        async with asker.turn:
            yield
            # Or all who came in the same turn of the event loop would be answered in it, one after the other.
            await asyncio.sleep(0)

    def take(self, asker: _Asker, size: int) -> None:
        """Count bytes; fewer than none are given back.

        Raises:
            SandboxBusyError: They are too many.
        """
        if size > 0 and asker.size + size > self._each:
            raise SandboxBusyError(f"bodies of {asker.size} bytes are under way: {self._each} is the most", SOON)
        if size > 0 and self.under_way + size > self._together:
            raise SandboxBusyError(f"all bodies under way have {self.under_way} bytes: {self._together} is the most")
        asker.size += size
        self.under_way += size


class Asked:
    """A request that is under way."""

    def __init__(self, askers: Askers, who: Hashable, asker: _Asker) -> None:
        self._askers, self._who, self._asker, self._size = askers, who, asker, 0

    def end(self) -> None:
        """It was answered, or nobody waits for an answer."""
        self.resize(0)
        self._askers.end(self._who, self._asker)

    def resize(self, size: int) -> None:
        """So many bytes of it are held now.

        Raises:
            SandboxBusyError: They are too many.
        """
        self._askers.take(self._asker, size - self._size)
        self._size = size

    def turn(self) -> contextlib.AbstractAsyncContextManager[None]:
        """Wait until it is its turn, and have it."""
        return self._askers.turn(self._asker)

    async def body(
        self, receive: Callable[[], Awaitable[MutableMapping[str, Any]]], declared: int, most: int
    ) -> bytes | None:
        """Its body, once it is whole; None when the client was gone before.

        Args:
            receive: Where it comes from.
            declared: The length that its head tells: so much is taken at once.
            most: Bytes of one body.

        Raises:
            BodyTooLargeError: It is larger.
            SandboxBusyError: There is no room for it now.
        """
        if declared > most:
            raise BodyTooLargeError(f"the body is larger than {most} bytes")
        self.resize(declared)
        body = bytearray()  # Not a list of pieces: those of one byte would cost fifty.
        while (event := await receive())["type"] == "http.request":
            body += event.get("body", b"")
            if len(body) > most:
                raise BodyTooLargeError(f"the body is larger than {most} bytes")
            if len(body) > declared:
                self.resize(len(body))
            if not event.get("more_body", False):
                return bytes(body)
        return None
