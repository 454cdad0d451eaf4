"""The draws: pure functions of (fault seed, tool, its k-th call), and for outages of (seed, feature, virtual time).

Nothing is drawn from `world.random`: members of a group that do the same meet the same, and an app's own
randomness is not moved by a fault.
"""

import hashlib
from datetime import UTC, datetime, timedelta

from greenroom.fault import Kind
from greenroom.faults.profiles import Profile

WINDOW = timedelta(minutes=10)
"""A feature has at most one outage in each such stretch of virtual time."""
CHANGED_BY = 4
"""A result that changes shape does so at one of so many first calls."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def chance(*parts: object) -> float:
    """A number above 0 and below 1 that follows from its arguments, the same on every machine."""
    digest = hashlib.blake2b("\0".join(map(str, parts)).encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") + 0.5) / 2**64


def latency(profile: Profile, seed: str, tool: str, call: int) -> timedelta:
    """How long a call takes on its way."""
    if profile.latency is None:
        return timedelta(0)
    return min(profile.latency.at(chance(seed, tool, call, "latency")), profile.timeout)


def in_burst(profile: Profile, seed: str, tool: str, call: int) -> bool:
    """Whether a call falls into a burst of server errors: one that began with it, or a little before."""
    for begun in range(max(1, call - profile.burst + 1), call + 1):
        if chance(seed, tool, begun, "burst") < profile.server_error:
            length = 1 + int(chance(seed, tool, begun, "length") * profile.burst)
            if begun + length > call:
                return True
    return False


def disturbance(profile: Profile, seed: str, tool: str, call: int, *, writes: bool) -> Kind | None:
    """What happens to a call that gets as far as the app; at most one thing."""
    drawn = chance(seed, tool, call, "disturbance")
    rates: list[tuple[Kind, float]] = [("rate_limited", profile.rate_limited), ("timed_out", profile.timed_out)]
    rates.append(("duplicated", profile.duplicated) if writes else ("stale_read", profile.stale_read))
    for kind, rate in rates:
        if drawn < rate:
            return kind
        drawn -= rate
    return None


def is_carried_out(seed: str, tool: str, call: int) -> bool:
    """Whether a write that timed out was carried out."""
    return chance(seed, tool, call, "committed") < 0.5


def retry_after(profile: Profile, seed: str, tool: str, call: int) -> timedelta:
    """How long a tool refuses that began to with this call; whole seconds."""
    longest = int(profile.retry_after.total_seconds())
    return timedelta(seconds=1 + int(chance(seed, tool, call, "retry_after") * longest))


def outage(profile: Profile, seed: str, feature: str, now: datetime) -> timedelta | None:
    """For how long a feature is still down at a virtual time; None when it is up."""
    window = (now - _EPOCH) // WINDOW
    if chance(seed, feature, window, "outage") >= profile.outage:
        return None
    length = profile.downtime * (0.25 + 0.75 * chance(seed, feature, window, "downtime"))
    begins = _EPOCH + WINDOW * window + (WINDOW - min(length, WINDOW)) * chance(seed, feature, window, "begins")
    return begins + length - now if begins <= now < begins + length else None


def has_changed(profile: Profile, seed: str, tool: str, call: int) -> bool:
    """Whether the tool's results have another shape at this call, and from then on."""
    if chance(seed, tool, "changed") >= profile.schema_changed:
        return False
    return call > int(chance(seed, tool, "changed at") * CHANGED_BY)
