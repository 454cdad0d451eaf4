import asyncio
from pathlib import Path

import pytest

from greenroom import messages as m
from greenroom.bench.boundaries import TimedSandbox
from greenroom.bench.long_oracle import LongOracle, lengthened
from greenroom.bench.rollout import bench
from greenroom.bench.timing import quantile
from greenroom.rollouts import GroupSpec, Rollouts
from greenroom.sandboxes import InlineSandbox, LocalSandbox
from support.notes import app
from support.rollouts import Asker

READ = m.assistant(None, m.call("notes_read", "call_7", note_id=3))
WRITE = m.assistant(None, m.call("notes_add", title="x"))
END = m.assistant("Done.")


def test_a_solution_is_lengthened_by_reading_again_before_its_end() -> None:
    longer = lengthened((READ, WRITE, END), 6)
    assert longer[:2] == (READ, WRITE)
    assert longer[-1] == END
    again = [call for message in longer[2:-1] for call in m.calls_of(message)]
    assert [call["function"] for call in again] == [m.calls_of(READ)[0]["function"]] * 3
    assert len({call["id"] for call in again}) == 3


@pytest.mark.parametrize("solution", [(WRITE, END), (READ, WRITE, END)])
def test_a_solution_that_reads_nothing_or_is_long_enough_stays(solution: tuple[m.Message, ...]) -> None:
    assert lengthened(solution, 2) == solution


def test_the_long_oracle_takes_as_many_steps_as_asked_for_and_still_succeeds(tmp_path: Path) -> None:
    sandbox = TimedSandbox(InlineSandbox(LocalSandbox(app, cache_dir=tmp_path)), 10)
    engine = Rollouts(sandbox, Asker(), LongOracle(10))
    (group,) = asyncio.run(engine.play([GroupSpec("notes/train/find_number/0", 4)]))
    assert [(r.reward, r.trajectory.steps) for r in group.rollouts] == [(1.0, 10)] * 4
    assert [len(v) for v in (sandbox.times.prepare, sandbox.times.reset, sandbox.times.step)] == [1, 1, 36]


def test_the_benchmark_reports_rates_latencies_and_costs_of_each_boundary_and_draws_them(tmp_path: Path) -> None:
    picture = tmp_path / "new" / "rollout.png"
    report = bench(sandbox="local, process", world="small", most=4, size=4, episodes=8, steps=6, picture=picture)
    rates, latencies, costs = report.rows[:4], report.rows[4:8], report.rows[8:10]
    measured = [("local", 1), ("process", 1), ("local", 4), ("process", 4)]
    for rows in (rates, latencies):
        assert [(row["sandbox"], row["parallel"]) for row in rows] == measured
    assert all(row["rollouts"] == 8 and row["steps/s"] > row["rollouts/s"] > 0 for row in rates)
    assert [row["CPU below, ms/step"] > 0 for row in rates] == [False, True, False, True]
    assert all(0 < row["step p50 ms"] <= row["step p99 ms"] for row in latencies)
    assert [(row["sandbox"], row["rollouts/s, of local"] > 0) for row in costs] == [("process", True)] * 2
    assert [bar.name for bar in report.bars] == ["process: rollouts/s with 4 at once, of local's"]
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("share", "value"), [(0.0, 1.0), (0.5, 51.0), (0.99, 100.0)])
def test_quantiles(share: float, value: float) -> None:
    assert quantile([float(i) for i in range(1, 101)], share) == value
