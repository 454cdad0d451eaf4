import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from greenroom.containers.engine import Engine
from greenroom.containers.ports import is_free, need_ports, port_numbers
from greenroom.containers.project import Project
from greenroom.containers.services import PROJECT, SERVICE
from greenroom.errors import UsageError
from support.containers import need_images
from support.served import free_port

NOWHERE = Engine("unix:///nowhere/docker.sock")


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        yield int(door.getsockname()[1])


def project(name: str = "mine", **settings: str) -> Project:
    return Project(Path("/nowhere"), {"COMPOSE_PROJECT_NAME": name, **settings})


def test_a_port_that_is_taken_is_named_with_who_has_it_and_what_to_set(taken: int) -> None:
    wanted = f"port {taken}, which 'gateway' is to publish, is taken by process {os.getpid()} .*set AGENT_PORT"
    with pytest.raises(UsageError, match=wanted):
        need_ports(NOWHERE, project(CONTROL_PORT=str(free_port()), AGENT_PORT=str(taken)), ["mail", "gateway"])


def test_a_port_of_a_service_that_is_not_started_may_be_taken(taken: int) -> None:
    need_ports(NOWHERE, project(POSTGRES_PORT=str(taken)), ["mail"])


@pytest.mark.parametrize("said", ["0", "65536", "http", "-1", "80.5", "8470-8471"])
@pytest.mark.parametrize("variable", ["CONTROL_PORT", "POSTGRES_PORT"])
def test_a_port_that_is_none_is_refused_whatever_is_started(variable: str, said: str) -> None:
    with pytest.raises(UsageError, match=f"{variable}={said}: a port is a number from 1 to 65535"):
        need_ports(NOWHERE, project(**{variable: said}), ["gateway"])
    with pytest.raises(UsageError, match=f"{variable}={said}"):
        port_numbers({variable: said})


@pytest.mark.parametrize(("one", "other"), [("CONTROL_PORT", "AGENT_PORT"), ("AGENT_PORT", "POSTGRES_PORT")])
def test_two_ports_that_are_the_same_are_named_where_both_are_to_be_published(one: str, other: str) -> None:
    number = str(free_port())
    settings = {"CONTROL_PORT": str(free_port()), one: number, other: number}
    with pytest.raises(UsageError, match=f"{one} and {other} are both {number}.*to another in /nowhere/.env"):
        need_ports(NOWHERE, project(**settings), ["mail", "gateway", "postgres"])


def test_a_setting_that_is_the_usual_port_of_another_is_the_same_too() -> None:
    with pytest.raises(UsageError, match="CONTROL_PORT and AGENT_PORT are both 8471"):
        need_ports(NOWHERE, project(CONTROL_PORT="8471"), ["gateway"])


def test_a_port_that_is_the_same_as_one_of_a_service_that_is_not_started_may_be_so() -> None:
    number = str(free_port())
    settings = {"CONTROL_PORT": number, "AGENT_PORT": str(free_port()), "POSTGRES_PORT": number}
    need_ports(NOWHERE, project(**settings), ["mail", "gateway"])


@pytest.mark.docker
def test_a_container_that_publishes_the_port_is_named_unless_it_is_the_service_s_own() -> None:
    engine, number, name = need_images("gateway"), free_port(), f"greenroom-test-{secrets.token_hex(4)}"
    other = engine.client.containers.run(
        "greenroom-gateway",
        name=name,
        detach=True,
        labels={PROJECT: "theirs", SERVICE: "gateway"},
        ports={"8470/tcp": ("127.0.0.1", number)},
    )
    try:
        assert not is_free(number)
        told = f"'{name}' of compose project 'theirs': stop that, or set CONTROL_PORT"
        with pytest.raises(UsageError, match=told):
            need_ports(engine, project(CONTROL_PORT=str(number)), ["gateway"])
        need_ports(engine, project("theirs", CONTROL_PORT=str(number), AGENT_PORT=str(free_port())), ["gateway"])
        with pytest.raises(UsageError, match=f"which 'postgres' is to publish, is taken by container '{name}'"):
            need_ports(engine, project("theirs", POSTGRES_PORT=str(number)), ["postgres"])
    finally:
        other.remove(force=True)
