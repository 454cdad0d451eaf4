"""Starting the containers of a foreign application: those of a compose file, each fork a project of its own."""

import json
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from greenroom.containers.engine import Engine
from greenroom.containers.folder import RunFolder
from greenroom.errors import MissingExtraError, SandboxError, UsageError
from greenroom.foreign.spec import ContainerApp, Limits
from greenroom.foreign.stack import WORDS, Images, Stack, labels_of
from greenroom.foreign.stage import LOG, image_id

TAKEN = frozenset(
    (
        "image",
        "command",
        "entrypoint",
        "environment",
        "user",
        "working_dir",
        "depends_on",
        "healthcheck",
        "tmpfs",
        "expose",
        "stop_signal",
        "stop_grace_period",
    )
)
"""What a service may say."""
APART = frozenset(("build", "ports", "container_name", "restart", "networks", "labels", "volumes"))
"""What is left out, because it would tie forks together; volumes only where they are empty."""
OWN = ("PATH", "HOME")
PROJECT, SERVICE = "com.docker.compose.project", "com.docker.compose.service"


class ComposeStage:
    """The services of a compose file, each fork a project of its own."""

    def __init__(self, engine: Engine, app: ContainerApp) -> None:
        self._engine, self._app = engine, app
        self._services = _services(app)

    def images(self) -> Images:
        """The images that the file names."""
        return {name: image_id(self._engine, service["image"]) for name, service in self._services.items()}

    def start(self, images: Images) -> Stack:
        """Start a fork: the file's services on these images, on a network of their own that leads nowhere."""
        project = f"greenroom-{self._app.name}-{secrets.token_hex(4)}"
        folder = RunFolder.bare(Path(tempfile.gettempdir()))
        written = folder.path / "compose.json"
        written.write_text(json.dumps(self._file(images, folder)), encoding="utf-8")
        handles: dict[str, Any] = {}
        try:
            self._compose(project, written, "up", "--detach", "--no-build")
            handles = self._handles(project)
            if handles.keys() != self._services.keys():
                raise SandboxError(f"compose started {sorted(handles)}, not {sorted(self._services)}")
        except BaseException:
            Stack(self._engine, self._app, handles or self._handles(project), folder).remove()
            self._drop_network(project)
            raise
        return _ComposeStack(self._engine, self._app, handles, folder, lambda: self._drop_network(project))

    def _file(self, images: Images, folder: RunFolder) -> dict[str, Any]:
        services: dict[str, Any] = {}
        for name, service in self._services.items():
            ports = [f"127.0.0.1::{self._app.port}"] if name == self._app.service else []
            labels = labels_of(self._app, folder.path)
            told = {"image": images[name], "ports": ports, "labels": labels}
            services[name] = {**service, **_hardened(self._app.container), **told}
        leads_nowhere = {"driver_opts": {"com.docker.network.bridge.enable_ip_masquerade": "false"}}
        return {"services": services, "networks": {"default": leads_nowhere}}

    def _compose(self, project: str, file: Path, *command: str) -> None:
        tool = ["docker-compose"] if shutil.which("docker-compose") else ["docker", "compose"]
        line = [*tool, "--project-name", project, "--file", str(file), *command]
        try:
            done = subprocess.run(line, env=_environment(), capture_output=True, text=True, check=False, timeout=300)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SandboxError(f"compose cannot start '{self._app.name}': {error}") from error
        if done.returncode:
            raise SandboxError(f"compose cannot start '{self._app.name}': {done.stderr.strip()[-WORDS:]}")

    def _handles(self, project: str) -> dict[str, Any]:
        with self._engine.speaking("list containers"):
            found = self._engine.client.containers.list(all=True, filters={"label": f"{PROJECT}={project}"})
        return {handle.labels[SERVICE]: handle for handle in found}

    def _drop_network(self, project: str) -> None:
        with suppress(Exception):
            for one in self._engine.client.networks.list(filters={"label": f"{PROJECT}={project}"}):
                one.remove()


class _ComposeStack(Stack):
    def __init__(
        self, engine: Engine, app: ContainerApp, handles: dict[str, Any], folder: RunFolder, dropped: Callable[[], None]
    ) -> None:
        super().__init__(engine, app, handles, folder)
        self._dropped = dropped

    def remove(self) -> None:
        """Remove all containers, and their network."""
        super().remove()
        self._dropped()


def _environment() -> dict[str, str]:
    """What compose itself needs: a file that names other variables of the harness, such as its tokens, gets none."""
    return {name: value for name, value in os.environ.items() if name in OWN or name.startswith("DOCKER_")}


def _hardened(limits: Limits) -> dict[str, Any]:
    """What every service is told, whatever its file says."""
    return {
        "cap_drop": ["ALL"],
        "cap_add": limits.capabilities,
        "security_opt": ["no-new-privileges:true"],
        "pids_limit": limits.pids,
        "mem_limit": limits.memory,
        "memswap_limit": limits.memory,
        "cpus": limits.cpus,
        "ulimits": {"nofile": {"soft": limits.files, "hard": limits.files}, "core": 0},
        "init": True,
        "ipc": "private",
        "logging": {"driver": "json-file", "options": LOG},
    }


def _services(app: ContainerApp) -> dict[str, dict[str, Any]]:
    """What a compose file says of its services, without what would tie forks together.

    Raises:
        UsageError: It cannot be read, names no image, keeps state in volumes, or asks for what none is given.
    """
    try:
        import yaml
    except ImportError:
        raise MissingExtraError("a compose file", "docker") from None
    path = app.folder / app.compose
    try:
        found: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        services = cast(dict[str, dict[str, Any]], found["services"])
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise UsageError(f"{path} is no compose file: {error!r}") from error
    if app.service not in services:
        raise UsageError(f"{path} has no service '{app.service}'; there is: {', '.join(services)}")
    for name, service in services.items():
        _check(path, name, service)
    return {name: {k: v for k, v in service.items() if k in TAKEN} for name, service in services.items()}


def _check(path: Path, name: str, service: Any) -> None:
    """Refuse a service that cannot be forked, or that reaches out of its container."""
    if not isinstance(service, dict) or "image" not in service:
        raise UsageError(f"{path}: service '{name}' names no image: build it first, and name it")
    told = cast(dict[str, Any], service)
    if told.get("volumes"):
        raise UsageError(f"{path}: service '{name}' has volumes, which no commit sees: keep its state in the container")
    if refused := sorted(told.keys() - TAKEN - APART):
        asked = ", ".join(f"'{key}'" for key in refused)
        raise UsageError(
            f"{path}: service '{name}' asks for {asked}, which no foreign application is given; "
            f"taken over: {', '.join(sorted(TAKEN))}; limits and capabilities: [container] of the file of TOML"
        )
