"""Several apps in one world: `mail+shop`. One app alone is the same thing with one name."""

from collections.abc import Iterable, Sequence

from sqlalchemy import MetaData

from greenroom.app import App
from greenroom.cast import CastBase
from greenroom.errors import UsageError


class AppSet(App):
    """Apps that share a world: their tools, tables, events and task families together.

    Families are named `app.family`; those that need an app which is not there are left out.

    Args:
        apps: The apps, each once; their order does not matter.
    """

    def __init__(self, apps: Iterable[App]) -> None:
        members = sorted(apps, key=lambda app: app.name)
        names = [app.name for app in members]
        if len(members) < 2 or len(set(names)) < len(names):
            raise UsageError(f"a set is two or more different apps, not {names}")
        self.backend = members[0].backend
        if any(app.backend != self.backend for app in members):
            where = ", ".join(f"{app.name} in {app.backend}" for app in members)
            raise UsageError(f"apps of one world live in one database, but these do not: {where}")
        self._apps = tuple(members)
        self.name, self.summary = "+".join(names), " ".join(app.summary for app in members)
        self.policy = "\n\n".join(app.policy for app in members if app.policy)
        self.incidental = {table: columns for app in members for table, columns in app.incidental.items()}
        self.cast, self.started = any(app.cast for app in members), max(app.started for app in members)
        self.tools = {name: tool for app in members for name, tool in app.tools.items()}
        self.needs = {f"{a.name}.{f}": needs for a in members for f, needs in a.needs.items()}
        self.families = {f"{a.name}.{name}": family for a in members for name, family in a.families.items()}
        self.handlers = {}
        for app in members:
            for kind, handlers in app.handlers.items():
                self.handlers.setdefault(kind, []).extend(handlers)

    @property
    def apps(self) -> tuple[App, ...]:
        """The apps, by name."""
        return self._apps

    @property
    def tables(self) -> list[MetaData]:
        """All tables of its worlds."""
        shared: Sequence[MetaData] = [CastBase.metadata] if self.cast else []
        return [*shared, *(app.metadata for app in self._apps)]
