"""Compose, for real: up, replicas, what the gateway refuses, a replica that is killed, down."""

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psutil
import pytest

from greenroom.containers.engine import Engine
from greenroom.containers.project import Project, compose_command
from greenroom.containers.services import services
from support.containers import ROOT, inside, need_images, until, without
from support.served import free_port

pytestmark = [pytest.mark.docker, pytest.mark.slow]


@pytest.fixture(scope="module")
def engine() -> Engine:
    if compose_command() is None:
        without("compose is not installed: apt-get install docker-compose")
    return need_images("mail", "gateway", "postgres")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A project of its own, on ports of its own, beside whatever else runs on this machine."""
    home = tmp_path_factory.mktemp("compose")
    shutil.copytree(ROOT / "compose", home / "compose", ignore=shutil.ignore_patterns(".env", "*.whl"))
    example, name = home / "compose/.env.example", f"greenroom-test-{secrets.token_hex(3)}"
    example.write_text(example.read_text().replace("COMPOSE_PROJECT_NAME=greenroom", f"COMPOSE_PROJECT_NAME={name}"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GREENROOM")}
    return {
        **kept,
        "GREENROOM_COMPOSE": str(home / "compose"),
        "COMPOSE_PROJECT_NAME": name,
        "CONTROL_PORT": str(free_port()),
        "AGENT_PORT": str(free_port()),
        "POSTGRES_PORT": str(free_port()),
        "POSTGRES_IMAGE": "greenroom-postgres",
        "GREENROOM_STORE": str(home / "store.db"),
        "COLUMNS": "200",
    }


def greenroom(environment: dict[str, str], *arguments: str, succeeds: bool = True) -> str:
    command = [sys.executable, "-m", "greenroom.cli.main", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is succeeds, done.stdout + done.stderr
    return done.stdout if succeeds else done.stderr


@pytest.fixture(scope="module")
def up(engine: Engine, environment: dict[str, str]) -> Iterator[dict[str, Any]]:
    """What `up` says of mail in three replicas, with the store."""
    try:
        yield json.loads(greenroom(environment, "up", "mail", "postgres", "--scale", "mail=3", "--json"))
    finally:
        greenroom(environment, "down", "--volumes", "--json")


def get(environment: dict[str, str], port: str, path: str, **headers: str) -> tuple[int, Any]:
    plug = HTTPConnection("127.0.0.1", int(environment[port]), timeout=10)
    try:
        plug.request("GET", path, headers=headers)
        answer = plug.getresponse()
        body = answer.read()
        return answer.status, json.loads(body) if answer.getheader("Content-Type") == "application/json" else body
    finally:
        plug.close()


def replicas(environment: dict[str, str]) -> list[str]:
    return [entry["name"] for entry in get(environment, "CONTROL_PORT", "/mail/")[1]]


def test_up_waits_until_all_are_healthy_and_ps_tells_the_same(environment: dict[str, str], up: dict[str, Any]) -> None:
    names = sorted(one["service"] for one in up["services"])
    assert names == ["gateway", "mail", "mail", "mail", "postgres"]
    assert {one["health"] for one in up["services"]} == {"healthy"}
    told = json.loads(greenroom(environment, "ps", "--json"))
    assert [one["container"] for one in told["services"]] == [one["container"] for one in up["services"]]
    assert "serving" in greenroom(environment, "logs", "mail")
    assert "no service 'mial'; did you mean 'mail'?" in greenroom(environment, "logs", "mial", succeeds=False)
    assert "belongs to a profile" in greenroom(environment, "up", "vllm", succeeds=False)
    assert "it takes APP=N" in greenroom(environment, "up", "mail", "--scale", "shop=2", succeeds=False)


def test_an_app_s_token_is_its_own_and_drives_no_other(
    engine: Engine, environment: dict[str, str], up: dict[str, Any]
) -> None:
    project = Project(Path(environment["GREENROOM_COMPOSE"]), {})
    tokens = {app: project.token(app) or "" for app in ("mail", "booking", "shop")}
    assert len(set(tokens.values())) == 3 and min(map(len, tokens.values())) > 30
    path = f"/mail/{replicas(environment)[0]}/v1/server"
    answers = {
        app: get(environment, "CONTROL_PORT", path, Authorization=f"Bearer {token}")[0] for app, token in tokens.items()
    }
    assert answers == {"mail": 200, "booking": 401, "shop": 401}
    for one in up["services"]:
        said = json.dumps(engine.client.api.inspect_container(one["container"])["Config"]["Env"])
        assert [app for app, token in tokens.items() if token in said] == ["mail"] * (one["service"] == "mail")


def test_a_replica_that_was_taken_over_leads_nowhere_by_links(
    engine: Engine, environment: dict[str, str], up: dict[str, Any]
) -> None:
    name = next(one["container"] for one in up["services"] if one["service"] == "mail")
    replica, token = replicas(environment)[0], Project(Path(environment["GREENROOM_COMPOSE"]), {}).token("mail")
    link = f"""
os.mkdir("/run/greenroom/evil")
os.symlink("/sockets/mail/{replica}/control.sock", "/run/greenroom/evil/agent.sock")
os.symlink("/etc", "/run/greenroom/index.html")
print("made")"""
    try:
        assert inside(engine, name, link) == "made"
        told = get(environment, "AGENT_PORT", "/mail/evil/v1/server", Authorization=f"Bearer {token}")
        assert told[0] == 502 and "links are not followed" in told[1]["error"]["message"]
        assert replica in replicas(environment)
    finally:
        inside(
            engine, name, "import shutil; shutil.rmtree('/run/greenroom/evil'); os.remove('/run/greenroom/index.html')"
        )


def test_the_store_and_the_gateway_have_no_way_out_and_do_not_meet(
    engine: Engine, environment: dict[str, str], up: dict[str, Any]
) -> None:
    there = {one["service"]: one["container"] for one in up["services"]}
    network = engine.client.api.inspect_container(there["gateway"])["NetworkSettings"]["Networks"]
    (gateway,) = (told["IPAddress"] for told in network.values())
    for service, doors in {"postgres": ((gateway, 8470), ("1.1.1.1", 443)), "gateway": (("1.1.1.1", 443),)}.items():
        for door in doors:
            code = f"import socket; socket.create_connection({door}, 3)"
            done = engine.client.containers.get(there[service]).exec_run(["python3", "-c", code])
            assert done.exit_code == 1 and b"Error" in done.output, (service, door)


def test_apps_are_hardened_and_nothing_is_published_but_on_loopback(
    engine: Engine, environment: dict[str, str], up: dict[str, Any]
) -> None:
    for one in up["services"]:
        told = engine.client.api.inspect_container(one["container"])
        host = told["HostConfig"]
        assert host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"] and host["PidsLimit"] > 0 and host["Memory"] > 0
        assert host["Init"]
        assert any("no-new-privileges" in option for option in host["SecurityOpt"])
        assert told["Config"]["User"] not in ("", "0", "root")
        assert not any("docker.sock" in mount["Destination"] for mount in told["Mounts"])
        ports = [p for published in (host["PortBindings"] or {}).values() for p in published]
        assert {port["HostIp"] for port in ports} <= {"127.0.0.1"}
        if one["service"] in ("gateway", "mail"):
            assert host["NanoCpus"] > 0 and host["MemorySwap"] == host["Memory"]
            assert {limit["Name"] for limit in host["Ulimits"]} == {"nofile", "core"}
        if one["service"] == "gateway":
            assert len(told["Mounts"]) == 3 and not any(mount["RW"] for mount in told["Mounts"])
        if one["service"] == "mail":
            assert host["NetworkMode"] == "none" and not ports


def test_the_gateway_names_replicas_and_refuses_strangers(environment: dict[str, str], up: dict[str, Any]) -> None:
    names = replicas(environment)
    assert sorted(names) == sorted(one["replica"] for one in up["services"] if one["service"] == "mail")
    health = f"/mail/{names[0]}/v1/health"
    for port in ("CONTROL_PORT", "AGENT_PORT"):
        assert get(environment, port, health)[0] == 200
        assert get(environment, port, health, Host="evil.example")[0] == 421
        assert get(environment, port, health, Origin="http://evil.example")[0] == 403
        assert get(environment, port, "/nowhere")[0] == 404
        assert get(environment, port, "/mail/../../etc/passwd")[0] in (400, 404)
        assert get(environment, port, f"/mail/{names[0]}/v1/ws")[0] in (401, 404)
    assert get(environment, "CONTROL_PORT", f"/mail/{names[0]}/v1/ws", Authorization="Bearer " + "x" * 32)[0] == 401
    assert get(environment, "AGENT_PORT", "/mail/")[0] == 404
    assert get(environment, "CONTROL_PORT", "/mail/nobody/v1/health")[0] == 502
    assert "421" in greenroom(environment, "logs", "gateway")


def test_rollouts_are_spread_over_replicas_and_survive_one_that_is_killed(
    engine: Engine, environment: dict[str, str], up: dict[str, Any]
) -> None:
    arguments = ["rollout", "mail", "--policy", "oracle", "--groups", "12", "--size", "4", "--json"]
    command = [sys.executable, "-m", "greenroom.cli.main", *arguments, "--sandbox", "compose", "--parallel", "4"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as playing:
        victim = next(one for one in up["services"] if one["service"] == "mail")
        main = int(engine.client.api.inspect_container(victim["container"])["State"]["Pid"])
        store = Path(environment["GREENROOM_STORE"])
        until(lambda: store.exists() or playing.poll() is not None)
        psutil.Process(main).kill()
        out, _ = playing.communicate(timeout=250)
    told = json.loads(out)
    assert (playing.returncode, told["rollouts"], told["invalid"], told["reward"]) == (0, 48, 0, 1.0)
    here = json.loads(greenroom(environment, *arguments))
    assert [group["state"] for group in told["groups"]] == [group["state"] for group in here["groups"]]
    # The engine has started it again, under its name.
    until(lambda: all(one.well for one in services(engine, environment["COMPOSE_PROJECT_NAME"])), 120)
    assert victim["replica"] in replicas(environment)


def test_a_store_in_postgres_takes_rollouts(environment: dict[str, str], up: dict[str, Any]) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'greenroom[postgres]'")
    password = Project(Path(environment["GREENROOM_COMPOSE"]), {}).settings["POSTGRES_PASSWORD"]
    url = f"postgresql+psycopg://greenroom:{password}@127.0.0.1:{environment['POSTGRES_PORT']}/greenroom"
    arguments = ["rollout", "mail", "--sandbox", "compose", "--policy", "oracle", "--groups", "1", "--size", "2"]
    greenroom(environment, *arguments, "--store", url)
    assert len(json.loads(greenroom(environment, "runs", "--store", url, "--json"))) == 1


def test_two_ups_at_once_are_one_after_the_other(environment: dict[str, str], up: dict[str, Any]) -> None:
    greenroom(environment, "down", "--json")
    command = [sys.executable, "-m", "greenroom.cli.main", "up", "mail", "--scale", "mail=2", "--json"]
    pipe = subprocess.PIPE
    both = [subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True) for _ in range(2)]
    told = [process.communicate(timeout=250) for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert sum("another `greenroom up` or `down` is at work here: waiting" in errors for _, errors in told) == 1
    first, second = ({one["container"]: one["replica"] for one in json.loads(out)["services"]} for out, _ in told)
    assert first == second and len(first) == 3


def test_replicas_that_start_and_die_at_once_come_back_each_in_its_own_folder(
    engine: Engine, environment: dict[str, str], up: dict[str, Any]
) -> None:
    project = Project(Path(environment["GREENROOM_COMPOSE"]), environment)
    told = json.loads(greenroom(environment, "up", "mail", "--scale", "mail=2", "--json"))
    names = {one["container"]: one["replica"] for one in told["services"] if one["service"] == "mail"}
    one, other = (engine.client.containers.get(name) for name in names)
    for disturb in (
        lambda: (project.run("stop", "mail"), project.run("start", "mail")),
        lambda: project.run("restart", "mail"),
        lambda: (one.stop(), one.start(), kill(engine, other.name)),
        lambda: (kill(engine, one.name), other.restart()),
    ):
        disturb()
        until(lambda: sorted(answering(environment)) == sorted(names.values()), 60)
        for name, replica in names.items():
            assert listening(engine, name) == {
                f"/run/greenroom/{replica}/{plane}.sock" for plane in ("agent", "control")
            }


def kill(engine: Engine, name: str) -> None:
    psutil.Process(int(engine.client.api.inspect_container(name)["State"]["Pid"])).kill()


def answering(environment: dict[str, str]) -> list[str]:
    """The replicas whose both planes answer through the gateway."""
    ports = ("CONTROL_PORT", "AGENT_PORT")
    return [
        name
        for name in replicas(environment)
        if all(get(environment, port, f"/mail/{name}/v1/health")[0] == 200 for port in ports)
    ]


def listening(engine: Engine, name: str) -> set[str]:
    """Where sockets are listened at in a container: it has a network of its own, so they are its own."""
    lines = inside(engine, name, "print(open('/proc/net/unix').read())").splitlines()
    return {line.split()[-1] for line in lines if line.split()[3] == "00010000"}


def test_scaling_down_leaves_fewer_and_down_leaves_none(
    engine: Engine, environment: dict[str, str], up: dict[str, Any]
) -> None:
    fewer = json.loads(greenroom(environment, "up", "mail", "--scale", "mail=1", "--json"))
    assert [one["service"] for one in fewer["services"]] == ["gateway", "mail"]
    arguments = ["rollout", "mail", "--sandbox", "compose", "--policy", "oracle", "--groups", "2", "--size", "2"]
    assert json.loads(greenroom(environment, *arguments, "--json"))["invalid"] == 0
    stopped = json.loads(greenroom(environment, "down", "--json"))["stopped"]
    assert {one["container"] for one in fewer["services"]} <= set(stopped)
    assert services(engine, environment["COMPOSE_PROJECT_NAME"]) == []
    assert "`greenroom up`" in greenroom(environment, *arguments, succeeds=False)


def test_placeholder_tokens_are_refused_at_start(engine: Engine, environment: dict[str, str]) -> None:
    settings = {"GREENROOM_TOKEN_MAIL": "changeme", "POSTGRES_PASSWORD": "CHANGEME1"}
    mine = {**environment, **settings, "COMPOSE_PROJECT_NAME": f"{environment['COMPOSE_PROJECT_NAME']}-bad"}
    try:
        assert "in GREENROOM_TOKEN_MAIL" in greenroom(mine, "up", "mail", succeeds=False)
        assert "is a placeholder or short" in greenroom(mine, "up", "postgres", succeeds=False)
    finally:
        greenroom(mine, "down", "--volumes")


def test_an_app_of_one_s_own_gets_a_token_and_may_not_share_mail_s(engine: Engine, environment: dict[str, str]) -> None:
    override = Path(environment["GREENROOM_COMPOSE"]) / "compose.override.yaml"
    service = {"extends": {"file": "compose.yaml", "service": "mail"}}
    mine = {**environment, "COMPOSE_PROJECT_NAME": f"{environment['COMPOSE_PROJECT_NAME']}-own"}
    try:
        override.write_text(json.dumps({"services": {"notes": service}}))
        assert "'mail' and 'notes' have the same token" in greenroom(mine, "up", "mail", "notes", succeeds=False)
        service["environment"] = {"GREENROOM_TOKEN": "${GREENROOM_TOKEN_NOTES:?none}"}
        override.write_text(json.dumps({"services": {"notes": service}}))
        assert "'nobody'" in (said := greenroom(mine, "up", "nobody", succeeds=False)) and "is missing" not in said
        assert f"added GREENROOM_TOKEN_NOTES to {override.parent / '.env'}" in said
    finally:
        override.unlink()
