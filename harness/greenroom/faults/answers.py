"""What the agent reads in place of an answer when a call fails on its way."""

import json
import math
from datetime import timedelta

from greenroom.faults.draw import chance

STATUS = ("500 Internal Server Error", "502 Bad Gateway", "503 Service Unavailable")


def server_error(seed: str, tool: str, call: int) -> tuple[str, str]:
    """A 5xx answer, and its status line."""
    status = STATUS[int(chance(seed, tool, call, "status") * len(STATUS))]
    return _error("server_error", f"{status}: {tool} could not be carried out. Try again."), status


def rate_limited(tool: str, left: timedelta) -> str:
    """A 429 answer."""
    seconds = whole_seconds(left)
    told = f"429 Too Many Requests: wait {seconds} s before you call {tool} again."
    return _error("rate_limited", told, seconds)


def unavailable(tool: str, left: timedelta) -> str:
    """The answer of a feature that is down."""
    seconds = whole_seconds(left)
    told = f"503 Service Unavailable: {tool} is down for the moment; it should be back in {seconds} s."
    return _error("unavailable", told, seconds)


def timed_out(tool: str, timeout: timedelta, *, writes: bool) -> str:
    """What a client says when no answer came. It cannot know whether a write was carried out."""
    told = f"{tool}: no answer within {whole_seconds(timeout)} s."
    if writes:
        told += " It may or may not have been carried out: look before you repeat it, or repeat it with its key."
    return _error("timed_out", told)


def whole_seconds(time: timedelta) -> int:
    """Rounded up: who waits so long has waited long enough."""
    return math.ceil(time.total_seconds())


def _error(code: str, message: str, retry_after: int | None = None) -> str:
    error = {"error": code, "message": message}
    return json.dumps(error if retry_after is None else {**error, "retry_after": retry_after})
