"""Plugins, found by entry points. The built-in ones come through the same door as anybody's."""

from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from greenroom.errors import PluginError, UnknownNameError

if TYPE_CHECKING:
    from greenroom.app import App
    from greenroom.users import UserSimulator


@dataclass(frozen=True)
class Plugins:
    """The plugins of one entry-point group, such as `greenroom.envs`.

    Attributes:
        group: The entry-point group.
        kind: What one is called in messages.
    """

    group: str
    kind: str

    def names(self) -> list[str]:
        """What is installed, without loading it."""
        return sorted(_points(self.group))

    def load(self, name: str) -> Any:
        """Load one by name.

        Raises:
            UnknownNameError: None of that name is installed.
            PluginError: It is installed but does not load; the message says why.
        """
        points = _points(self.group)
        if name not in points:
            raise UnknownNameError(self.kind, name, points)
        point = points[name]
        try:
            return point.load()
        except Exception as error:
            raise PluginError(
                f"{self.kind} '{name}' ({point.value}) does not load: {type(error).__name__}: {error}"
            ) from error

    def distribution(self, name: str) -> str:
        """The name and version of the package that brings a plugin."""
        dist = _points(self.group)[name].dist
        return f"{dist.name} {dist.version}" if dist else "unknown"


@cache
def _points(group: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=group)}


ENVS = Plugins("greenroom.envs", "environment")
SIMULATORS = Plugins("greenroom.simulators", "user simulator")
POLICIES = Plugins("greenroom.policies", "policy")
COMMANDS = Plugins("greenroom.commands", "command")
BENCHES = Plugins("greenroom.benches", "benchmark")


def load_app(name: str) -> "App":
    """The installed app of that name, or several in one world: `mail+shop`.

    Raises:
        UnknownNameError: None is installed under it.
        PluginError: It does not load, or is no App.
    """
    from greenroom.app import App
    from greenroom.appset import AppSet

    if "+" in name:
        return AppSet(load_app(part) for part in name.split("+"))
    app = ENVS.load(name)
    if not isinstance(app, App):
        raise PluginError(f"environment '{name}' is a {type(app).__name__}, not an App: export the App itself")
    return app


def load_simulator(name: str, **options: Any) -> "UserSimulator":
    """A user simulator by name, made with its options.

    Raises:
        UnknownNameError: None is installed under it.
        PluginError: It does not load.
    """
    return SIMULATORS.load(name)(**options)
