"""Rate limits: so many calls of a tool in a stretch of virtual time, whatever faults there are.

Kept in a table of greenroom's own, in transactions of their own: a refused call changes nothing of the app's, and still
a snapshot in the middle of an hour goes on exactly.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from greenroom.errors import Refusal, UsageError
from greenroom.worlds import World
from greenroom.worlds.state import LIMITS

_GET = "SELECT began, calls FROM greenroom_limit WHERE tool = ?"
_PUT = (
    "INSERT INTO greenroom_limit VALUES(?, ?, ?) "
    "ON CONFLICT(tool) DO UPDATE SET began = excluded.began, calls = excluded.calls"
)


@dataclass(frozen=True)
class Rate:
    """So many calls in a stretch of virtual time, which begins with the first of them.

    Attributes:
        calls: How many are served.
        per: How long the stretch is.
    """

    calls: int
    per: timedelta

    def __post_init__(self) -> None:
        if self.calls < 1 or self.per <= timedelta(0):
            raise UsageError(f"a rate is at least one call in some time, not {self.calls} in {self.per}")


def count_call(world: World, tool: str, rate: Rate) -> None:
    """Count a call of a tool that has a limit.

    Raises:
        Refusal: `rate_limited`; says how many seconds to wait (`retry_after`).
    """
    with world.transaction("world"):
        world.ensure(LIMITS)
        rows = world.run(_GET, (tool,))
        began, calls = (datetime.fromisoformat(rows[0][0]), int(rows[0][1])) if rows else (world.now, 0)
        if world.now >= began + rate.per:
            began, calls = world.now, 0
        if calls < rate.calls:
            world.run(_PUT, (tool, began.astimezone(UTC).isoformat(), calls + 1))
            return
    left = math.ceil((began + rate.per - world.now).total_seconds())
    told = f"429 Too Many Requests: {tool} takes {rate.calls} calls in {rate.per}; wait {left} s before the next."
    raise Refusal("rate_limited", told, retry_after=left)
