"""Orphans: containers and folders of harnesses that are gone."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenroom.containers.engine import Engine
from greenroom.containers.folder import RunFolder, abandoned, is_run_folder
from greenroom.containers.owner import FOLDER, OWNER, Owner
from greenroom.containers.sweep import remove_folder


@dataclass(frozen=True, kw_only=True)
class Found:
    """A container that a harness started.

    Its labels may be those of its image, so they are whatever the image's author liked: they are believed as little as
    possible.

    Attributes:
        name: Its name.
        status: What the engine says of it.
        owner: Who started it; None where the label tells nothing that can be read.
        handle: The SDK's container.
    """

    name: str
    status: str
    owner: Owner | None
    handle: Any

    @property
    def orphan(self) -> bool:
        """Whether nobody is left to stop it: its owner is known, and gone."""
        return self.owner is not None and not self.owner.lives

    @property
    def folder(self) -> Path | None:
        """Its run folder, where the label names one that is one."""
        path = Path(self.handle.labels.get(FOLDER, ""))
        return path if is_run_folder(path) else None


def found(engine: Engine) -> list[Found]:
    """All containers that harnesses started here, whoever owns them."""
    return [
        Found(name=handle.name, status=handle.status, owner=Owner.parse(handle.labels.get(OWNER, "")), handle=handle)
        for handle in engine.labelled()
        if OWNER in handle.labels
    ]


def left(engine: Engine) -> list[str]:
    """What harnesses that are gone have left: names of containers, and run folders that no container names."""
    orphans = [one for one in found(engine) if one.orphan]
    theirs = {one.folder for one in orphans}
    return [*(one.name for one in orphans), *(str(one.path) for one in abandoned() if one.path not in theirs)]


def remove_orphans(engine: Engine, *, everything: bool = False) -> list[str]:
    """Remove the containers of harnesses that are gone, and their folders: also those that never had a container.

    Args:
        engine: Docker.
        everything: Remove those of harnesses that run as well.

    Returns:
        The names of the containers that were removed, and the run folders that were removed without one.
    """
    removed: list[str] = []
    for one in found(engine):
        if everything or one.orphan:
            with engine.speaking(f"remove {one.name}"):
                _remove(one)
            removed.append(one.name)
    return [*removed, *remove_abandoned()]


def remove_abandoned() -> list[str]:
    """Remove the run folders of harnesses that are gone; returns those that went.

    A harness may be killed before its container exists, or after that is gone: no container then leads to the folder.
    """
    folders = abandoned()
    for folder in folders:
        folder.remove()
    return [str(folder.path) for folder in folders if not folder.path.exists()]


def _remove(one: Found) -> None:
    from greenroom.containers.limits import docker

    try:
        one.handle.remove(force=True, v=True)
    except docker().errors.NotFound:
        pass  # Somebody else was faster.
    except docker().errors.APIError as error:
        if error.status_code != 409:  # Its removal is under way.
            raise
    if one.folder is not None:
        remove_folder(RunFolder(one.folder), one.handle.client, one.handle.attrs.get("Image", ""))
