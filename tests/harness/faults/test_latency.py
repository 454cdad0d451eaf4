import math
import random
from statistics import median, quantiles

import pytest

from greenroom.errors import UsageError
from greenroom.faults import HOSTILE, REALISTIC, Latency, Profile, draw
from greenroom.faults.profiles import GIST_API, MEASURED


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


def test_percentiles_of_a_known_distribution_give_it_back() -> None:
    known = Latency(mu=-1.5, sigma=0.9, floor=0.08)
    found = Latency.through({share: known.seconds(share) for share in (0.05, 0.25, 0.5, 0.75, 0.9, 0.99)})
    assert (found.mu, found.sigma) == (pytest.approx(-1.5, abs=0.01), pytest.approx(0.9, abs=0.01))
    assert found.floor == pytest.approx(0.08, abs=0.001)


@pytest.mark.parametrize(
    "percentiles", [{}, {0.5: 0.2, 0.9: 0.5}, {0.1: 0.2, 0.5: 0.1, 0.9: 1.0}, {0.1: 0, 0.5: 1, 0.9: 2}]
)
def test_a_latency_is_not_fitted_through_anything_else(percentiles: dict[float, float]) -> None:
    with pytest.raises(UsageError, match="three percentiles or more, growing"):
        Latency.through(percentiles)


def test_the_profiles_latency_is_the_fit_to_the_published_percentiles() -> None:
    found = Latency.through(GIST_API)
    for name in ("mu", "sigma", "floor"):
        assert getattr(MEASURED, name) == pytest.approx(getattr(found, name), abs=0.0005)
    ratios = {share: math.log(MEASURED.seconds(share) / seconds) for share, seconds in GIST_API.items()}
    assert math.sqrt(sum(r * r for r in ratios.values()) / len(ratios)) == pytest.approx(0.090, abs=0.001)
    assert max(map(abs, ratios.values())) < math.log(1.16)


@pytest.mark.parametrize(("profile", "factor"), [(REALISTIC, 1), (HOSTILE, 5)])
def test_what_a_profile_draws_has_the_fitted_percentiles(profile: Profile, factor: int) -> None:
    drawn = [draw.latency(profile, "seed", f"tool{i % 7}", i).total_seconds() for i in range(20_000)]
    hundredths = quantiles(drawn, n=100)
    for share, seconds in {0.10: 0.115, 0.50: 0.194, 0.90: 0.608, 0.95: 0.915, 0.99: 2.07}.items():
        assert hundredths[round(100 * share) - 1] == pytest.approx(factor * seconds, rel=0.08 if share > 0.97 else 0.04)
    assert min(drawn) >= factor * 0.096
    assert max(drawn) <= profile.timeout.total_seconds()
