"""How long calls take: a shifted lognormal distribution, in virtual time."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from statistics import NormalDist, fmean, linear_regression, pstdev

from greenroom.errors import UsageError

_NORMAL = NormalDist()
_FLOORS = 1000
"""So many floors are tried between 0 and the shortest time that is known."""


@dataclass(frozen=True)
class Latency:
    """A floor, which no call is faster than, and a lognormal time on top: the usual shape of response times.

    Attributes:
        mu: Mean of the logarithm of the seconds above the floor.
        sigma: Its standard deviation.
        floor: Seconds that every call takes: the way there and back.
    """

    mu: float
    sigma: float
    floor: float = 0.0

    @classmethod
    def of(cls, p50: float, p99: float) -> "Latency":
        """The one without a floor that has this median and this 99th percentile, in seconds.

        Raises:
            UsageError: They are not 0 < p50 <= p99.
        """
        if not 0 < p50 <= p99:
            raise UsageError(f"a latency needs 0 < p50 <= p99, not {p50} and {p99}")
        return cls(math.log(p50), math.log(p99 / p50) / _NORMAL.inv_cdf(0.99))

    @classmethod
    def fitted(cls, seconds: Sequence[float]) -> "Latency":
        """The most likely one without a floor for measured seconds: mean and deviation of their logarithms.

        Raises:
            UsageError: There are none, or one is not above 0.
        """
        if not seconds or min(seconds) <= 0:
            raise UsageError(f"a latency is fitted to measured seconds, all above 0, not to {list(seconds)[:5]}")
        logs = [math.log(s) for s in seconds]
        return cls(fmean(logs), pstdev(logs))

    @classmethod
    def through(cls, percentiles: Mapping[float, float]) -> "Latency":
        """The nearest to published percentiles, such as `{0.5: 0.2, 0.9: 0.5, 0.99: 1.5}` (share: seconds).

        For each floor that is tried, mu and sigma are a line through the logarithms of what is above it (ordinary
        least squares over the normal quantiles); of the floors, the one whose percentiles are nearest to the given
        ones is taken (least squares of the logarithm of their ratio).

        Raises:
            UsageError: There are fewer than three, or they do not grow from above 0.
        """
        pairs = sorted(percentiles.items())
        seconds = [s for _, s in pairs]
        if len(pairs) < 3 or seconds[0] <= 0 or any(b <= a for a, b in pairwise(seconds)):
            raise UsageError(
                f"a latency is fitted through three percentiles or more, growing from above 0, not {pairs}"
            )
        tried = [cls._line(pairs, seconds[0] * i / _FLOORS) for i in range(_FLOORS)]
        return min(tried, key=lambda latency: latency._misfit(pairs))

    @classmethod
    def _line(cls, pairs: Sequence[tuple[float, float]], floor: float) -> "Latency":
        line = linear_regression([_NORMAL.inv_cdf(p) for p, _ in pairs], [math.log(s - floor) for _, s in pairs])
        return cls(line.intercept, line.slope, floor)

    def _misfit(self, pairs: Sequence[tuple[float, float]]) -> float:
        return sum(math.log(self.seconds(share) / s) ** 2 for share, s in pairs)

    def slower(self, factor: float) -> "Latency":
        """The same shape, every time multiplied."""
        return replace(self, mu=self.mu + math.log(factor), floor=self.floor * factor)

    def seconds(self, share: float) -> float:
        """The seconds that this share of the calls does not exceed, 0 < share < 1."""
        return self.floor + math.exp(self.mu + self.sigma * _NORMAL.inv_cdf(share))

    def at(self, share: float) -> timedelta:
        """Likewise, to the millisecond."""
        return timedelta(milliseconds=round(1000 * self.seconds(share)))
