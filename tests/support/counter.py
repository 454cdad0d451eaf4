"""A shop to act on, as tests see it: calls by name, results as data, planted goods."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy

from greenroom import App, Split, World
from greenroom.messages import call
from greenroom_envs.shop import app
from greenroom_envs.shop.families.planting import Plant

T = TypeVar("T")


@dataclass
class Counter:
    """Calls go to shop, or to the apps that it is one of."""

    world: World
    app: App = app

    def __call__(self, tool: str, **arguments: Any) -> Any:
        result = self.app.call(self.world, call(f"shop_{tool}", **arguments))
        assert result.refused is None, result.text
        return json.loads(result.text)

    def refused(self, tool: str, **arguments: Any) -> str:
        before = self.world.content_id
        result = self.app.call(self.world, call(f"shop_{tool}", **arguments))
        assert result.refused is not None, result.text
        assert self.world.content_id == before
        return result.refused

    def sql(self, text: str) -> list[tuple[Any, ...]]:
        """What a query finds in the world."""
        with self.world.transaction("world") as session:
            return [tuple(row) for row in session.execute(sqlalchemy.text(text))]

    def plant(self, make: Callable[[Plant], T]) -> T:
        with self.world.transaction("world"):
            return make(Plant(self.world, Split.TRAIN))

    def verify(self, customer: Any) -> int:
        found = self("find_customer", email=customer.email)["results"][0]["customer_id"]
        assert self("verify_customer", customer_id=found, email=customer.email)["verified"]
        return found
