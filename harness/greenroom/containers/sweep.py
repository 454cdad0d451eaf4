"""Emptying a run folder of what only the container's user may remove."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from greenroom.containers.folder import RunFolder
from greenroom.containers.limits import SOCKETS, ContainerLimits, hardened

SECONDS = 60
EMPTY = ["-c", f"chmod -R u+rwx {SOCKETS}/*; find {SOCKETS} -mindepth 1 -delete"]


def remove_folder(folder: RunFolder, client: Any, image: str) -> None:
    """Remove a run folder with all that is in it; what is gone is no error.

    A harness that is not root cannot look into a folder that a container has closed to others. Its own user can: so
    whoever is left in the way is removed from another container, of the same image and held in the same way.

    Args:
        folder: The folder; its container is gone.
        client: The SDK's client.
        image: The image of its container.
    """
    folder.remove()
    if folder.sockets.is_dir():
        with suppress(Exception):  # Without the engine, or the image, it stays.
            empty(folder.sockets, client, image)
        folder.remove()


def empty(sockets: Path, client: Any, image: str) -> None:
    """Remove all that the containers' user has put into a folder."""
    options = hardened(ContainerLimits(), sockets, None)
    sweeper = client.containers.create(image, EMPTY, entrypoint=["/bin/sh"], **options)
    try:
        sweeper.start()
        sweeper.wait(timeout=SECONDS)
    finally:
        sweeper.remove(force=True, v=True)
