"""Plugins, found by entry points. The built-in ones come through the same door as anybody's."""

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from greenroom.errors import GreenroomError, NotReadyError, PluginError, UnknownNameError

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
        if len(points[name]) > 1:
            raise PluginError(f"{self.kind} '{name}' comes from {self.distribution(name)}: uninstall all but one")
        point = points[name][0]
        try:
            return point.load()
        except (Exception, SystemExit) as error:  # A module that ends the process must not end the others.
            raise PluginError(
                f"{self.kind} '{name}' ({point.value}) does not load: {type(error).__name__}: {error}; "
                f"it came with {self.distribution(name)}: mend, reinstall or uninstall that"
            ) from error

    def about(self, name: str) -> str:
        """The first line of the docstring of the module that a plugin lies in; the plugin must have been loaded."""
        module = sys.modules.get(_points(self.group)[name][0].module)
        return (inspect.getdoc(module) or "").split("\n")[0]

    def distribution(self, name: str) -> str:
        """The name and version of the package that brings a plugin; of each, where several bring that name."""
        dists = [point.dist for point in _points(self.group)[name]]
        return " and ".join(f"{dist.name} {dist.version}" if dist else "unknown" for dist in dists)

    def packages(self, name: str) -> list[Distribution]:
        """The packages that bring a plugin, as far as they are known."""
        return [point.dist for point in _points(self.group)[name] if point.dist is not None]


@cache
def _points(group: str) -> dict[str, list[EntryPoint]]:
    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=group):
        found.setdefault(point.name, []).append(point)
    return found


ENVS = Plugins("greenroom.envs", "environment")
SIMULATORS = Plugins("greenroom.simulators", "user simulator")
SANDBOXES = Plugins("greenroom.sandboxes", "sandbox")
POLICIES = Plugins("greenroom.policies", "policy")
COMMANDS = Plugins("greenroom.commands", "command")
BENCHES = Plugins("greenroom.benches", "benchmark")


def load_app(name: str) -> "App":
    """The installed app of that name, or several in one world: `mail+shop`.

    A plugin exports an App, or a function without arguments that makes it (once) when it is asked for.

    Raises:
        UnknownNameError: None is installed under it.
        PluginError: It does not load, or is no App of that name.
    """
    from greenroom.appset import AppSet

    return AppSet(load_app(part) for part in name.split("+")) if "+" in name else _one_app(name)


@cache
def _one_app(name: str) -> "App":
    from greenroom.app import App

    app = ENVS.load(name)
    if callable(app) and not isinstance(app, type):
        app = _made(name, app)
    if not isinstance(app, App):
        raise PluginError(f"environment '{name}' is a {type(app).__name__}, not an App: export the App itself")
    if app.name != name:
        raise PluginError(f"environment '{name}' is an app named '{app.name}': its entry point must be called so too")
    return app


def _made(name: str, make: Callable[[], Any]) -> Any:
    try:
        return make()
    except GreenroomError as error:
        raise NotReadyError(f"environment '{name}' is not ready: {error}", str(error)) from error
    except Exception as error:
        raise PluginError(f"environment '{name}' cannot be made: {type(error).__name__}: {error}") from error


def load_simulator(name: str, **options: Any) -> "UserSimulator":
    """A user simulator by name, made with its options.

    Raises:
        UnknownNameError: None is installed under it.
        PluginError: It does not load.
    """
    return SIMULATORS.load(name)(**options)
