"""Sandboxes by what people write: `local`, `process:2`, `docker`, `unix:DIR`, `ws://127.0.0.1:8750`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, cast, get_args

from greenroom.app import App, parse_size
from greenroom.errors import UnknownNameError, UsageError
from greenroom.faults import NONE, PROFILES, Profile, parse_profile
from greenroom.plugins import SANDBOXES, load_app
from greenroom.sandbox import Sandbox
from greenroom.tasks import Size

Isolation = Literal["world", "container"]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What is to run in a sandbox.

    Attributes:
        app: An installed app's name, several (`mail+shop`), or an App.
        world: How much data its worlds hold.
        seed: What its bases are populated with.
        faults: What goes wrong between agents and the app.
        fault_seed: What goes wrong follows from it.
        all_tools: Offer all of the app's tools, not only the task's.
        isolation: `world`: each rollout has a world of its own, and many share a process. `container`: each has a
            container of its own.
        cache_dir: Where bases are cached; the user's cache folder when None.
    """

    app: str | App
    world: str = Size.SMALL
    seed: int = 0
    faults: Profile = NONE
    fault_seed: int = 0
    all_tools: bool = False
    isolation: Isolation = "world"
    cache_dir: Path | None = None

    @property
    def name(self) -> str:
        """The app's name."""
        return self.app if isinstance(self.app, str) else self.app.name

    @property
    def here(self) -> App:
        """The app itself.

        Raises:
            UnknownNameError: It is not installed.
        """
        return load_app(self.app) if isinstance(self.app, str) else self.app

    @property
    def installed(self) -> str:
        """The app's name, under which another process finds the same one.

        Raises:
            UnknownNameError: It is not installed.
            UsageError: What is installed under its name is another app.
        """
        found = load_app(self.name)
        if isinstance(self.app, App) and [id(app) for app in found.apps] != [id(app) for app in self.app.apps]:
            raise UsageError(f"the app '{self.name}' is not the installed one: other processes load apps by name")
        return found.name

    @property
    def profile(self) -> str:
        """The name of the fault profile; one of one's own has none that another process knows.

        Raises:
            UsageError: It is one of one's own.
        """
        if PROFILES.get(self.faults.name) != self.faults:
            raise UsageError("a fault profile of one's own works in this process only: take sandbox 'local'")
        return self.faults.name


class Factory(Protocol):
    """Makes sandboxes of one kind; the entry points `greenroom.sandboxes` name such functions."""

    def __call__(self, argument: str, setting: Setting) -> Sandbox:
        """Make one; what stands behind the colon of the spec is the argument. Nothing is started before it is used."""
        ...


def open_sandbox(
    spec: str,
    app: str | App,
    *,
    world: Size | str = Size.SMALL,
    seed: int = 0,
    faults: Profile | str = NONE,
    fault_seed: int = 0,
    all_tools: bool = False,
    isolation: str = "world",
    cache_dir: Path | None = None,
) -> Sandbox:
    """The sandbox that a spec names: NAME or NAME:ARGUMENT of an installed kind.

    Args:
        spec: `local`, `process`, `process:N`, `docker`, `compose`, `unix:DIR`, `ws://HOST:PORT`.
        app: What is to run there: a name, several (`mail+shop`), or an App.
        world: How much data its worlds hold.
        seed: What its bases are populated with.
        faults: What goes wrong between agents and the app.
        fault_seed: What goes wrong follows from it.
        all_tools: Offer all of the app's tools, not only the task's.
        isolation: What each rollout has for itself: a `world`, or a `container`.
        cache_dir: Where bases are cached, where that is this machine's business.

    Returns:
        A sandbox. `stop()` it when it is not needed any more. `Rollouts` asks it for many episodes at once.

    Raises:
        UnknownNameError: There is no such kind, app, size, profile or isolation; says which there are.
        UsageError: The argument does not fit.
        MissingExtraError: What that kind needs is not installed.
    """
    name, _, argument = spec.partition(":")
    if name not in SANDBOXES.names():
        raise UnknownNameError("sandbox", name, SANDBOXES.names())
    setting = Setting(
        app=app,
        world=parse_size(world),
        seed=seed,
        faults=parse_profile(faults),
        fault_seed=fault_seed,
        all_tools=all_tools,
        isolation=parse_isolation(isolation),
        cache_dir=cache_dir,
    )
    factory: Factory = SANDBOXES.load(name)
    return factory(argument, setting)


def parse_isolation(isolation: str) -> Isolation:
    """The isolation of that name.

    Raises:
        UnknownNameError: There is none.
    """
    if isolation not in get_args(Isolation):
        raise UnknownNameError("isolation", isolation, get_args(Isolation))
    return cast(Isolation, isolation)


def refuse_containers(kind: str, setting: Setting) -> None:
    """For kinds of sandboxes that have no containers.

    Raises:
        UsageError: Each rollout is to have one.
    """
    if setting.isolation == "container":
        raise UsageError(f"sandbox '{kind}' has no containers: leave --isolation container out, or take 'docker'")


def local(argument: str, setting: Setting) -> Sandbox:
    """This very process.

    Raises:
        UsageError: There is an argument, or each rollout is to have a container.
    """
    from greenroom.sandboxes.local import LocalSandbox

    refuse_containers("local", setting)
    if argument:
        raise UsageError(f"'local:{argument}': nothing comes after 'local'")
    return LocalSandbox(
        setting.here,
        setting.world,
        setting.seed,
        setting.cache_dir,
        faults=setting.faults,
        fault_seed=setting.fault_seed,
        all_tools=setting.all_tools,
    )
