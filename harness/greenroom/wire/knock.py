"""Knocking: on a port of TCP anybody may listen, so it is asked who is there before a token is shown."""

import asyncio
from http.client import BadStatusLine, HTTPConnection, HTTPException, RemoteDisconnected

from greenroom.errors import GreenroomError, UsageError
from greenroom.exchange import TooLongError, exchange
from greenroom.wire.address import Address
from greenroom.wire.protocol import decode

HEALTH = "/v1/health"
SECONDS = 10.0
MOST = 4096
"""Bytes of an answer that are taken; a server of ours needs a few dozen."""


async def knock(address: Address) -> None:
    """Ask whether a greenroom server answers; one in a folder of sockets needs no asking, for that is somebody's own.

    Raises:
        UsageError: Somebody else does.
        OSError: Nobody does, or not now.
    """
    if address.folder is not None:
        return
    try:
        status, body = await asyncio.to_thread(_ask, address)
    except RemoteDisconnected:
        raise
    except (BadStatusLine, TooLongError, ValueError) as error:
        raise _stranger(address, repr(str(error).strip()[:80])) from error
    except HTTPException as error:
        raise OSError(f"its answer ended early: {error!r}") from error
    if status == 429 or status >= 500:
        raise OSError(f"it answers {status}")  # A gateway says so while the server behind it starts.
    if not _is_ours(body):
        raise _stranger(address, f"it answers {status} to {HEALTH}")


def _ask(address: Address) -> tuple[int, bytes]:
    plug = HTTPConnection(address.host, address.port, timeout=SECONDS)
    return exchange(plug, "GET", address.prefix + HEALTH, seconds=SECONDS, most=MOST)


def _is_ours(body: bytes) -> bool:
    """Whether it is well, or refuses as a server of ours does: that it is told to whoever asks for more."""
    try:
        told = decode(body)
    except GreenroomError:
        return False
    return told == {"status": "ok"} or set(told) == {"error"}


def _stranger(address: Address, why: str) -> UsageError:
    return UsageError(
        f"what answers at {address} is not a greenroom server ({why}): name the address that "
        "`greenroom serve` or `greenroom up` has printed"
    )
