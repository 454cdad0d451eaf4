"""Starting the containers of a foreign application: those of one image."""

import secrets
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Any, Protocol, cast

from greenroom.containers.engine import Engine
from greenroom.containers.folder import RunFolder
from greenroom.containers.limits import docker
from greenroom.containers.owner import LABEL
from greenroom.errors import UsageError
from greenroom.foreign.spec import ContainerApp
from greenroom.foreign.stack import Images, Stack, labels_of

NETWORK = "greenroom-foreign"
LOG = {"max-size": "4m", "max-file": "2"}


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
                    nano_cpus=int(limits.cpus * 1e9),
                    ulimits=[
                        docker().types.Ulimit(name="nofile", soft=limits.files, hard=limits.files),
                        docker().types.Ulimit(name="core", soft=0, hard=0),
                    ],
                    log_config=docker().types.LogConfig(type="json-file", config=LOG),
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
    """The network of foreign containers: they reach neither each other nor, for want of an address, the world.

    They reach the host, which has an address there: without one (`inhibit_ipv4`), it would not reach them either.
    """
    with engine.speaking(f"make network '{NETWORK}'"):
        if not engine.client.networks.list(names=[f"^{NETWORK}$"]):
            options = {
                "com.docker.network.bridge.enable_ip_masquerade": "false",
                "com.docker.network.bridge.enable_icc": "false",
            }
            with suppress(docker().errors.APIError):  # Another process was faster.
                engine.client.networks.create(NETWORK, options=options, labels={LABEL: "1"}, check_duplicate=True)
    return NETWORK
