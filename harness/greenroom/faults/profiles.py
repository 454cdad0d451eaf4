"""Profiles: how often what goes wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from greenroom.errors import UnknownNameError
from greenroom.faults.latency import Latency


@dataclass(frozen=True, kw_only=True)
class Profile:
    """The rates of faults. Rates are per call of a tool unless said otherwise.

    Attributes:
        name: What it is chosen by.
        latency: How long calls take, on top of the tool's own time.
        server_error: How often a burst of 5xx answers begins; nothing is run.
        burst: Calls of one tool that a burst takes, at most.
        rate_limited: How often a 429 begins; the tool refuses until its retry_after is over.
        retry_after: The longest such time.
        timed_out: How often no answer comes. Half of the writes were carried out all the same.
        timeout: How long the agent waits for an answer.
        duplicated: How often a write is delivered twice.
        stale_read: How often a read soon after a write sees the world from before that write.
        lag: How soon is soon.
        outage: Per feature and ten minutes: how often it is down for a while.
        downtime: The longest such while.
        schema_changed: Per tool: how often its results change shape, from one of its first calls on.
        patience: The step limits of tasks are multiplied by it, so that there is room to try again.
    """

    name: str
    latency: Latency | None = None
    server_error: float = 0.0
    burst: int = 1
    rate_limited: float = 0.0
    retry_after: timedelta = timedelta(seconds=20)
    timed_out: float = 0.0
    timeout: timedelta = timedelta(seconds=30)
    duplicated: float = 0.0
    stale_read: float = 0.0
    lag: timedelta = timedelta(seconds=60)
    outage: float = 0.0
    downtime: timedelta = timedelta(minutes=2)
    schema_changed: float = 0.0
    patience: int = 1


GIST_API: Mapping[float, float] = {0.10: 0.114, 0.50: 0.206, 0.90: 0.527, 0.95: 1.0}
"""Percentiles of a real web API, as published: 10,000 requests to GitHub's Gist API, timed by bl.ocks.org (see
docs/faults.md). The share of calls, and the seconds that it does not exceed."""
MEASURED = Latency(mu=-2.327, sigma=1.293, floor=0.096)
"""`Latency.through(GIST_API)`."""

NONE = Profile(name="none")
REALISTIC = Profile(
    name="realistic",
    latency=MEASURED,
    server_error=0.01,
    burst=3,
    rate_limited=0.01,
    timed_out=0.02,
    duplicated=0.01,
    stale_read=0.05,
    outage=0.02,
    schema_changed=0.02,
    patience=2,
)
HOSTILE = Profile(
    name="hostile",
    latency=MEASURED.slower(5),
    server_error=0.05,
    burst=5,
    rate_limited=0.05,
    retry_after=timedelta(seconds=60),
    timed_out=0.10,
    duplicated=0.05,
    stale_read=0.30,
    lag=timedelta(minutes=5),
    outage=0.20,
    downtime=timedelta(minutes=8),
    schema_changed=0.25,
    patience=4,
)
PROFILES = {profile.name: profile for profile in (NONE, REALISTIC, HOSTILE)}


def parse_profile(profile: Profile | str) -> Profile:
    """The profile of that name; a profile of one's own is taken as it is.

    Raises:
        UnknownNameError: There is none.
    """
    if isinstance(profile, Profile):
        return profile
    if profile not in PROFILES:
        raise UnknownNameError("fault profile", profile, PROFILES)
    return PROFILES[profile]
