"""Containers that are killed cost time, and nothing else."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from greenroom import messages as m
from greenroom.containers.container import Container, ContainerSpec
from greenroom.containers.engine import Engine
from greenroom.containers.orphans import found
from greenroom.containers.owner import Owner
from greenroom.errors import UnknownNameError, UsageError
from greenroom.rollouts import Group, GroupSpec, Rollouts
from greenroom.sandbox import Sandbox, StepRequest
from greenroom.sandboxes import BlockingSandbox, LocalSandbox, open_sandbox
from greenroom.sandboxes.docker import DockerSandbox, DockerServer, SharedBases, docker
from greenroom.sandboxes.fleet import Fleet
from greenroom.sandboxes.isolated import Isolated
from greenroom.sandboxes.specs import Setting
from greenroom.store import Store
from support.containers import need_images, plugins_image, until
from support.notes import app
from support.plugins import with_plugins
from support.rollouts import Asker, Scripted

pytestmark = pytest.mark.docker
SPECS = [GroupSpec("notes/train/find_number/0", 4, 5), GroupSpec("notes/train/replace/1", 4, 5)]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return need_images("mail")


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    return Setting(app=app, cache_dir=tmp_path / "bases")


@pytest.fixture
def servers(engine: Engine, setting: Setting) -> Iterator[list[DockerServer]]:
    bases = SharedBases(setting)
    spec = ContainerSpec(apps=["notes"], image=plugins_image(), bases=bases.folder, start_seconds=120)
    servers = [DockerServer(engine, spec) for _ in range(2)]
    yield servers
    for server in servers:
        server.down()


@pytest.fixture
def sandbox(servers: list[DockerServer], setting: Setting) -> Iterator[BlockingSandbox]:
    bases = SharedBases(setting)
    sandbox = BlockingSandbox(Fleet("notes", [DockerSandbox(setting, server, bases) for server in servers]))
    yield sandbox
    sandbox.stop()


def told(groups: list[Group]) -> list[tuple[Any, ...]]:
    """All that may not depend on deaths."""
    return [
        (r.task, r.member, r.seed, r.state, r.reward, r.content_id, r.trajectory.messages)
        for group in groups
        for r in group.rollouts
    ]


def main_program(engine: Engine, container: Container) -> int:
    """The number of its process on this machine."""
    return int(engine.client.api.inspect_container(container.name)["State"]["Pid"])


def running(servers: list[DockerServer]) -> list[Container]:
    return [server.container for server in servers if server.container is not None]


@pytest.mark.parametrize("how", ["the program", "the container", "removed"])
def test_a_group_goes_on_when_its_container_is_killed(
    engine: Engine,
    servers: list[DockerServer],
    sandbox: BlockingSandbox,
    tmp_path: Path,
    store: Store,
    run: int,
    how: str,
) -> None:
    undisturbed = told(asyncio.run(Rollouts(LocalSandbox(app, cache_dir=tmp_path), Asker(), Scripted()).play(SPECS)))
    sandbox.families()
    kill = {
        "the program": lambda one: os.kill(main_program(engine, one), signal.SIGKILL),
        "the container": lambda one: engine.client.api.kill(one.name),
        "removed": lambda one: engine.client.api.remove_container(one.name, force=True),
    }[how]
    before = {container.name for container in running(servers)}
    rollouts = Rollouts(
        sandbox, Asker(), Killing(lambda: [kill(one) for one in running(servers)]), store=store, run=run
    )
    groups = asyncio.run(asyncio.wait_for(rollouts.play(SPECS), 200))
    assert told(groups) == undisturbed
    assert [r.failure for group in groups for r in group.rollouts] == [None] * 8
    assert store.counts(run).rollouts == 8
    assert {container.name for container in running(servers)} - before
    sandbox.stop()
    mine = str(Owner.this())
    assert [one.name for one in found(engine) if str(one.owner) == mine and one.name in before] == []


class Killing(Scripted):
    """A policy in whose first session's second turn something is killed."""

    def __init__(self, kill: Callable[[], object]) -> None:
        super().__init__()
        self._kill, self._lock = kill, threading.Lock()

    def session(self, start: Any) -> Any:
        session = super().session(start)
        act, turns, policy = session.act, 0, self

        async def acting(new: Any) -> Any:
            nonlocal turns
            turns += 1
            if turns == 2 and policy._lock.acquire(blocking=False):
                await asyncio.to_thread(policy._kill)
            return await act(new)

        session.act = acting  # pyright: ignore[reportAttributeAccessIssue]
        return session


def test_each_rollout_has_a_container_of_its_own_on_request(engine: Engine, setting: Setting, tmp_path: Path) -> None:
    bases, mine = SharedBases(setting), str(Owner.this())
    spec = ContainerSpec(apps=["notes"], image=plugins_image(), bases=bases.folder, start_seconds=120)
    others = {one.name for one in found(engine)}

    def make() -> DockerSandbox:
        return DockerSandbox(setting, DockerServer(engine, spec), bases)

    sandbox = BlockingSandbox(Isolated(make(), make, 3))
    try:
        brief = sandbox.prepare(SPECS[0].task)
        before = {one.name for one in found(engine)}
        forks = sandbox.open(brief.snapshot, brief.task, 2)
        own = [one for one in found(engine) if one.name not in before and str(one.owner) == mine]
        assert len(own) == 2 and len({fork.state for fork in forks}) == 1
        results = sandbox.step([StepRequest(episode=fork.episode, calls=[]) for fork in forks])
        assert len(results) == 2
        own[0].handle.kill()
        engine_ = Rollouts(sandbox, Asker(), Scripted(), parallel=1)
        for fork in forks:
            sandbox.close(fork.episode)
        until(lambda: not {one.name for one in own} & {one.name for one in found(engine)})
        (group,) = asyncio.run(engine_.play([GroupSpec(SPECS[0].task, 2, 5)]))
        (expected,) = asyncio.run(
            Rollouts(LocalSandbox(app, cache_dir=tmp_path), Asker(), Scripted()).play([GroupSpec(SPECS[0].task, 2, 5)])
        )
        assert told([group]) == told([expected])
    finally:
        sandbox.stop()
    assert not {one.name for one in found(engine) if str(one.owner) == mine} - others


def test_what_was_frozen_is_opened_though_its_container_is_killed(
    engine: Engine, setting: Setting, tmp_path: Path
) -> None:
    bases, before = SharedBases(setting), {one.name for one in found(engine)}
    spec = ContainerSpec(apps=["notes"], image=plugins_image(), bases=bases.folder, start_seconds=120)
    task, add = SPECS[0].task, [m.call("notes_add", title="before it was killed")]

    def make() -> DockerSandbox:
        return DockerSandbox(setting, DockerServer(engine, spec), bases)

    def outcome(sandbox: Sandbox, kill: Callable[[], object]) -> tuple[object, ...]:
        brief = sandbox.prepare(task)
        (one,) = sandbox.open(brief.snapshot, task)
        sandbox.step([StepRequest(episode=one.episode, calls=add)])
        frozen = sandbox.snapshot(one.episode)
        kill()
        sandbox.close(one.episode)
        forks = sandbox.open(frozen, task)
        for fork in forks:
            for message in brief.solution:
                sandbox.step([StepRequest(episode=fork.episode, calls=m.calls_of(message))])
        ends = [(sandbox.content(fork.episode), sandbox.verify(fork.episode, brief.solution)) for fork in forks]
        return frozen, [fork.state for fork in forks], ends

    source = make()
    sandbox = BlockingSandbox(Isolated(source, make, 3))

    def kill() -> None:
        assert source.container is not None
        (own,) = [one for one in found(engine) if one.name not in {*before, source.container.name}]
        own.handle.kill()

    try:
        mine = outcome(sandbox, kill)
    finally:
        sandbox.stop()
    assert mine == outcome(LocalSandbox(app, cache_dir=tmp_path), lambda: None)
    assert mine[1] == [mine[0]]
    assert {one.name for one in found(engine)} <= before


def test_a_base_is_built_once_here_and_only_read_there(
    engine: Engine, servers: list[DockerServer], sandbox: BlockingSandbox, setting: Setting
) -> None:
    sandbox.prepare(SPECS[0].task)
    assert setting.cache_dir is not None
    assert len(list(setting.cache_dir.glob("notes-train-small-*.sqlite"))) == 1
    for container in running(servers):
        mounts = engine.client.api.inspect_container(container.name)["Mounts"]
        assert {mount["Destination"]: mount["RW"] for mount in mounts} == {"/bases": False, "/run/greenroom": True}
        code = "import os; print(os.path.exists('/tmp/cache'))"
        done = engine.client.containers.get(container.name).exec_run(["python3", "-c", code])
        assert done.output.strip() == b"False"


@pytest.mark.parametrize("argument", ["0", "65", "x", "1:2"])
def test_a_number_of_containers_that_is_none_is_refused(setting: Setting, argument: str) -> None:
    with pytest.raises(UsageError, match="how many containers"):
        docker(argument, setting)


def test_an_app_that_is_nowhere_is_named() -> None:
    with pytest.raises((UnknownNameError, UsageError)):
        open_sandbox("docker", "nowhere").families()


def test_a_harness_that_is_killed_in_mid_group_leaves_no_container_and_its_run_goes_on(
    engine: Engine, tmp_path: Path
) -> None:
    url = str(tmp_path / "runs.db")
    environment = with_plugins(tmp_path, GREENROOM_IMAGE=plugins_image(), GREENROOM_STORE=url)
    greenroom = [sys.executable, "-m", "greenroom.cli.main"]
    sized = ["--groups", "4", "--size", "4", "--parallel", "3", "--policy", "slow:0.3", "--user", "asker"]
    with subprocess.Popen([*greenroom, "rollout", "notes", "--sandbox", "docker", *sized], env=environment) as playing:
        until(lambda: Path(url).exists() and kept(url) >= 3, 120)
        started = [one.name for one in found(engine) if one.owner is not None and one.owner.pid == playing.pid]
        playing.kill()
    before = kept(url)
    assert 3 <= before < 16 and len(started) == 1
    command = [*greenroom, "rollout", "--resume", "1", "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told_ = json.loads(done.stdout)
    assert (told_["rollouts"], told_["invalid"], kept(url)) == (16, 0, 16)
    # The container ended with its harness, and what was left of it went when the run began anew.
    assert started[0] not in {one.name for one in found(engine)}


def kept(url: str) -> int:
    with Store(url) as store:
        return sum(store.counts(row.id).rollouts for row in store.runs())
