"""The containers of a compose project: how they are, and waiting until they are well."""

import time
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from typing import Any

from greenroom.containers.engine import Engine
from greenroom.errors import SandboxError

PROJECT, SERVICE = "com.docker.compose.project", "com.docker.compose.service"
LOOK_SECONDS = 0.5
RESTARTS = 2
"""A container that was restarted so often while we wait will not come up by itself."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """One container of a project.

    Attributes:
        service: Its service, such as `mail`.
        container: Its name.
        replica: Its name in the gateway's paths.
        status: What the engine says: `running`, `exited` …
        health: `healthy`, `starting`, `unhealthy`; empty where nothing checks it.
        restarts: How often it was restarted.
        words: The end of what it said, where it is not well.
    """

    service: str
    container: str
    replica: str
    status: str
    health: str
    restarts: int
    words: str = ""

    @property
    def well(self) -> bool:
        """Whether it runs, and is healthy where that is checked."""
        return self.status == "running" and self.health in ("", "healthy")

    @property
    def broken(self) -> bool:
        """Whether waiting is of no use."""
        return self.status in ("exited", "dead") or self.health == "unhealthy" or self.restarts >= RESTARTS

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def services(engine: Engine, project: str) -> list[Service]:
    """The containers of a project, by service and name."""
    with engine.speaking(f"list the containers of project '{project}'"):
        handles = engine.client.containers.list(
            all=True, filters={"label": f"{PROJECT}={project}"}, ignore_removed=True
        )
    return sorted((_service(handle) for handle in handles), key=lambda one: (one.service, one.container))


def _service(handle: Any) -> Service:
    state: dict[str, Any] = handle.attrs["State"]
    one = Service(
        service=handle.labels.get(SERVICE, "?"),
        container=handle.name,
        replica=handle.attrs["Config"]["Hostname"],
        status=state["Status"],
        health=state.get("Health", {}).get("Status", ""),
        restarts=handle.attrs.get("RestartCount", 0),
    )
    if not one.broken:
        return one
    return Service(**{**one.to_json(), "words": handle.logs(tail=12).decode("utf-8", "replace").strip()})


def wait_until_well(
    engine: Engine,
    project: str,
    wanted: Collection[str],
    seconds: float,
    look: Callable[[list[Service]], None] = lambda _: None,
) -> list[Service]:
    """Wait until all containers of services are well.

    Args:
        engine: Docker.
        project: The project.
        wanted: The services.
        seconds: How long at most.
        look: Called with what is there, again and again.

    Raises:
        SandboxError: One is broken, with what it said; or one is gone, or they take too long.
    """
    until = time.monotonic() + seconds
    while True:
        found = [one for one in services(engine, project) if one.service in wanted]
        look(found)
        if gone := sorted(set(wanted) - {one.service for one in found}):
            raise SandboxError(f"'{gone[0]}' has no container any more: has somebody run `greenroom down` meanwhile?")
        if all(one.well for one in found):
            return found
        if broken := [one for one in found if one.broken]:
            raise SandboxError(f"{_told(broken[0])}; it said:\n{broken[0].words}")
        if time.monotonic() > until:
            late = "; ".join(_told(one) for one in found if not one.well)
            raise SandboxError(f"not well after {seconds:g} s: {late}; see `greenroom logs`")
        time.sleep(LOOK_SECONDS)


def _told(one: Service) -> str:
    return f"{one.container} is {one.status}{f' and {one.health}' if one.health else ''} ({one.restarts} restarts)"
