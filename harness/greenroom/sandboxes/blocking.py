"""An asynchronous sandbox behind the plain contract: for `GreenroomEnv`, `play` and whoever has no event loop."""

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from greenroom.errors import SandboxError
from greenroom.messages import Message
from greenroom.sandbox import AsyncSandbox, Brief, Opened, StepRequest, StepResult
from greenroom.tasks import Verdict

T = TypeVar("T")


class BlockingSandbox:
    """Runs an asynchronous sandbox on an event loop of its own, in a thread that ends with `stop`.

    Args:
        sandbox: The sandbox; from now on it is used through this one only.
    """

    def __init__(self, sandbox: AsyncSandbox) -> None:
        self._sandbox = sandbox
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="greenroom-sandbox", daemon=True)
        self._thread.start()

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop.is_closed():
            work.close()
            raise SandboxError(f"the sandbox of '{self.app}' was stopped: make another")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    @property
    def app(self) -> str:
        """The name of what runs there."""
        return self._sandbox.app

    def families(self) -> list[str]:
        """The task families of the app."""
        return self._wait(self._sandbox.families())

    def tools(self) -> list[dict[str, Any]]:
        """The schemas of all of the app's tools."""
        return self._wait(self._sandbox.tools())

    def prepare(self, task: str) -> Brief:
        """Make a task's start and keep its snapshot."""
        return self._wait(self._sandbox.prepare(task))

    def open(self, snapshot: str, task: str, n: int = 1) -> list[Opened]:
        """Fork a snapshot n times."""
        return self._wait(self._sandbox.open(snapshot, task, n))

    def step(self, requests: Sequence[StepRequest]) -> list[StepResult]:
        """Run the calls of many episodes."""
        return self._wait(self._sandbox.step(requests))

    def verify(self, episode: str, messages: Sequence[Message]) -> Verdict:
        """Score an episode."""
        return self._wait(self._sandbox.verify(episode, messages))

    def snapshot(self, episode: str) -> str:
        """Freeze an episode's world."""
        return self._wait(self._sandbox.snapshot(episode))

    def content(self, episode: str) -> str:
        """The content id of an episode's world."""
        return self._wait(self._sandbox.content(episode))

    def close(self, episode: str) -> None:
        """Drop an episode."""
        if not self._loop.is_closed():
            self._wait(self._sandbox.close(episode))

    def release(self, snapshot: str) -> None:
        """Forget a snapshot."""
        if not self._loop.is_closed():
            self._wait(self._sandbox.release(snapshot))

    def stop(self) -> None:
        """Stop the sandbox and end the thread; stopping twice is no error."""
        if self._loop.is_closed():
            return
        try:
            self._wait(self._sandbox.stop())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
