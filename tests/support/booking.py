"""A booking world for tests: planted listings and flights, tools called as an agent calls them."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, TypeVar

from greenroom import Split, World
from greenroom.messages import call
from greenroom_envs.booking import app
from greenroom_envs.booking.desk import utc_now
from greenroom_envs.booking.families.planting import Plant

Made = TypeVar("Made")


class Counter:
    """Tools and plants of one world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def plant(self, make: Callable[[Plant], Made]) -> Made:
        """Put something into the world, as the world."""
        with self.world.transaction("world"):
            made = make(Plant(self.world, Split.TRAIN))
        self.world.clear_changes()
        return made

    def use(self, tool: str, **arguments: Any) -> Any:
        """Call a tool that must not be refused."""
        result = app.call(self.world, call(f"booking_{tool}", **arguments))
        assert result.refused is None, result.text
        return json.loads(result.text)

    def refusal(self, tool: str, **arguments: Any) -> str:
        """Call a tool that must be refused, and change nothing of the agent's; returns the code."""
        before = self.world.changes("agent")
        result = app.call(self.world, call(f"booking_{tool}", **arguments))
        assert result.refused is not None, result.text
        assert self.world.changes("agent") == before
        return result.refused

    def wait(self, **time: float) -> None:
        """Let time pass."""
        app.pass_time(self.world, timedelta(**time))

    @property
    def today(self) -> date:
        """The virtual day."""
        return utc_now(self.world).date()

    def days(self, ahead: int, nights: int = 2) -> dict[str, str]:
        """The days of a stay, as tools take them."""
        first = self.today + timedelta(days=ahead)
        return {"check_in": first.isoformat(), "check_out": (first + timedelta(days=nights)).isoformat()}
