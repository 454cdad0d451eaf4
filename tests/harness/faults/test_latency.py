import random
from statistics import median

import pytest

from greenroom.errors import UsageError
from greenroom.faults import Latency


def test_a_latency_has_the_percentiles_that_it_was_made_of() -> None:
    latency = Latency.of(p50=0.25, p99=3.0)
    assert latency.at(0.5).total_seconds() == pytest.approx(0.25, abs=0.001)
    assert latency.at(0.99).total_seconds() == pytest.approx(3.0, abs=0.001)


def test_a_latency_is_fitted_to_measured_seconds() -> None:
    rng = random.Random(1)
    measured = [rng.lognormvariate(-1.0, 0.8) for _ in range(20_000)]
    latency = Latency.fitted(measured)
    assert (latency.mu, latency.sigma) == (pytest.approx(-1.0, abs=0.03), pytest.approx(0.8, abs=0.03))
    assert latency.at(0.5).total_seconds() == pytest.approx(median(measured), rel=0.05)


@pytest.mark.parametrize(("p50", "p99"), [(0.0, 1.0), (-1.0, 1.0), (2.0, 1.0)])
def test_impossible_percentiles_are_refused(p50: float, p99: float) -> None:
    with pytest.raises(UsageError, match="0 < p50 <= p99"):
        Latency.of(p50, p99)


@pytest.mark.parametrize("seconds", [[], [0.1, 0.0]])
def test_a_latency_is_fitted_to_nothing_else(seconds: list[float]) -> None:
    with pytest.raises(UsageError, match="measured seconds"):
        Latency.fitted(seconds)
