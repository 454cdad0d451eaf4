"""The Docker engine, with errors that say what to do."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from greenroom.containers.limits import docker
from greenroom.containers.owner import LABEL
from greenroom.errors import SandboxError, UsageError

Connect = Callable[[], Any]
SECONDS = 120
"""How long the engine may take to answer: on a busy machine, starting a container takes its time."""


class Engine:
    """Docker, reached as the environment says; connects when it is first asked for something.

    Args:
        connect: Makes a client of the SDK; the usual one when None.
    """

    def __init__(self, connect: Connect | None = None) -> None:
        self._connect = connect or (lambda: docker().from_env(timeout=SECONDS))

    @cached_property
    def client(self) -> Any:
        """The SDK's client.

        Raises:
            UsageError: No engine answers.
        """
        try:
            client = self._connect()
            client.ping()
        except docker().errors.DockerException as error:
            raise UsageError(f"no Docker engine answers ({error}); `greenroom doctor` says what to do") from error
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
        with self.speaking(f"look for image '{image}'"):
            try:
                self.client.images.get(image)
            except docker().errors.ImageNotFound:
                raise UsageError(f"there is no image '{image}': {how}") from None

    def labelled(self) -> list[Any]:
        """All containers that greenroom started, running or not."""
        with self.speaking("list containers"):
            return self.client.containers.list(all=True, filters={"label": f"{LABEL}=1"}, ignore_removed=True)
