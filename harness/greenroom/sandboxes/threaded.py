"""A sandbox that waits for others behind the asynchronous contract: each call in a thread."""

import asyncio
from collections.abc import Sequence
from typing import Any

from greenroom.messages import Message
from greenroom.sandbox import Brief, Opened, Sandbox, StepRequest, StepResult
from greenroom.tasks import Verdict


class ThreadedSandbox:
    """Makes a sandbox asynchronous with threads.

    Args:
        sandbox: The sandbox; it must bear being called by several threads at once.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    @property
    def app(self) -> str:
        """The name of what runs here."""
        return self._sandbox.app

    async def families(self) -> list[str]:
        """The task families of the app."""
        return await asyncio.to_thread(self._sandbox.families)

    async def tools(self) -> list[dict[str, Any]]:
        """The schemas of all of the app's tools."""
        return await asyncio.to_thread(self._sandbox.tools)

    async def prepare(self, task: str) -> Brief:
        """Make a task's start and keep its snapshot."""
        return await asyncio.to_thread(self._sandbox.prepare, task)

    async def open(self, snapshot: str, task: str, n: int = 1) -> list[Opened]:
        """Fork a snapshot n times."""
        return await asyncio.to_thread(self._sandbox.open, snapshot, task, n)

    async def step(self, requests: Sequence[StepRequest]) -> list[StepResult]:
        """Run the calls of many episodes."""
        return await asyncio.to_thread(self._sandbox.step, requests)

    async def verify(self, episode: str, messages: Sequence[Message]) -> Verdict:
        """Score an episode."""
        return await asyncio.to_thread(self._sandbox.verify, episode, messages)

    async def snapshot(self, episode: str) -> str:
        """Freeze an episode's world."""
        return await asyncio.to_thread(self._sandbox.snapshot, episode)

    async def content(self, episode: str) -> str:
        """The content id of an episode's world."""
        return await asyncio.to_thread(self._sandbox.content, episode)

    async def close(self, episode: str) -> None:
        """Drop an episode."""
        await asyncio.to_thread(self._sandbox.close, episode)

    async def release(self, snapshot: str) -> None:
        """Forget a snapshot."""
        await asyncio.to_thread(self._sandbox.release, snapshot)

    async def stop(self) -> None:
        """Let go of everything."""
        await asyncio.to_thread(self._sandbox.stop)
