"""A sandbox of this process behind the asynchronous contract: it answers at once, so nothing ever waits."""

from collections.abc import Callable, Sequence
from inspect import iscoroutinefunction
from typing import Any, ParamSpec, Protocol, TypeVar, cast, runtime_checkable

from greenroom.messages import Message
from greenroom.sandbox import AsyncSandbox, Brief, Opened, Sandbox, StepRequest, StepResult
from greenroom.tasks import Verdict

P = ParamSpec("P")
T = TypeVar("T")


@runtime_checkable
class HasAsyncFace(Protocol):
    """A sandbox that waits for others, and can be asked by many at once."""

    @property
    def aio(self) -> AsyncSandbox:
        """The same sandbox, asynchronous."""
        ...


class InlineSandbox:
    """Makes a sandbox asynchronous without a thread.

    Args:
        sandbox: The sandbox; a call takes as long as it takes, and nothing else runs meanwhile.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def _ask(self, method: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """How a method of the sandbox is called."""
        return method(*args, **kwargs)

    @property
    def app(self) -> str:
        """The name of what runs here."""
        return self._sandbox.app

    async def families(self) -> list[str]:
        """The task families of the app."""
        return await self._ask(self._sandbox.families)

    async def tools(self) -> list[dict[str, Any]]:
        """The schemas of all of the app's tools."""
        return await self._ask(self._sandbox.tools)

    async def prepare(self, task: str) -> Brief:
        """Make a task's start and keep its snapshot."""
        return await self._ask(self._sandbox.prepare, task)

    async def open(self, snapshot: str, task: str, n: int = 1) -> list[Opened]:
        """Fork a snapshot n times."""
        return await self._ask(self._sandbox.open, snapshot, task, n)

    async def step(self, requests: Sequence[StepRequest]) -> list[StepResult]:
        """Run the calls of many episodes."""
        return await self._ask(self._sandbox.step, requests)

    async def verify(self, episode: str, messages: Sequence[Message]) -> Verdict:
        """Score an episode."""
        return await self._ask(self._sandbox.verify, episode, messages)

    async def snapshot(self, episode: str) -> str:
        """Freeze an episode's world."""
        return await self._ask(self._sandbox.snapshot, episode)

    async def content(self, episode: str) -> str:
        """The content id of an episode's world."""
        return await self._ask(self._sandbox.content, episode)

    async def close(self, episode: str) -> None:
        """Drop an episode."""
        await self._ask(self._sandbox.close, episode)

    async def release(self, snapshot: str) -> None:
        """Forget a snapshot."""
        await self._ask(self._sandbox.release, snapshot)

    async def stop(self) -> None:
        """Let go of everything."""
        await self._ask(self._sandbox.stop)


def as_async(sandbox: Sandbox | AsyncSandbox) -> AsyncSandbox:
    """The asynchronous face of a sandbox: its own, or one that answers at once."""
    if isinstance(sandbox, HasAsyncFace):
        return sandbox.aio
    if iscoroutinefunction(sandbox.step):
        return cast(AsyncSandbox, sandbox)
    return InlineSandbox(cast(Sandbox, sandbox))
