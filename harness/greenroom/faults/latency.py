"""How long calls take: a lognormal distribution, in virtual time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import NormalDist, fmean, pstdev

from greenroom.errors import UsageError

_NORMAL = NormalDist()


@dataclass(frozen=True)
class Latency:
    """Lognormal: the logarithm of the seconds is normal. The usual shape of response times: a long tail, never 0.

    Attributes:
        mu: Mean of the logarithm of the seconds.
        sigma: Its standard deviation.
    """

    mu: float
    sigma: float

    @classmethod
    def of(cls, p50: float, p99: float) -> "Latency":
        """The one with this median and this 99th percentile, in seconds.

        Raises:
            UsageError: They are not 0 < p50 <= p99.
        """
        if not 0 < p50 <= p99:
            raise UsageError(f"a latency needs 0 < p50 <= p99, not {p50} and {p99}")
        return cls(math.log(p50), math.log(p99 / p50) / _NORMAL.inv_cdf(0.99))

    @classmethod
    def fitted(cls, seconds: Sequence[float]) -> "Latency":
        """The most likely one for measured seconds: mean and standard deviation of their logarithms.

        Raises:
            UsageError: There are none, or one is not above 0.
        """
        if not seconds or min(seconds) <= 0:
            raise UsageError(f"a latency is fitted to measured seconds, all above 0, not to {list(seconds)[:5]}")
        logs = [math.log(s) for s in seconds]
        return cls(fmean(logs), pstdev(logs))

    def at(self, share: float) -> timedelta:
        """The time that this share of the calls does not exceed, 0 < share < 1; to the millisecond."""
        return timedelta(milliseconds=round(1000 * math.exp(self.mu + self.sigma * _NORMAL.inv_cdf(share))))
