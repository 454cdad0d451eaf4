import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from greenroom.errors import SandboxError, SandboxLostError, UsageError
from greenroom.rollouts import Group, GroupSpec, Recovery, Rollouts
from greenroom.sandbox import Sandbox, StepRequest
from greenroom.sandboxes import BlockingSandbox, LocalSandbox, open_sandbox
from greenroom.sandboxes.process import ProcessServer
from greenroom.sandboxes.remote import connected
from greenroom.sandboxes.served import ServedSandbox
from greenroom.sandboxes.specs import Setting
from greenroom.store import Store
from greenroom.wire.client import RemoteSandbox
from support.notes import app
from support.rollouts import Asker, Scripted

SPECS = [GroupSpec("notes/train/find_number/0", 4, 5), GroupSpec("notes/train/replace/1", 4, 5)]


@pytest.fixture
def server(environment: dict[str, str]) -> Iterator[ProcessServer]:
    server = ProcessServer(["notes"], 2, environment=environment)
    yield server
    server.down()


@pytest.fixture
def sandbox(server: ProcessServer) -> Iterator[Sandbox]:
    sandbox = BlockingSandbox(ServedSandbox("notes", server, connected(Setting(app="notes"))))
    yield sandbox
    sandbox.stop()


def family(server: ProcessServer) -> list[psutil.Process]:
    """The warden, the server and its workers, in that order."""
    assert server.pid is not None
    warden = psutil.Process(server.pid)
    return [warden, *warden.children(recursive=True)]


def all_gone(processes: list[psutil.Process], folder: Path) -> bool:
    """Whether none of them is left, nor their folder, within some seconds."""
    _, alive = psutil.wait_procs(processes, timeout=30)
    return not alive and not folder.exists()


def answers(folder: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as line:
        return line.connect_ex(str(folder / "control.sock")) == 0


def folder_of(server: ProcessServer) -> Path:
    return Path(server.up().address.removeprefix("unix:"))


def test_nothing_is_started_before_it_is_needed_and_nothing_is_left_behind(
    server: ProcessServer, sandbox: Sandbox
) -> None:
    assert server.pid is None
    assert sandbox.families() == ["find_number", "replace"]
    running, folder = family(server), folder_of(server)
    assert len(running) == 4
    assert folder.stat().st_mode & 0o077 == 0
    while "serving notes at" not in server.log():
        assert server.pid is not None
    sandbox.stop()
    assert all_gone(running, folder)
    with pytest.raises(SandboxError, match="was stopped"):
        server.up()


def test_a_server_that_does_not_come_up_says_its_last_lines(environment: dict[str, str]) -> None:
    server = ProcessServer(["nots"], environment=environment)
    with pytest.raises(SandboxError, match=r"ended with 2. Its log ends so:\n.*did you mean 'notes'"):
        server.up()
    assert server.pid is None
    slow = ProcessServer(["notes"], environment=environment, seconds=0.01)
    with pytest.raises(SandboxError, match=r"did not come up in 0.01 s"):
        slow.up()
    assert slow.pid is None


@pytest.mark.parametrize("argument", ["0", "x", "257", "-1"])
def test_a_bad_number_of_processes_is_refused(argument: str) -> None:
    with pytest.raises(UsageError, match="how many processes, 1 to 256"):
        open_sandbox(f"process:{argument}", "mail")


def test_an_episode_that_died_with_its_worker_says_so_and_another_can_be_begun(
    server: ProcessServer, sandbox: Sandbox
) -> None:
    task = SPECS[0].task
    brief = sandbox.prepare(task)
    (fork,) = sandbox.open(brief.snapshot, task)
    for worker in family(server)[2:]:
        worker.kill()
    with pytest.raises(SandboxLostError):
        sandbox.step([StepRequest(episode=fork.episode, calls=[])])
    again = sandbox.prepare(task)
    assert again == brief
    assert sandbox.open(again.snapshot, task)[0].state == fork.state


Kill = Callable[[list[psutil.Process]], list[psutil.Process]]
VICTIMS: dict[str, Kill] = {
    "a worker": lambda found: found[2:3],
    "all workers": lambda found: found[2:],
    "the server": lambda found: found[1:2],
    "the warden": lambda found: found[:1],
}


def told(groups: list[Group]) -> list[object]:
    return [
        (r.task, r.member, r.state, r.reward, r.content_id, r.trajectory.messages, r.failure)
        for group in groups
        for r in group.rollouts
    ]


@pytest.mark.slow
@pytest.mark.parametrize("victims", VICTIMS)
def test_whoever_is_killed_in_mid_group_every_rollout_comes_out_as_if_nobody_had_been(
    server: ProcessServer, sandbox: Sandbox, tmp_path: Path, victims: str
) -> None:
    whole = told(asyncio.run(Rollouts(LocalSandbox(app, cache_dir=tmp_path), Asker(), Scripted()).play(SPECS)))
    sandbox.families()
    before, folder = family(server), folder_of(server)
    victim = VICTIMS[victims](before)
    policy = Scripted(pause=0.3)

    async def disturbed(store: Store, run: int) -> list[Group]:
        recovery = Recovery(pause=0.3)
        engine = Rollouts(sandbox, Asker(), policy, store=store, run=run, recovery=recovery)
        playing = asyncio.create_task(engine.play(SPECS))
        while not any(seen and len(seen) > 3 for seen in policy.seen):
            await asyncio.sleep(0.01)
        for process in victim:
            process.kill()
        return await playing

    with Store(tmp_path / "store.db") as store:
        run = store.begin_run("test", app="notes", policy="scripted", user="asker", config={})
        assert told(asyncio.run(disturbed(store, run))) == whole
        assert [r.content_id for r in store.rollouts(run)] == [one[4] for one in whole]  # pyright: ignore
    assert len(policy.starts) == policy.closed == 8
    after = family(server)
    sandbox.stop()
    assert all_gone([*before, *after], folder)


def test_whoever_asks_while_the_client_is_ended_hears_that_it_is_lost_and_can_be_made_again(
    server: ProcessServer,
) -> None:
    place = server.up()

    async def ended() -> list[object]:
        client = RemoteSandbox(place.address, "notes", token=place.token)
        await client.connect()
        for process in family(server):
            process.kill()
        asked = [asyncio.create_task(client.prepare(SPECS[0].task)) for _ in range(6)]
        await asyncio.sleep(0.3)
        await client.stop()
        return [type(failed) for failed in await asyncio.gather(*asked, return_exceptions=True)]

    assert asyncio.run(ended()) == [SandboxLostError] * 6


def test_a_server_whose_warden_is_gone_is_not_waited_for(server: ProcessServer) -> None:
    place = server.up()

    async def asked() -> None:
        client = connected(Setting(app="notes"), reach=600)(place)
        await client.families()
        for process in family(server):
            process.kill()
        while not place.gone():
            await asyncio.sleep(0.01)
        await client.families()

    with pytest.raises(SandboxLostError, match="its server has ended"):
        asyncio.run(asyncio.wait_for(asked(), 60))


def test_a_server_that_was_up_and_is_killed_while_it_is_seen_to_is_lost_and_can_come_back(
    environment: dict[str, str],
) -> None:
    server = ProcessServer(["notes"], environment=environment)
    folder = folder_of(server)
    (warden, *rest) = family(server)
    warden.suspend()  # So that its server is not started again.
    for process in rest:
        process.kill()
    while answers(folder):
        time.sleep(0.01)
    seeing = threading.Timer(0.5, warden.kill)
    seeing.start()
    with pytest.raises(SandboxLostError, match="ended with -9"):
        server.up()
    server.up()
    server.down()


def test_a_server_that_is_killed_is_started_again_where_it_was(server: ProcessServer, sandbox: Sandbox) -> None:
    sandbox.families()
    place, before = server.up(), family(server)
    before[1].kill()
    while "killed by signal 9: it is started again" not in server.log():
        time.sleep(0.01)
    assert sandbox.families() == ["find_number", "replace"]
    assert server.up() == place
    assert family(server)[0] == before[0]
    assert psutil.wait_procs(before[1:], timeout=30)[1] == []


HARNESS = """
import sys, time
from greenroom.sandboxes.process import ProcessServer
server = ProcessServer(["notes"], 2)
print(server.pid or 0, server.up().address.removeprefix("unix:"), server.pid, flush=True)
{ending}
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ending", "number"),
    [
        ("time.sleep(600)", signal.SIGKILL),
        ("time.sleep(600)", signal.SIGTERM),
        ("sys.exit()", None),
        ("import os; os._exit(1)", None),
    ],
)
def test_no_process_and_no_folder_outlives_the_harness(
    environment: dict[str, str], ending: str, number: signal.Signals | None
) -> None:
    harness = subprocess.Popen(
        [sys.executable, "-c", HARNESS.format(ending=ending)], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert harness.stdout is not None
    _, folder, pid = harness.stdout.readline().split()
    warden = psutil.Process(int(pid)) if psutil.pid_exists(int(pid)) else None
    family = [warden, *warden.children(recursive=True)] if warden else []
    if number is not None:
        assert len(family) == 4
        os.kill(harness.pid, number)
    harness.wait(30)
    harness.stdout.close()
    assert all_gone(family, Path(folder))
