"""Errors as they cross the wire: a closed table of codes; what is raised on one side is raised on the other."""

from typing import Any

from greenroom import errors
from greenroom.errors import GreenroomError, SandboxBusyError, SandboxError, UsageError, WireError
from greenroom.wire.protocol import short

CODES: dict[str, type[GreenroomError]] = {
    name: cls
    for name, cls in vars(errors).items()
    if isinstance(cls, type) and issubclass(cls, GreenroomError) and cls is not GreenroomError
}
"""The classes of `greenroom.errors`, and no others: a code names nothing else to be raised here."""
STATUS = {
    "UnknownNameError": 404,
    "SandboxLostError": 410,
    "WireError": 410,
    "SandboxBusyError": 429,
    "SandboxError": 409,
    "SnapshotError": 422,
    "UsageError": 422,
}
"""Codes as HTTP statuses; all others are 500: something here failed."""
LONGEST = 2000
SOONEST = 0.01
"""Seconds: whoever is told to come back at once would not wait at all."""
LATEST = 86_400.0
"""Seconds: nobody who means it says more."""


def to_wire(error: Exception) -> dict[str, Any]:
    """An error as plain data: the nearest class of the table, its message, and when to try again."""
    code = next((cls.__name__ for cls in type(error).__mro__ if cls.__name__ in CODES), "SandboxError")
    text = str(error) if isinstance(error, GreenroomError) else f"{type(error).__name__}: {error}"
    told: dict[str, Any] = {"code": code, "message": text[:LONGEST]}
    if isinstance(error, SandboxBusyError):
        told["retry_after"] = error.retry_after
    return told


def from_wire(told: Any) -> GreenroomError:
    """The error that `to_wire` wrote, to be raised here; an unknown code is a `SandboxError`."""
    if not isinstance(told, dict):
        return WireError(f"the server answered an error that is none: {short(told)}")
    code, message = _text(told.get("code")), _text(told.get("message"))  # pyright: ignore[reportUnknownMemberType]
    cls = CODES.get(code, SandboxError)
    if cls is SandboxBusyError:
        return SandboxBusyError(message, _seconds(told.get("retry_after")))  # pyright: ignore[reportUnknownMemberType]
    # Some classes put their message together from parts: it is whole already.
    made = cls.__new__(cls)
    GreenroomError.__init__(made, message)
    return made


def _text(told: Any) -> str:
    """A text as a server said it; never longer than `to_wire` makes them."""
    return told[:LONGEST] if type(told) is str else short(told)


def _seconds(told: Any) -> float:
    """When to try again, as a server said it; one that says nonsense is asked again after a second."""
    sound = type(told) in (int, float) and 0 < told <= LATEST  # NaN is neither.
    return max(SOONEST, float(told)) if sound else 1.0


def whole_seconds(retry_after: float) -> int:
    """When to try again, as a header says it."""
    return max(1, round(retry_after))


def status_of(code: str) -> int:
    """The HTTP status of an error's code."""
    if code in STATUS:
        return STATUS[code]
    return STATUS["UsageError"] if issubclass(CODES.get(code, SandboxError), UsageError) else 500
