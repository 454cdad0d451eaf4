import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from greenroom.errors import UnknownNameError
from greenroom.faults import HOSTILE, NONE, REALISTIC, Profile, draw, parse_profile

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CALLS = range(1, 4001)


def share(happens: Callable[[int], bool]) -> float:
    return sum(map(happens, CALLS)) / len(CALLS)


def test_chances_are_even_and_follow_from_their_arguments_alone() -> None:
    drawn = [draw.chance("seed", "tool", call) for call in CALLS]
    assert all(0 < value < 1 for value in drawn)
    tenths = Counter(int(value * 10) for value in drawn)
    assert min(tenths.values()) > 300
    assert drawn == [draw.chance("seed", "tool", call) for call in CALLS]
    assert draw.chance("ab", "c") != draw.chance("a", "bc")


def test_another_process_with_another_hash_seed_draws_the_same() -> None:
    code = "from greenroom.faults import draw; print(draw.chance('seed', 'mail_send', 7))"
    environment = {**os.environ, "PYTHONHASHSEED": "99"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == str(draw.chance("seed", "mail_send", 7))


@pytest.mark.parametrize("profile", [REALISTIC, HOSTILE])
def test_each_kind_comes_at_its_rate(profile: Profile) -> None:
    for writes in (True, False):
        drawn = Counter(draw.disturbance(profile, "s", "t", call, writes=writes) for call in CALLS)
        rates = {"rate_limited": profile.rate_limited, "timed_out": profile.timed_out}
        rates["duplicated" if writes else "stale_read"] = profile.duplicated if writes else profile.stale_read
        assert drawn.keys() - {None} == rates.keys()
        for kind, rate in rates.items():
            assert drawn[kind] / len(CALLS) == pytest.approx(rate, abs=0.35 * rate)


def test_no_profile_means_no_fault() -> None:
    assert {draw.disturbance(NONE, "s", "t", call, writes=True) for call in CALLS} == {None}
    assert not any(draw.in_burst(NONE, "s", "t", call) for call in CALLS)
    assert not any(draw.has_changed(NONE, "s", f"t{i}", 9) for i in range(500))
    assert draw.latency(NONE, "s", "t", 1) == timedelta(0)
    assert draw.outage(NONE, "s", "f", NOW) is None


def test_server_errors_come_in_bursts_of_several_lengths() -> None:
    flags = "".join("x" if draw.in_burst(HOSTILE, "s", "t", call) else " " for call in CALLS)
    lengths = Counter(len(burst) for burst in flags.split())
    assert max(lengths) >= 3
    assert 0.05 < share(lambda call: draw.in_burst(HOSTILE, "s", "t", call)) < 0.25


def test_an_outage_begins_and_ends_in_virtual_time_and_says_how_long_it_lasts() -> None:
    moments = [NOW + timedelta(seconds=10 * i) for i in range(5000)]
    left = [draw.outage(HOSTILE, "s", "mail.sending", moment) for moment in moments]
    down = [(moment, remaining) for moment, remaining in zip(moments, left, strict=True) if remaining]
    assert 0.02 < len(down) / len(moments) < 0.25
    moment, remaining = down[0]
    assert draw.outage(HOSTILE, "s", "mail.sending", moment + remaining / 2)
    assert draw.outage(HOSTILE, "s", "mail.sending", moment + remaining) is None
    assert left != [draw.outage(HOSTILE, "s", "mail.filing", moment) for moment in moments]


def test_results_that_changed_shape_stay_changed() -> None:
    for tool in (f"tool{i}" for i in range(200)):
        flags = [draw.has_changed(HOSTILE, "s", tool, call) for call in range(1, 12)]
        assert flags == sorted(flags)
        assert flags[-1] is (draw.chance("s", tool, "changed") < HOSTILE.schema_changed)


def test_latency_never_exceeds_what_a_client_waits() -> None:
    slow = replace(HOSTILE, timeout=timedelta(seconds=2))
    drawn = [draw.latency(slow, "s", "t", call) for call in CALLS]
    assert max(drawn) == timedelta(seconds=2)
    assert min(drawn) > timedelta(0)


def test_an_unknown_profile_suggests_the_nearest() -> None:
    assert parse_profile("hostile") is HOSTILE
    assert parse_profile(REALISTIC) is REALISTIC
    with pytest.raises(UnknownNameError, match="did you mean 'realistic'"):
        parse_profile("realistc")
