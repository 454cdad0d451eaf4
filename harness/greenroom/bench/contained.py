"""What the containers of a sandbox use, as the engine counts it."""

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from greenroom.containers.engine import Engine
from greenroom.containers.orphans import found
from greenroom.containers.owner import Owner
from greenroom.containers.project import Project
from greenroom.containers.services import services
from greenroom.sandboxes.compose import VARIABLE


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


def looking(sandbox: str, isolation: str, others: Collection[str], engine: Engine | None = None) -> Look:
    """How to count what the containers of a sandbox use.

    Those that come and go with each rollout take their figures along: only the whole machine's tell of them.

    Args:
        sandbox: Its spec.
        isolation: What each rollout has for itself.
        others: Names of containers that were there before it.
        engine: Docker.
    """
    kind, _, argument = sandbox.partition(":")
    if kind not in ("docker", "compose"):
        return lambda: NOTHING
    if isolation == "container" or (kind == "compose" and (argument or os.environ.get(VARIABLE))):
        return lambda: None
    engine = engine or Engine()
    names = _composed(engine) if kind == "compose" else [name for name in owned(engine) if name not in others]
    return lambda: used(engine, names)


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
