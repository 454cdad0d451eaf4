"""A foreign application in containers: the application of docs/foreign.md, which none of us wrote."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from greenroom import GreenroomEnv
from greenroom import messages as m
from greenroom.containers import orphans
from greenroom.containers.engine import Engine
from greenroom.errors import AppError, SandboxError, SandboxLostError, UnknownNameError, UsageError
from greenroom.foreign import ContainerApp, ForeignSandbox, images, prove
from greenroom.messages import ToolCall
from greenroom.plugins import load_simulator
from greenroom.rollouts import GroupSpec, Rollouts
from greenroom.rollouts.policies import OraclePolicy
from greenroom.sandbox import Brief, StepRequest, StepResult
from greenroom.users import UserSimulator
from support.foreign import HERE, Killer, containers, snapshots
from support.rollouts import Asker

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(900)]
TESTS = Path(__file__).parents[2]
ADD = "ihatemoney/train/add_bill/0"
SOCKET = {
    "port": 0,
    "socket": "/run/ihatemoney/http.sock",
    "container": {"environment": {"BIND": "unix:/run/ihatemoney/http.sock"}},
}


COMPOSE = """
services:
  web:
    image: ihatemoney
    ports: ["8000:8000"]
    container_name: the-one-and-only
  beside:
    image: ihatemoney
    command: sleep 600
    environment: [GREENROOM_TOKEN, "TOKEN=${GREENROOM_TOKEN:-none}"]
"""
QUERY_IN_WEB = {"command": ["query"], "service": "web"}


def play(sandbox: ForeignSandbox, episode: str, brief: Brief) -> StepResult:
    calls = [call for message in brief.solution for call in m.calls_of(message)]
    return step(sandbox, episode, *calls)


def step(sandbox: ForeignSandbox, episode: str, *calls: ToolCall) -> StepResult:
    return sandbox.step([StepRequest(episode=episode, calls=calls)])[0]


def test_forks_start_alike_go_their_own_ways_and_can_be_frozen(make: Any) -> None:
    sandbox = make()
    brief = sandbox.prepare(ADD)
    one, other = sandbox.open(brief.snapshot, ADD, 2)
    assert one.state == other.state == brief.snapshot
    assert play(sandbox, one.episode, brief).refused == 0
    assert sandbox.verify(one.episode, brief.solution).score == 1
    assert sandbox.verify(other.episode, brief.solution).score == 0
    (change,) = sandbox.changes(one.episode)
    assert (change.op, change.table, change.key) == ("insert", "bill", (3,))
    frozen = sandbox.snapshot(one.episode)
    assert frozen == sandbox.content(one.episode) != sandbox.content(other.episode)
    (again,) = sandbox.open(frozen, ADD)
    assert again.state == frozen
    assert sandbox.verify(again.episode, brief.solution).score == 1
    sandbox.close(one.episode)
    with pytest.raises(SandboxLostError, match="is not running here"):
        sandbox.content(one.episode)


@pytest.mark.parametrize("how", [SOCKET, {"snapshot": "stop"}], ids=["unix socket, no network", "stopped to commit"])
def test_it_may_be_reached_and_committed_otherwise(make: Any, how: dict[str, Any]) -> None:
    sandbox = make(**how)
    brief = sandbox.prepare(ADD)
    (fork,) = sandbox.open(brief.snapshot, ADD)
    play(sandbox, fork.episode, brief)
    frozen = sandbox.snapshot(fork.episode)
    (again,) = sandbox.open(frozen, ADD)
    for episode in (fork.episode, again.episode):
        assert sandbox.verify(episode, brief.solution).score == 1


def test_at_a_unix_socket_it_has_no_network(make: Any, engine: Engine) -> None:
    sandbox = make(**SOCKET)
    sandbox.open(sandbox.prepare(ADD).snapshot, ADD)
    (name,) = containers(engine)
    _, out = engine.client.containers.get(name).exec_run(["ls", "/sys/class/net"])
    assert out.decode().split() == ["lo"]


def test_what_an_agent_may_not_is_told_in_words_and_changes_nothing(make: Any) -> None:
    sandbox = make()
    (fork,) = sandbox.open(sandbox.prepare(ADD).snapshot, ADD)
    result = step(
        sandbox,
        fork.episode,
        m.call("ihatemoney_get_bill", bill_id=99),
        m.call(
            "ihatemoney_edit_bill",
            bill_id=99,
            date="2026-02-01",
            what="x",
            payer=1,
            payed_for=[1],
            amount=1,
            bill_type="Expense",
        ),
        m.call("ihatemoney_get_bill", bill_id="../../../projects/other"),
        m.call("ihatemoney_get_project", project_id="other"),
        m.call("ihatemoney_fly"),
        m.call("ihatemoney_add_bill", date="2026-02-01"),
    )
    told = [m.text_of(message) for message in result.messages]
    assert result.refused == 6
    assert "http_404" in told[0]
    assert "http_500" in told[1]  # A bug of the application: it is part of what is rehearsed.
    assert "is not of type 'integer'" in told[2]
    assert "Additional properties" in told[3]
    assert "no tool 'ihatemoney_fly'" in told[4]
    assert "is a required property" in told[5]
    assert sandbox.changes(fork.episode) == []


def test_a_fork_that_differs_from_its_snapshot_is_refused(make: Any, described: Any, engine: Engine) -> None:
    probe = {name: table.model_dump() for name, table in described.probe.items()}
    sandbox = make(probe={**probe, "boot": {"run": ["cat", "/proc/sys/kernel/random/uuid"]}})
    brief = sandbox.prepare(ADD)
    with pytest.raises(SandboxError, match="differs from its snapshot in table 'boot'"):
        sandbox.open(brief.snapshot, ADD, 2)
    assert containers(engine) == []


def test_an_agent_that_breaks_what_the_probe_asks_has_changed_it(make: Any) -> None:
    sandbox = make()
    brief = sandbox.prepare("ihatemoney/train/who_owes/0")
    (fork,) = sandbox.open(brief.snapshot, brief.task)
    step(sandbox, fork.episode, m.call("ihatemoney_delete_project"))
    assert ("project", "insert") in {(change.table, change.op) for change in sandbox.changes(fork.episode)}
    assert sandbox.verify(fork.episode, brief.solution).score == 0


def test_a_probe_that_is_refused_at_the_start_is_told(make: Any) -> None:
    with pytest.raises(AppError, match="probe 'gone': GET /api/projects/nowhere answers 401 at the start"):
        make(probe={"gone": {"http": "/api/projects/nowhere"}}).prepare(ADD)


def assert_hardened(host: dict[str, Any]) -> None:
    assert not host["Privileged"] and host["CapDrop"] == ["ALL"] and not host["CapAdd"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert host["PidsLimit"] == 256 and host["Memory"] == host["MemorySwap"] == 1 << 30 and host["NanoCpus"] == 2e9
    assert {limit["Name"]: limit["Hard"] for limit in host["Ulimits"]} == {"nofile": 4096, "core": 0}
    assert host["LogConfig"]["Config"] == {"max-size": "4m", "max-file": "2"}


def test_a_container_of_an_image_is_hardened(make: Any, engine: Engine) -> None:
    before, sandbox = containers(engine), make()
    sandbox.open(sandbox.prepare(ADD).snapshot, ADD)
    (name,) = set(containers(engine)) - set(before)
    assert_hardened(engine.client.api.inspect_container(name)["HostConfig"])


@pytest.mark.parametrize(
    ("command", "told"),
    [(["cat", "/dev/zero"], "prints more than 16 MiB"), (["sh", "-c", "echo no >&2; exit 7"], r"exit code 7\): no")],
)
def test_a_probe_whose_command_goes_wrong_is_told(make: Any, command: list[str], told: str) -> None:
    with pytest.raises(SandboxError, match=told):
        make(probe={"all": {"run": command}}).prepare(ADD)


def test_a_compose_file_is_forked_as_a_whole(
    make: Any, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREENROOM_TOKEN", "a token of the harness")
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    (tmp_path / "openapi.json").write_bytes((HERE / "openapi.json").read_bytes())
    sandbox = make(image="", compose="compose.yaml", service="web", folder=tmp_path, sql=QUERY_IN_WEB)
    brief = sandbox.prepare(ADD)
    one, other = sandbox.open(brief.snapshot, ADD, 2)
    assert one.state == other.state == brief.snapshot
    play(sandbox, one.episode, brief)
    (again,) = sandbox.open(sandbox.snapshot(one.episode), ADD)
    assert sandbox.verify(again.episode, brief.solution).score == 1
    assert len(containers(engine)) == 6
    for name in containers(engine):
        told = engine.client.api.inspect_container(name)
        assert_hardened(told["HostConfig"])
        assert "a token of the harness" not in str(told["Config"]["Env"])
    sandbox.stop()
    assert containers(engine) == snapshots(engine) == []
    assert engine.client.networks.list(filters={"label": "com.docker.compose.project"}, names=["greenroom-ihate"]) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("    image: ihatemoney\n    command", "    command", "service 'beside' names no image"),
        ("    command", "    volumes: [kept:/data]\n    command", "service 'beside' has volumes"),
        ("  web:", "  site:", "has no service 'web'; there is: site, beside"),
        ("services:", "services", "is no compose file"),
        *[
            (
                "    command",
                f"    {line}\n    command",
                f"'beside' asks for '{line.partition(':')[0]}', which no foreign",
            )
            for line in (
                "privileged: true",
                "pid: host",
                "ipc: host",
                "network_mode: host",
                "cap_add: [SYS_ADMIN]",
                "security_opt: ['seccomp:unconfined']",
                "devices: ['/dev/sda:/dev/sda']",
                "volumes_from: ['container:other']",
                "env_file: /etc/passwd",
                "extends: {file: /etc/other.yaml, service: x}",
                "secrets: [key]",
                "x-new-in-compose-9: true",
            )
        ],
        ("  beside:", "  third: 7\n  beside:", "service 'third' names no image"),
    ],
)
def test_a_compose_file_that_cannot_be_forked_is_refused(
    described: ContainerApp, tmp_path: Path, old: str, new: str, told: str
) -> None:
    (tmp_path / "compose.yaml").write_text(COMPOSE.replace(old, new))
    changed = {"image": "", "compose": "compose.yaml", "service": "web", "folder": tmp_path}
    with pytest.raises(UsageError, match=told):
        ForeignSandbox(ContainerApp.model_validate({**described.model_dump(), **changed}))


def test_a_group_whose_containers_are_killed_is_completed_to_the_same_end(make: Any, engine: Engine) -> None:
    sandbox, killer = make(), Killer(engine)
    spec = GroupSpec("ihatemoney/train/rename/1", size=2)
    (group,) = asyncio.run(Rollouts(sandbox, Asker(), killer).play([spec]))
    assert killer.killed
    assert [(r.failure, r.reward) for r in group.rollouts] == [(None, 1.0)] * 2
    (unharmed,) = asyncio.run(Rollouts(sandbox, Asker(), OraclePolicy()).play([spec]))
    assert {r.content_id for r in group.rollouts} == {r.content_id for r in unharmed.rollouts}


def test_every_family_is_solved_by_its_oracle(make: Any, person: UserSimulator) -> None:
    sandbox = make()
    specs = [GroupSpec(f"ihatemoney/test/{family}/0") for family in sandbox.families()]
    groups = asyncio.run(Rollouts(sandbox, person, OraclePolicy(), parallel=2).play(specs))
    causes = [f"{r.task}: {r.failure}" for group in groups for r in group.rollouts if r.failure]
    assert [[r.reward for r in group.rollouts] for group in groups] == [[1.0]] * 6, "\n".join(causes)


def test_tasks_are_proved(make: Any, person: UserSimulator) -> None:
    proof = prove(make(), person, ["ihatemoney/train/correct_amount/0", "ihatemoney/train/who_owes/0"])
    assert proof.violations == []


@pytest.mark.nightly
def test_all_tasks_are_proved(make: Any, person: UserSimulator) -> None:
    sandbox = make()
    proof = prove(sandbox, person, [f"ihatemoney/train/{family}/{i}" for family in sandbox.families() for i in (0, 1)])
    assert proof.violations == []


def test_an_environment_runs_on_it(make: Any) -> None:
    env = GreenroomEnv(sandbox=make(), user=load_simulator("goal"), split="train")
    env.reset(seed=4, options={"task": ADD})
    observation, *_ = env.step(m.assistant(None, m.call("ihatemoney_list_members")))
    assert "Cem" in m.text_of(observation[-1])
    env.close()


def test_bad_tasks_are_refused(make: Any) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'add_bill'"):
        make().prepare("ihatemoney/train/add_bil/0")
    with pytest.raises(UsageError, match="is no task id"):
        make().prepare("ihatemoney")
    with pytest.raises(UsageError, match="this sandbox runs 'ihatemoney'"):
        make().prepare("mail/train/add_bill/0")


def test_a_set_up_that_the_application_refuses_says_so_and_leaves_no_container(make: Any, engine: Engine) -> None:
    sandbox = make(populate=[{"method": "POST", "path": "/api/projects", "body": {"id": "flat"}}])
    with pytest.raises(AppError, match=r"POST /api/projects answers 400"):
        sandbox.prepare(ADD)
    assert containers(engine) == []


def test_an_application_that_does_not_come_up_says_what_it_said(make: Any, engine: Engine) -> None:
    broken = {"command": ["sh", "-c", "echo no database here >&2; exit 3"]}
    with pytest.raises(SandboxError, match="no database here"):
        make(container=broken).prepare(ADD)
    with pytest.raises(SandboxError, match="is not ready after 1 s"):
        make(container={"command": ["sleep", "60"]}, health={"seconds": 1}).prepare(ADD)
    assert containers(engine) == []


def test_an_image_that_keeps_its_state_in_volumes_is_refused(make: Any, engine: Engine) -> None:
    holder = engine.client.containers.create("ihatemoney")
    try:
        holder.commit("greenroom-test-volume", changes=["VOLUME /data"])
    finally:
        holder.remove()
    try:
        with pytest.raises(UsageError, match=r"declares volumes \(/data\), which no commit sees"):
            make(image="greenroom-test-volume").prepare(ADD)
    finally:
        engine.client.images.remove("greenroom-test-volume")
    with pytest.raises(UsageError, match="there is no image 'nowhere-to-be-found'"):
        make(image="nowhere-to-be-found").prepare(ADD)


def test_stopping_leaves_nothing_but_the_base(make: Any, engine: Engine) -> None:
    sandbox = make()
    brief = sandbox.prepare(ADD)
    (fork,) = sandbox.open(brief.snapshot, ADD)
    play(sandbox, fork.episode, brief)
    sandbox.snapshot(fork.episode)
    sandbox.release(brief.snapshot)
    sandbox.stop()
    sandbox.stop()
    assert (containers(engine), snapshots(engine)) == ([], [])


def test_what_a_killed_process_leaves_is_found_and_removed(engine: Engine) -> None:
    command = [sys.executable, "-m", "support.foreign_run", str(HERE / "ihatemoney.toml")]
    environment = os.environ | {"PYTHONPATH": str(TESTS)}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout and child.stdout.readline() == "open\n"
        assert images.remove_orphans(engine) == []
        child.send_signal(signal.SIGKILL)
        child.wait(30)
    left = containers(engine)
    assert len(left) == len(snapshots(engine)) == 1
    assert set(left) <= set(orphans.remove_orphans(engine))
    images.remove_orphans(engine)
    assert (containers(engine), snapshots(engine)) == ([], [])
