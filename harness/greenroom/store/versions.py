"""What a run was played with: recorded, so that a difference later can be explained."""

import platform
from importlib.metadata import PackageNotFoundError, version

from greenroom.plugins import ENVS

IDENTITY = ("greenroom", "apsw", "faker", "sqlalchemy")
"""Packages that the ids of worlds depend on."""


def versions(app: str) -> dict[str, str]:
    """Versions of Python, of the packages that identity depends on, and of the app's package."""
    found = {"python": platform.python_version()}
    for name in IDENTITY:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    if app in ENVS.names():
        found[f"app {app}"] = ENVS.distribution(app)
    return found
