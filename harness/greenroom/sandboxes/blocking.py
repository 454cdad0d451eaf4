"""The synchronous face of an asynchronous sandbox: an event loop in a thread of its own."""

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
    """Asks an asynchronous sandbox one thing at a time, and waits for the answer.

    Args:
        sandbox: The sandbox.

    Attributes:
        aio: The same; who plays many episodes at once asks it directly, from an event loop of its own, if it is
            one that serves several (`ServedSandbox`).
    """

    def __init__(self, sandbox: AsyncSandbox) -> None:
        self.aio = sandbox
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._lock = threading.Lock()

    @property
    def app(self) -> str:
        """The name of what runs here."""
        return self.aio.app

    def families(self) -> list[str]:
        """The task families of the app."""
        return self._wait(self.aio.families())

    def tools(self) -> list[dict[str, Any]]:
        """The schemas of all of the app's tools."""
        return self._wait(self.aio.tools())

    def prepare(self, task: str) -> Brief:
        """Make a task's start and keep its snapshot."""
        return self._wait(self.aio.prepare(task))

    def open(self, snapshot: str, task: str, n: int = 1) -> list[Opened]:
        """Fork a snapshot n times."""
        return self._wait(self.aio.open(snapshot, task, n))

    def step(self, requests: Sequence[StepRequest]) -> list[StepResult]:
        """Run the calls of many episodes."""
        return self._wait(self.aio.step(requests))

    def verify(self, episode: str, messages: Sequence[Message]) -> Verdict:
        """Score an episode."""
        return self._wait(self.aio.verify(episode, messages))

    def snapshot(self, episode: str) -> str:
        """Freeze an episode's world."""
        return self._wait(self.aio.snapshot(episode))

    def content(self, episode: str) -> str:
        """The content id of an episode's world."""
        return self._wait(self.aio.content(episode))

    def close(self, episode: str) -> None:
        """Drop an episode."""
        if not self._stopped:
            self._wait(self.aio.close(episode))

    def release(self, snapshot: str) -> None:
        """Forget a snapshot."""
        if not self._stopped:
            self._wait(self.aio.release(snapshot))

    def stop(self) -> None:
        """Stop the sandbox and end the thread; stopping twice is no error."""
        if self._stopped:
            return
        try:
            self._wait(self.aio.stop())
        finally:
            self._stopped = True
            loop, thread = self._loop, self._thread
            if loop is not None and thread is not None:
                loop.call_soon_threadsafe(loop.stop)
                thread.join()

    def _wait(self, asked: Coroutine[Any, Any, T]) -> T:
        if self._stopped:
            asked.close()
            raise SandboxError(f"the sandbox of '{self.app}' was stopped: open another")
        future = asyncio.run_coroutine_threadsafe(asked, self._running())
        try:
            return future.result()
        except BaseException:
            future.cancel()  # Ctrl-C must not leave a request behind.
            raise

    def _running(self) -> asyncio.AbstractEventLoop:
        """The loop; begun when something is asked for the first time."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=_run, args=(self._loop,), name="greenroom-sandbox", daemon=True)
                self._thread.start()
            return self._loop


def _run(loop: asyncio.AbstractEventLoop) -> None:
    """Run a loop until it is stopped; then end what is left in it."""
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()
