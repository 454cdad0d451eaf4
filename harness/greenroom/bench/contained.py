"""What the containers of a sandbox use, as the engine counts it."""

import asyncio
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenroom.containers.engine import Engine
from greenroom.containers.orphans import found
from greenroom.containers.owner import Owner
from greenroom.containers.project import Project
from greenroom.containers.services import services
from greenroom.errors import SandboxError
from greenroom.sandbox import AsyncSandbox
from greenroom.sandboxes.compose import VARIABLE
from greenroom.sandboxes.docker import DockerSandbox
from greenroom.sandboxes.isolated import Isolated


@dataclass(frozen=True, kw_only=True)
class Used:
    """What containers have used.

    Attributes:
        seconds: CPU, since each was started.
        megabytes: Memory now, without what the kernel only caches.
    """

    seconds: float = 0.0
    megabytes: float = 0.0


NOTHING = Used()
Look = Callable[[], Used | None]
"""Says what has been used; None where it cannot be counted."""


def looking(sandbox: str, where: AsyncSandbox, others: Collection[str], engine: Engine | None = None) -> Look:
    """How to count what the containers of a sandbox use.

    Args:
        sandbox: Its spec.
        where: The sandbox.
        others: Names of containers that were there before it.
        engine: Docker.
    """
    kind, _, argument = sandbox.partition(":")
    if kind not in ("docker", "compose"):
        return lambda: NOTHING
    if kind == "compose" and (argument or os.environ.get(VARIABLE)):
        return lambda: None
    engine = engine or Engine()
    if isinstance(where, Isolated):
        return Tally(where, engine, others).look
    names = _composed(engine) if kind == "compose" else [name for name in owned(engine) if name not in others]
    return lambda: used(engine, names)


class Tally:
    """What containers have used that come and go with their rollouts: each is read just before it ends.

    Args:
        sandbox: Where they come and go.
        engine: Docker.
        others: Names of containers that were there before it.
    """

    def __init__(self, sandbox: Isolated, engine: Engine, others: Collection[str]) -> None:
        self._engine, self._others = engine, set(others)
        self._ended: dict[str, float] = {}
        self._missed = False
        sandbox.ending = self.note

    async def note(self, member: AsyncSandbox) -> None:
        """Read what the container of a sandbox has used; one that is gone already cannot be counted."""
        if isinstance(member, DockerSandbox) and (container := member.container) is not None:
            seconds = await asyncio.to_thread(spent, self._engine, container.name)
            if seconds is None:
                self._missed = True
            else:
                self._ended[container.name] = seconds

    def look(self) -> Used | None:
        """What those have used that are there, and those that ended; None where one could not be read."""
        ended = dict(self._ended)  # As it is now: what ends from here on is looked at below, and counts once.
        there = [name for name in owned(self._engine) if name not in self._others and name not in ended]
        try:
            now = used(self._engine, there)
        except SandboxError:
            return None
        if self._missed:
            return None
        return Used(seconds=now.seconds + sum(ended.values()), megabytes=now.megabytes)


def spent(engine: Engine, name: str) -> float | None:
    """Seconds of CPU of a container; None where it does not run.

    Read from its processes, for the engine takes a second to tell; where those are not to be seen from here, from the
    engine all the same.
    """
    try:
        with engine.speaking(f"look at {name}"):
            told: dict[str, Any] = engine.client.api.inspect_container(name)
        if not told["State"]["Running"]:
            return None
        seconds = _of_processes(told["State"]["Pid"], told["Id"])
        return used(engine, [name]).seconds if seconds is None else seconds
    except SandboxError:
        return None


def _of_processes(pid: int, container: str) -> float | None:
    """Seconds of CPU of a process and all below it; None where it is none of that container's."""
    import psutil

    try:
        # An engine on another machine tells a number which here is somebody else's.
        if container not in Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8"):
            return None
        main = psutil.Process(pid)
        times: list[Any] = [one.cpu_times() for one in (main, *main.children(recursive=True))]
    except (psutil.Error, OSError):
        return None
    return sum(t.user + t.system + t.children_user + t.children_system for t in times)


def owned(engine: Engine) -> list[str]:
    """The containers that this process has started."""
    mine = str(Owner.this())
    return [one.name for one in found(engine) if str(one.owner) == mine]


def _composed(engine: Engine) -> list[str]:
    project = Project.find()
    return [one.container for one in services(engine, project.name) if one.status == "running"] if project else []


def used(engine: Engine, names: Collection[str]) -> Used:
    """What containers have used, all together.

    Raises:
        SandboxError: One of them is gone.
    """
    with engine.speaking("read what containers use"):
        told: list[dict[str, Any]] = [engine.client.api.stats(name, stream=False, one_shot=True) for name in names]
    seconds = sum(one["cpu_stats"]["cpu_usage"]["total_usage"] for one in told) / 1e9
    return Used(seconds=seconds, megabytes=sum(_resident(one["memory_stats"]) for one in told) / 1e6)


def _resident(memory: dict[str, Any]) -> int:
    cached = memory.get("stats", {})
    # Of cgroup v1, else of v2.
    return memory.get("usage", 0) - cached.get("total_inactive_file", cached.get("inactive_file", 0))
