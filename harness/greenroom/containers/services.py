"""The containers of a compose project: how they are, and waiting until they are well."""

import time
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from greenroom.containers.engine import Engine
from greenroom.errors import SandboxError, UsageError

PROJECT, SERVICE = "com.docker.compose.project", "com.docker.compose.service"
FOLDER = "com.docker.compose.project.working_dir"
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
    found = [_service(handle) for handle in _handles(engine, project)]
    return sorted(found, key=lambda one: (one.service, one.container))


def need_own(engine: Engine, project: str, folder: Path) -> None:
    """Check that no container of a project was started from another folder: compose knows it by its name alone.

    Args:
        engine: Docker.
        project: The project's name.
        folder: Where its files are.

    Raises:
        UsageError: One was, and that folder is still there.
    """
    for handle in _handles(engine, project):
        other = handle.labels.get(FOLDER)
        if other and _is_there(other) and Path(other).resolve() != folder.resolve():
            raise UsageError(
                f"project '{project}' is somebody else's: {handle.name} was started from {other}, not from {folder}. "
                "COMPOSE_PROJECT_NAME says which project is ours, in the environment or else in compose/.env: "
                "set it to another name; or remove that project, from where it was started"
            )


def _is_there(folder: str) -> bool:
    try:
        return Path(folder).exists()
    except OSError:
        return True  # It may not be looked at, so it is somebody's.


def _handles(engine: Engine, project: str) -> list[Any]:
    with engine.speaking(f"list the containers of project '{project}'"):
        return engine.client.containers.list(all=True, filters={"label": f"{PROJECT}={project}"}, ignore_removed=True)


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
