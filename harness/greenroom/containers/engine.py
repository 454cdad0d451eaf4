"""The Docker engine, with errors that say what to do."""

import os
import socket
import weakref
from collections.abc import Generator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from greenroom.containers.limits import docker
from greenroom.containers.owner import LABEL
from greenroom.errors import SandboxError, UsageError

SECONDS = 120
"""How long the engine may take to answer: on a busy machine, starting a container takes its time."""
USUAL = "unix:///var/run/docker.sock"


class Engine:
    """Docker; it is connected to when it is first asked for something.

    Args:
        host: Where it is, as DOCKER_HOST says it; that variable, or else the usual place, when None.
    """

    def __init__(self, host: str | None = None) -> None:
        self.host = host or os.environ.get("DOCKER_HOST") or USUAL

    @cached_property
    def client(self) -> Any:
        """The SDK's client.

        Raises:
            UsageError: No engine answers.
        """
        try:
            # Tried first without the SDK, whose errors are long, and which forgets to close what it failed to open.
            if self.host.startswith("unix://"):
                with socket.socket(socket.AF_UNIX) as plug:
                    plug.connect(self.host.removeprefix("unix://"))
            environment = {**os.environ, "DOCKER_HOST": self.host}
            client = docker().from_env(timeout=SECONDS, environment=environment)
            # The SDK leaves its connections to chance.
            weakref.finalize(self, client.close)
            client.ping()
        except (docker().errors.DockerException, OSError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise UsageError(
                f"no Docker engine answers at {self.host} ({why}); `greenroom doctor` says what to do"
            ) from error
        return client

    @contextmanager
    def speaking(self, what: str) -> Generator[None]:
        """Errors of the SDK become one that says what was being done.

        Raises:
            SandboxError: The engine refused, or cannot be reached.
        """
        import requests

        try:
            yield
        except (docker().errors.DockerException, requests.RequestException, OSError) as error:
            raise SandboxError(f"Docker could not {what}: {error}") from error

    def need_image(self, image: str, how: str) -> None:
        """Check that an image is there; none is pulled.

        Args:
            image: Its name.
            how: How to get it.

        Raises:
            UsageError: It is not there.
        """
        if not self.has_image(image):
            raise UsageError(f"there is no image '{image}': {how}")

    def has_image(self, image: str) -> bool:
        """Whether an image is there."""
        with self.speaking(f"look for image '{image}'"):
            try:
                self.client.images.get(image)
            except docker().errors.ImageNotFound:
                return False
        return True

    def labelled(self) -> list[Any]:
        """All containers that greenroom started, running or not."""
        with self.speaking("list containers"):
            return self.client.containers.list(all=True, filters={"label": f"{LABEL}=1"}, ignore_removed=True)
