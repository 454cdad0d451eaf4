from pathlib import Path

import pytest

from greenroom.bench.boundaries import Cpu, TimedSandbox, Usage
from greenroom.bench.contained import NOTHING, Used, looking, owned
from greenroom.containers.container import ContainerSpec
from greenroom.containers.engine import Engine
from greenroom.sandbox import PortableSandbox
from greenroom.sandboxes import BlockingSandbox
from greenroom.sandboxes.docker import DockerSandbox, DockerServer, SharedBases
from greenroom.sandboxes.fleet import Fleet
from greenroom.sandboxes.isolated import Isolated
from greenroom.sandboxes.specs import Setting
from support.containers import need_images, plugins_image
from support.notes import app

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
    assert looking(sandbox, Fleet("notes"), [], NOWHERE)() is NOTHING


def test_containers_of_another_machine_are_not_counted() -> None:
    assert looking("compose:http://elsewhere:8470", Fleet("notes"), [], NOWHERE)() is None


@pytest.mark.docker
def test_containers_that_end_with_their_rollouts_are_counted_once_and_one_that_was_killed_is_not(
    tmp_path: Path,
) -> None:
    engine, setting = need_images("mail"), Setting(app=app, cache_dir=tmp_path)
    bases = SharedBases(setting)
    spec = ContainerSpec(apps=["notes"], image=plugins_image(), bases=bases.folder, start_seconds=120)

    def make() -> DockerSandbox:
        return DockerSandbox(setting, DockerServer(engine, spec), bases)

    others = owned(engine)
    isolated = Isolated(make(), make, 2)
    sandbox = BlockingSandbox(isolated)
    try:
        brief = sandbox.prepare("notes/train/find_number/0")
        look = looking("docker:2", isolated, others, engine)
        looks = [look()]
        one, other = sandbox.open(brief.snapshot, brief.task, 2)
        looks.append(look())
        sandbox.close(one.episode)
        looks.append(look())
        source, running, ended = [told.seconds for told in looks if told is not None]
        # A container that serves has worked for some tenths of a second.
        assert 0.1 < source < running / 2 and running - 0.05 < ended < running + 1
        (killed,) = [name for name in owned(engine) if name not in others and name != _name(isolated)]
        engine.client.api.kill(killed)
        sandbox.close(other.episode)
        assert look() is None
    finally:
        sandbox.stop()


def _name(isolated: Isolated) -> str:
    """The container that starts are made in."""
    source = isolated._source
    assert isinstance(source, DockerSandbox) and source.container is not None
    return source.container.name


def test_the_stopwatch_tells_how_many_there_is_room_for() -> None:
    fleet = Fleet("notes")

    def make() -> PortableSandbox:
        raise AssertionError("nobody opens an episode")

    assert TimedSandbox(Isolated(fleet, make, 3), 10).room == 3
    assert TimedSandbox(fleet, 10).room is None
