"""A worker of a server as a client sees it: its line, and the steps that travel together."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from greenroom.errors import GreenroomError
from greenroom.sandbox import StepRequest, StepResult
from greenroom.wire import answers
from greenroom.wire.line import Line, TooLargeError

T = TypeVar("T")
TOGETHER = 64
"""So many steps travel in one message, at most: while one is answered, the next is under way."""
_Steps = list[tuple[StepRequest, "asyncio.Future[StepResult]"]]


class Station:
    """One worker: its line, and the steps that wait for the next message to it.

    A server may answer messages in any order. So an episode's steps are in one message at a time: those that find
    one under way wait until it is answered.

    Args:
        line: The line to it.
    """

    def __init__(self, line: Line) -> None:
        self.line = line
        self._loop: asyncio.AbstractEventLoop | None = None
        self._steps: _Steps = []
        self._due = False
        self._under_way: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, op: str, reader: Callable[[Any], T], **fields: Any) -> T:
        """Ask for an operation, and read its answer.

        Raises:
            WireError: It is no answer to that.
            GreenroomError: What the server says.
        """
        return answers.read(self.line.address, op, reader, await self.line.ask(op, **fields))

    def step(self, request: StepRequest) -> "asyncio.Future[StepResult]":
        """Put a step into the message that goes out at the end of this turn of the event loop.

        Raises:
            UsageError: The line belongs to another event loop, which runs.
        """
        loop = self.line.here()
        if self._loop is not loop:  # What a loop that has ended left waits for nothing any more.
            self._loop, self._steps, self._due, self._under_way = loop, [], False, set()
        waiting: asyncio.Future[StepResult] = loop.create_future()
        if not self._due:
            self._due = True
            loop.call_soon(self._go, loop)
        self._steps.append((request, waiting))
        return waiting

    def _go(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due = False
        while share := self._share():
            episodes = {request.episode for request, _ in share}
            self._under_way |= episodes
            task = loop.create_task(self._ask(share))
            self._tasks.add(task)
            task.add_done_callback(lambda task, episodes=episodes: self._gone(task, episodes))

    def _share(self) -> _Steps:
        """What goes into the next message; the rest goes on waiting."""
        share: _Steps = []
        rest: _Steps = []
        waiting: set[str] = set()
        for step in self._steps:
            episode = step[0].episode
            if len(share) < TOGETHER and episode not in waiting and episode not in self._under_way:
                share.append(step)
            else:
                rest.append(step)
                waiting.add(episode)
        self._steps = rest
        return share

    def _gone(self, task: "asyncio.Task[None]", episodes: set[str]) -> None:
        self._tasks.discard(task)
        loop = task.get_loop()
        if self._loop is loop:
            self._under_way -= episodes
            self._go(loop)

    async def _ask(self, steps: _Steps) -> None:
        plain = [{"episode": request.episode, "calls": request.calls} for request, _ in steps]
        try:
            told = await self.ask("step", answers.each(len(steps)), steps=plain)
            later: _Steps = []
            for (request, waiting), answer in zip(steps, told, strict=True):
                if not answers.later(answer):
                    self._settle(request, waiting, answer)
                elif not waiting.done():  # Else nobody wants it any more.
                    later.append((request, waiting))
            if later:
                await self._ask(later)
        except TooLargeError as error:
            if len(steps) == 1:
                _fail(steps, error)
                return
            half = len(steps) // 2
            await self._ask(steps[:half])
            await self._ask(steps[half:])
        except Exception as error:
            _fail(steps, error)

    def _settle(self, request: StepRequest, waiting: "asyncio.Future[StepResult]", answer: Any) -> None:
        if waiting.done():
            return  # Whoever asked has given up.
        try:
            waiting.set_result(answers.read(self.line.address, "step", answers.step(request.calls), answer))
        except GreenroomError as error:
            waiting.set_exception(error)


def _fail(steps: _Steps, error: Exception) -> None:
    for _, waiting in steps:
        if not waiting.done():
            waiting.set_exception(error)
