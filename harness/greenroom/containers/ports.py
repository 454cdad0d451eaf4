"""Ports that a project publishes: whether they are free, and who has one that is not."""

import errno
import socket
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psutil

from greenroom.containers.engine import Engine
from greenroom.containers.project import SETTINGS, Project
from greenroom.containers.services import PROJECT, SERVICE
from greenroom.errors import GreenroomError, UsageError

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Port:
    """A port of loopback that a service publishes.

    Attributes:
        service: The service.
        variable: The setting that names another port.
        usual: Which it is where nothing is set.
    """

    service: str
    variable: str
    usual: int

    def number(self, settings: Mapping[str, str]) -> int:
        """Which it is.

        Raises:
            UsageError: What is set is no port.
        """
        said = settings.get(self.variable) or str(self.usual)
        if not said.isdecimal() or not 0 < int(said) < 65536:
            raise UsageError(f"{self.variable}={said}: a port is a number from 1 to 65535")
        return int(said)


PORTS = (
    Port(service="gateway", variable="CONTROL_PORT", usual=8470),
    Port(service="gateway", variable="AGENT_PORT", usual=8471),
    Port(service="postgres", variable="POSTGRES_PORT", usual=5432),
    Port(service="vllm", variable="VLLM_PORT", usual=8000),
)


def port_numbers(settings: Mapping[str, str]) -> dict[Port, int]:
    """Which ports are published, whether or not their services are started.

    Raises:
        UsageError: What is set is no port.
    """
    return {port: port.number(settings) for port in PORTS}


def need_ports(engine: Engine, project: Project, services: Collection[str]) -> None:
    """Check that the ports of services differ, and that each is free or that service's own already.

    Args:
        engine: Docker.
        project: The project.
        services: Those that are to be started.

    Raises:
        UsageError: What is set is no port, or two are the same, or somebody else has one; says who, as far as it
            shows, and which setting names another.
    """
    numbers = {port: number for port, number in port_numbers(project.settings).items() if port.service in services}
    _need_different(numbers, project)
    for port, number in numbers.items():
        if is_free(number):
            continue
        handle = _publisher(engine, number)
        if handle is not None and _is_of(handle, project.name, port.service):
            continue
        who = _told(handle) if handle is not None else _listener(number)
        raise UsageError(
            f"port {number}, which '{port.service}' is to publish, is taken by {who}: stop that, or set "
            f"{port.variable} to another in {project.folder / SETTINGS}"
        )


def _need_different(numbers: Mapping[Port, int], project: Project) -> None:
    seen: dict[int, Port] = {}
    for port, number in numbers.items():
        other = seen.setdefault(number, port)
        if other is not port:
            raise UsageError(
                f"{other.variable} and {port.variable} are both {number}, and one port is published once: "
                f"set one of them to another in {project.folder / SETTINGS}"
            )


def is_free(number: int) -> bool:
    """Whether a port of loopback can be bound."""
    with socket.socket() as plug:
        # As the engine does: connections of a server that has ended are no hindrance.
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            plug.bind((LOOPBACK, number))
        except OSError as error:
            return error.errno != errno.EADDRINUSE
    return True


def _publisher(engine: Engine, number: int) -> Any:
    """The container that publishes a port; None where none does."""
    with suppress(GreenroomError), engine.speaking("list containers"):
        found = engine.client.containers.list(filters={"publish": str(number)}, ignore_removed=True)
        # The filter looks at both sides of what is published.
        return next((one for one in found if number in _published(one.ports)), None)
    return None


def _is_of(handle: Any, project: str, service: str) -> bool:
    return (handle.labels.get(PROJECT), handle.labels.get(SERVICE)) == (project, service)


def _published(ports: dict[str, list[dict[str, str]] | None]) -> set[int]:
    return {int(bound["HostPort"]) for bindings in ports.values() for bound in bindings or []}


def _told(handle: Any) -> str:
    project = handle.labels.get(PROJECT)
    return f"container '{handle.name}'" + (f" of compose project '{project}'" if project else "")


def _listener(number: int) -> str:
    """The process that listens, where we may see it."""
    with suppress(psutil.Error, OSError):
        for one in psutil.net_connections("tcp"):
            if one.status == psutil.CONN_LISTEN and one.laddr[1:2] == (number,) and one.pid:
                return f"process {one.pid} ({psutil.Process(one.pid).name()})"
    return "a process of another user"
