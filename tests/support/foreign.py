"""Where the documentation's foreign application lies, and a policy that kills containers."""

from collections.abc import Sequence
from pathlib import Path

from greenroom.containers.engine import Engine
from greenroom.foreign.stack import FOREIGN
from greenroom.messages import Message
from greenroom.policy import EpisodeStart, PolicySession, TokenRecord
from support.rollouts import Scripted

HERE = Path(__file__).parents[2] / "docs" / "foreign"


def containers(engine: Engine, app: str = "ihatemoney") -> list[str]:
    """The names of an application's containers, running or not."""
    found = engine.client.containers.list(all=True, filters={"label": f"{FOREIGN}={app}"}, ignore_removed=True)
    return sorted(container.name for container in found)


def snapshots(engine: Engine, app: str = "ihatemoney") -> list[str]:
    """The ids of an application's images, bases left out."""
    found = engine.client.images.list(filters={"label": f"{FOREIGN}={app}"})
    return sorted(image.id for image in found if not image.labels.get(f"{FOREIGN}.base"))


class Killer(Scripted):
    """The oracle; before its second message, all containers are killed, once."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine, self.killed = engine, list[str]()

    def session(self, start: EpisodeStart) -> PolicySession:
        return _KillingSession(self, super().session(start))


class _KillingSession:
    def __init__(self, policy: Killer, inner: PolicySession) -> None:
        self.policy, self.inner, self.acts = policy, inner, 0

    async def act(self, new: Sequence[Message]) -> Message:
        self.acts += 1
        if self.acts == 2 and not self.policy.killed:
            self.policy.killed = containers(self.policy.engine)
            for name in self.policy.killed:
                self.policy.engine.client.containers.get(name).kill()
        return await self.inner.act(new)

    def tokens(self) -> TokenRecord | None:
        return None

    def close(self) -> None:
        self.inner.close()
