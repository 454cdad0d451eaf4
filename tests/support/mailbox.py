"""A populated mailbox, its tools called as an agent would call them."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from greenroom import Split, World
from greenroom.messages import call
from greenroom.worlds import Change, net
from greenroom_envs.mail import app
from greenroom_envs.mail.families.planting import Plant


@dataclass
class Mailbox:
    world: World

    def call(self, tool: str, **arguments: Any) -> Any:
        """The result of a call that must not be refused."""
        result = app.call(self.world, call(f"mail_{tool}", **arguments))
        assert result.refused is None, result.text
        return json.loads(result.text)

    def refusal(self, tool: str, **arguments: Any) -> tuple[str, str]:
        """Code and sentence of a call that must be refused, and change nothing."""
        before = self.world.content_id
        result = app.call(self.world, call(f"mail_{tool}", **arguments))
        assert result.refused is not None, result.text
        assert self.world.content_id == before
        return result.refused, json.loads(result.text)["message"]

    @contextmanager
    def plant(self) -> Generator[Plant]:
        """Add people and messages; inserted at the end, not counted as changes."""
        with self.world.transaction("world"):
            plant = Plant(self.world, Split.TRAIN)
            yield plant
            plant.insert()
        self.world.clear_changes()

    def changes(self) -> list[Change]:
        return net(self.world.changes(by="agent"))

    def senders(self, query: str, **arguments: Any) -> list[str]:
        return [hit["from"] for hit in self.call("search", query=query, **arguments)["hits"]]
