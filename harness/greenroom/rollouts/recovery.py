"""Recovery: what was lost with a sandbox is made again, a sandbox that is full is waited for; both within bounds."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from greenroom.errors import SandboxBusyError, SandboxLostError

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """How hard a rollout is tried to be saved before it is marked invalid.

    Attributes:
        tries: So often it may be lost without one new step in between. What kills its sandbox every time is given
            up; what merely lived beside it gets on between two deaths and is not.
        pause: Seconds before the first try; each further one waits twice as long, so that a server can come back.
        patience: Seconds that a full sandbox is waited for.
    """

    tries: int = 6
    pause: float = 0.1
    patience: float = 120.0

    async def patiently(self, act: Callable[[], Awaitable[T]]) -> T:
        """Do something; while the sandbox says that it is full, wait as it asks and do it again.

        Raises:
            SandboxBusyError: It is full for too long.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + self.patience
        while True:
            try:
                return await act()
            except SandboxBusyError as busy:
                # Not all who were sent away come back in the same moment.
                wait = busy.retry_after * random.uniform(1.0, 1.5)
                if loop.time() + wait > until:
                    raise SandboxBusyError(f"{busy} (waited {self.patience:g} s for it)", busy.retry_after) from busy
                await asyncio.sleep(wait)

    async def again(self, lost: SandboxLostError, losses: int) -> None:
        """Wait before the next try.

        Args:
            lost: What happened.
            losses: How often it has by now, without a step in between.

        Raises:
            SandboxLostError: It has happened too often.
        """
        if losses > self.tries:
            raise SandboxLostError(f"lost {losses} times in a row; at last: {lost}") from lost
        await asyncio.sleep(self.pause * 2 ** (losses - 1))

    async def insist(self, act: Callable[[], Awaitable[T]]) -> T:
        """Do something that begins from nothing, again when the sandbox is lost meanwhile.

        Raises:
            SandboxLostError: It is lost too often.
            SandboxBusyError: It is full for too long.
        """
        losses = 0
        while True:
            try:
                return await self.patiently(act)
            except SandboxLostError as lost:
                losses += 1
                await self.again(lost, losses)
