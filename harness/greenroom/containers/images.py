"""Images of apps: what they are called, and the command that builds one that is not there."""

import json
import os
from collections.abc import Sequence
from importlib.metadata import Distribution
from pathlib import Path
from shlex import quote
from urllib.parse import unquote, urlsplit

from greenroom.plugins import ENVS

IMAGE = "GREENROOM_IMAGE"
LOCAL_BASE = "greenroom-base:local"
OURS = "greenroom"
"""The package that every image has."""


def image_of(app: str) -> str:
    """The image of an app: what GREENROOM_IMAGE says, or `greenroom-APP`."""
    return os.environ.get(IMAGE) or usual_image(app)


def usual_image(app: str) -> str:
    """What `scripts/images` calls the image of an app."""
    return f"greenroom-{app.replace('+', '-')}"


def how_to_build(app: str, image: str, *, pulls: bool) -> str:
    """How to get the image of an app that is not there: a command that can be pasted.

    Args:
        app: The app, or several of one world.
        image: The image.
        pulls: Whether builds begin with the public base here, because there is none that was made here.
    """
    if image != usual_image(app):
        return f"{IMAGE} names it; `docker images` lists what there is, and without {IMAGE} it is '{usual_image(app)}'"
    unknown = [name for name in app.split("+") if name not in ENVS.names()]
    packages = [dist for name in app.split("+") if name not in unknown for dist in ENVS.packages(name)]
    told = f"build it in greenroom's repository with `{_command(app, packages, unknown)}`"
    if unknown:
        told += f" (PACKAGE is what brings '{unknown[0]}', which is not installed here; a wheel goes in compose/wheels)"
    if pulls:
        told += "; where images cannot be pulled, `sudo compose/base-image` goes first"
    return told


def _command(app: str, packages: Sequence[Distribution], unknown: Sequence[str]) -> str:
    """The command; a plugin that was installed from a folder is made a wheel first, for no index has it."""
    own = {dist.name: dist for dist in packages if dist.name != OURS}
    wheels = [folder for dist in own.values() if (folder := _folder(dist)) is not None]
    wanted = " ".join([*own, *("PACKAGE" for _ in unknown)])
    build = f"PLUGINS={quote(wanted)} scripts/images {app}" if wanted else f"scripts/images {app}"
    if not wheels:
        return build
    return f"pip wheel --no-deps -w compose/wheels {' '.join(quote(str(folder)) for folder in wheels)} && {build}"


def _folder(dist: Distribution) -> Path | None:
    """The folder that a package was installed from; None where it came otherwise."""
    origin: dict[str, str] = json.loads(dist.read_text("direct_url.json") or "{}")
    if "dir_info" not in origin:
        return None
    return Path(unquote(urlsplit(origin["url"]).path))
