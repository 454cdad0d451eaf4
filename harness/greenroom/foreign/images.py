"""Images that snapshots are kept as: labelled with their owner, and removed when it let go of them or died."""

import hashlib
import json
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from greenroom.containers.engine import Engine
from greenroom.containers.limits import docker
from greenroom.containers.owner import OWNER, Owner
from greenroom.foreign.spec import ContainerApp
from greenroom.foreign.stack import FOREIGN, Images, labels_of

BASE = f"{FOREIGN}.base"


def snapshot_labels(app: ContainerApp) -> dict[str, str]:
    """Labels of a snapshot's images; a base that they come from has handed down its own."""
    return {**labels_of(app), BASE: ""}


def base_labels(app: ContainerApp, key: str) -> dict[str, str]:
    """Labels of a base's images: nobody owns them, they are kept."""
    return {**labels_of(app), OWNER: "", BASE: key}


def base_key(app: ContainerApp, images: Images) -> str:
    """What a base is found by: the images that it was made from, how they ran, and what was asked of them."""
    told = app.model_dump(mode="json", include={"name", "container", "populate", "socket", "port", "compose"})
    text = json.dumps([told, dict(images), app.tools.headers], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def base_name(app: ContainerApp, service: str) -> str:
    """The repository that the base's image of a service is tagged in."""
    return f"greenroom-foreign-{app.name}" + (f"-{service}" if service else "")


class Shelf:
    """The images of one sandbox's snapshots.

    Args:
        engine: Docker.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._unwanted: list[str] = []
        self._lock = threading.Lock()

    def drop(self, images: Images) -> None:
        """Remove a snapshot's images; those that a container still runs on go when it is gone."""
        with self._lock:
            self._unwanted += images.values()
        self.tidy()

    def tidy(self) -> None:
        """Remove what is unwanted and not in use."""
        with self._lock:
            self._unwanted = [image for image in self._unwanted if not self._gone(image)]

    def _gone(self, image: str) -> bool:
        try:
            self._engine.client.images.remove(image)
        except docker().errors.ImageNotFound:
            return True
        except docker().errors.APIError:
            return False
        return True

    def base(self, app: ContainerApp, images: Images, key: str) -> Images | None:
        """The images of the base of that key; None when there is none."""
        found: dict[str, str] = {}
        with self._engine.speaking("look for a base"):
            for service in images:
                try:
                    found[service] = str(self._engine.client.images.get(f"{base_name(app, service)}:{key}").id)
                except docker().errors.ImageNotFound:
                    return None
        return found

    def keep_base(self, app: ContainerApp, images: Images, key: str) -> None:
        """Tag a base's images, so that it is found again."""
        with self._engine.speaking("tag a base"):
            for service, image in images.items():
                self._engine.client.images.get(image).tag(base_name(app, service), key)


def remove_orphans(engine: Engine) -> list[str]:
    """Remove the snapshots of processes that are gone; returns the ids of their images."""
    with engine.speaking("list images"):
        images = engine.client.images.list(all=True, filters={"label": FOREIGN})
    removed: list[str] = []
    for image in images:
        if _is_orphan(image.labels):
            with suppress(docker().errors.APIError):
                engine.client.images.remove(image.id)
                removed.append(str(image.id))
    return removed


def _is_orphan(labels: Mapping[str, Any]) -> bool:
    owner = Owner.parse(str(labels.get(OWNER, "")))
    return not labels.get(BASE) and owner is not None and not owner.lives
