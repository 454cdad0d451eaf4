"""The containers of a foreign application: one of an image, or those of a compose file. Started, committed, removed."""

import json
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any, Protocol, cast

from greenroom.containers.engine import Engine
from greenroom.containers.folder import RunFolder
from greenroom.containers.limits import docker
from greenroom.containers.owner import FOLDER, LABEL, OWNER, Owner
from greenroom.errors import MissingExtraError, SandboxError, SandboxLostError, UsageError
from greenroom.foreign.spec import ContainerApp
from greenroom.foreign.web import Place, ask

FOREIGN = f"{LABEL}.foreign"
NETWORK = "greenroom-foreign"
PROJECT, SERVICE = "com.docker.compose.project", "com.docker.compose.service"
LOOK_SECONDS = 0.05
WORDS = 3000

Images = Mapping[str, str]
"""The image of each service; of a single container, the service is ''."""


class Stack:
    """The containers of one fork, running.

    Args:
        engine: Docker.
        app: What they run.
        handles: The containers, by service.
        folder: What must go with them: the folder of a unix socket, or of a compose file.
    """

    def __init__(self, engine: Engine, app: ContainerApp, handles: dict[str, Any], folder: RunFolder | None) -> None:
        self._engine, self._app, self._handles, self._folder = engine, app, handles, folder

    @property
    def main(self) -> Any:
        """The container that serves."""
        return self._handles[self._app.service]

    @property
    def place(self) -> Place:
        """Where it answers.

        Raises:
            SandboxLostError: It has no port: it does not run.
        """
        if self._app.socket and self._folder is not None:
            return Place(socket=self._folder.sockets / PurePosixPath(self._app.socket).name)
        self.main.reload()
        ports = self.main.attrs["NetworkSettings"]["Ports"].get(f"{self._app.port}/tcp")
        if not ports:
            raise SandboxLostError(f"{self.main.name} does not run any more; it said:\n{self.words()}")
        return Place(port=int(ports[0]["HostPort"]))

    def wait(self) -> Place:
        """Wait until the application is ready.

        Raises:
            SandboxError: It ends, or is not ready in time; with what it said.
        """
        until = time.monotonic() + self._app.health.seconds
        while True:
            with suppress(OSError, SandboxLostError):
                place = self.place
                if ask(place, "GET", self._app.health.path, seconds=10).status < 500:
                    return place
            if not self.runs():
                raise SandboxError(f"{self.main.name} ended before it was ready; it said:\n{self.words()}")
            if time.monotonic() > until:
                seconds = self._app.health.seconds
                raise SandboxError(f"{self.main.name} is not ready after {seconds:g} s; it said:\n{self.words()}")
            time.sleep(LOOK_SECONDS)

    def runs(self) -> bool:
        """Whether all containers run, as far as the engine knows."""
        try:
            for handle in self._handles.values():
                handle.reload()
            return all(handle.status in ("running", "paused") for handle in self._handles.values())
        except Exception:  # Removed by somebody, or the engine is gone.
            return False

    def words(self) -> str:
        """The end of what the one that serves said."""
        try:
            return self.main.logs(tail=40).decode("utf-8", "replace")[-WORDS:].strip() or "(nothing)"
        except Exception as error:  # The log went with it.
            return f"(its log cannot be read: {error})"

    def run(self, command: list[str], service: str = "") -> str:
        """What a command prints within a container.

        Raises:
            SandboxError: It fails; with what it said.
            SandboxLostError: The container is gone.
        """
        handle = self._handles[service or self._app.service]
        try:
            code, (out, err) = handle.exec_run(command, demux=True)
        except Exception as error:
            raise SandboxLostError(f"{handle.name} takes no command: {error}") from error
        if code != 0:
            if not self.runs():
                raise SandboxLostError(f"{handle.name} died; it said:\n{self.words()}")
            said = (err or out or b"").decode("utf-8", "replace").strip()
            raise SandboxError(f"{command[0]!r} failed in {handle.name} (exit code {code}): {said[-500:]}")
        return (out or b"").decode("utf-8", "replace")

    def commit(self, labels: Mapping[str, str]) -> Images:
        """The containers' file systems as images, all at one moment.

        Raises:
            SandboxError: The engine refused.
        """
        with self._engine.speaking(f"commit {self.main.name}"):
            stop = self._app.snapshot == "stop"
            for handle in self._handles.values():
                handle.stop() if stop else handle.pause()
            try:
                changes = [f"LABEL {name}={json.dumps(value)}" for name, value in labels.items()]
                return {
                    service: str(handle.commit(changes=changes, pause=False).id)
                    for service, handle in self._handles.items()
                }
            finally:
                for handle in self._handles.values():
                    handle.start() if stop else handle.unpause()
                if stop:
                    self.wait()

    def remove(self) -> None:
        """Remove all containers at once; what is gone is no error."""
        for handle in self._handles.values():
            with suppress(Exception):
                handle.remove(force=True, v=True)
        if self._folder is not None:
            self._folder.remove()


class Stage(Protocol):
    """Starts the containers of an application."""

    def start(self, images: Images) -> Stack:
        """Start a fork; the application may not be ready yet."""
        ...

    def images(self) -> Images:
        """The application's own images.

        Raises:
            UsageError: They are not there, or keep state where no commit sees it.
        """
        ...


def stage_of(engine: Engine, app: ContainerApp) -> Stage:
    """What starts the containers of an application."""
    return ComposeStage(engine, app) if app.compose else ImageStage(engine, app)


def labels_of(app: ContainerApp, folder: Path | None = None) -> dict[str, str]:
    """Labels by which orphans are found."""
    found = {LABEL: "1", OWNER: str(Owner.this()), FOREIGN: app.name}
    return {**found, FOLDER: str(folder)} if folder else found


class ImageStage:
    """Containers of one image."""

    def __init__(self, engine: Engine, app: ContainerApp) -> None:
        self._engine, self._app = engine, app

    def images(self) -> Images:
        """The image."""
        return {"": image_id(self._engine, self._app.image)}

    def start(self, images: Images) -> Stack:
        """Start a fork: at a unix socket without a network, or at a port of loopback, on a network to nowhere."""
        app, limits = self._app, self._app.container
        folder = RunFolder.make() if app.socket else None
        try:
            with self._engine.speaking(f"start a container of '{app.name}'"):
                handle = self._engine.client.containers.run(
                    images[""],
                    limits.command,
                    name=f"greenroom-{app.name}-{secrets.token_hex(4)}",
                    detach=True,
                    labels=labels_of(app, folder.path if folder else None),
                    environment=limits.environment,
                    user=limits.user,
                    cap_drop=["ALL"],
                    cap_add=limits.capabilities,
                    security_opt=["no-new-privileges:true"],
                    pids_limit=limits.pids,
                    mem_limit=limits.memory,
                    memswap_limit=limits.memory,
                    init=True,
                    **self._reached(folder),
                )
        except BaseException:
            if folder is not None:
                folder.remove()
            raise
        return Stack(self._engine, app, {"": handle}, folder)

    def _reached(self, folder: RunFolder | None) -> dict[str, Any]:
        if folder is not None:
            inside = str(PurePosixPath(self._app.socket).parent)
            mount = docker().types.Mount(inside, str(folder.sockets), type="bind")
            return {"network_mode": "none", "mounts": [mount]}
        return {"network": network(self._engine), "ports": {f"{self._app.port}/tcp": ("127.0.0.1", None)}}


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
        folder = RunFolder(Path(tempfile.mkdtemp(prefix="greenroom-")))
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
            services[name] = {**service, "image": images[name], "ports": ports, "labels": labels}
        leads_nowhere = {"driver_opts": {"com.docker.network.bridge.enable_ip_masquerade": "false"}}
        return {"version": "3.7", "services": services, "networks": {"default": leads_nowhere}}

    def _compose(self, project: str, file: Path, *command: str) -> None:
        tool = ["docker-compose"] if shutil.which("docker-compose") else ["docker", "compose"]
        line = [*tool, "--project-name", project, "--file", str(file), *command]
        try:
            done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=300)
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
        self, engine: Engine, app: ContainerApp, handles: dict[str, Any], folder: RunFolder, dropped: Any
    ) -> None:
        super().__init__(engine, app, handles, folder)
        self._dropped = dropped

    def remove(self) -> None:
        """Remove all containers, and their network."""
        super().remove()
        self._dropped()


def _services(app: ContainerApp) -> dict[str, dict[str, Any]]:
    """What a compose file says of its services, without what would tie forks together.

    Raises:
        UsageError: It cannot be read, names no image, or keeps state in volumes.
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
    apart = ("build", "ports", "container_name", "restart", "networks", "labels")
    for name, service in services.items():
        if "image" not in service:
            raise UsageError(f"{path}: service '{name}' names no image: build it first, and name it")
        if service.get("volumes"):
            raise UsageError(
                f"{path}: service '{name}' has volumes, which no commit sees: keep its state in the container"
            )
    return {name: {k: v for k, v in service.items() if k not in apart} for name, service in services.items()}


def image_id(engine: Engine, name: str) -> str:
    """The id of an image that keeps its state where a commit sees it.

    Raises:
        UsageError: It is not there, or declares volumes.
    """
    engine.need_image(name, "build it, or load it; none is pulled")
    image = engine.client.images.get(name)
    config = cast(dict[str, Any], image.attrs.get("Config") or {})
    volumes = cast(dict[str, Any], config.get("Volumes") or {})
    if volumes:
        where = ", ".join(sorted(volumes))
        raise UsageError(
            f"image '{name}' declares volumes ({where}), which no commit sees: tell the application to keep its state "
            "elsewhere, in an image of your own (`docker export` and `docker import` drop the declaration)"
        )
    return str(image.id)


def network(engine: Engine) -> str:
    """The network of foreign containers: they reach neither each other nor, for want of an address, the world."""
    with engine.speaking(f"make network '{NETWORK}'"):
        if not engine.client.networks.list(names=[f"^{NETWORK}$"]):
            options = {
                "com.docker.network.bridge.enable_ip_masquerade": "false",
                "com.docker.network.bridge.enable_icc": "false",
            }
            with suppress(docker().errors.APIError):  # Another process was faster.
                engine.client.networks.create(NETWORK, options=options, labels={LABEL: "1"}, check_duplicate=True)
    return NETWORK
