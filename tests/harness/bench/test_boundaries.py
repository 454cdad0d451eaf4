import pytest

from greenroom.bench.boundaries import Cpu, TimedSandbox, Usage
from greenroom.bench.contained import NOTHING, Used, looking
from greenroom.containers.engine import Engine
from greenroom.sandboxes.fleet import Fleet
from greenroom.sandboxes.isolated import Isolated

NOWHERE = Engine("unix:///nowhere/docker.sock")


def test_what_containers_used_between_two_looks_counts_and_the_machine_s_is_at_least_ours() -> None:
    looks = iter([Used(seconds=2.0, megabytes=300), Used(seconds=2.5, megabytes=200)])
    usage = Usage([], lambda: next(looks))
    sum(range(3_000_000))
    cpu = usage.cpu()
    assert cpu.contained == pytest.approx(0.5)
    assert cpu.counted == pytest.approx(cpu.here + 0.5) and cpu.here > 0 and cpu.below == 0
    assert cpu.machine > cpu.here - 0.05
    assert usage.megabytes > 300


def test_where_containers_cannot_be_counted_no_sum_is_told() -> None:
    assert Usage([], lambda: None).cpu().counted is None
    assert Cpu(here=1, below=2, contained=3, machine=9).counted == 6


@pytest.mark.parametrize("sandbox", ["local", "process:2", "ws://127.0.0.1:8750"])
def test_a_sandbox_without_containers_asks_no_engine(sandbox: str) -> None:
    assert looking(sandbox, "world", [], NOWHERE)() is NOTHING


def test_containers_that_end_with_their_rollouts_are_not_counted() -> None:
    assert looking("docker:4", "container", [], NOWHERE)() is None
    assert looking("compose:http://elsewhere:8470", "world", [], NOWHERE)() is None


def test_the_stopwatch_tells_how_many_there_is_room_for() -> None:
    fleet = Fleet("notes")
    assert TimedSandbox(Isolated(fleet, lambda: fleet, 3), 10).room == 3
    assert TimedSandbox(fleet, 10).room is None
