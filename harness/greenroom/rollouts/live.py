"""Live episodes: on an asynchronous sandbox, beside many others, and outliving the sandbox."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

from greenroom.conversation import Conversation, StepOutcome
from greenroom.errors import SandboxLostError
from greenroom.messages import Message, ToolCall, canonical
from greenroom.rollouts.failure import StateMismatchError
from greenroom.rollouts.recovery import Recovery
from greenroom.sandbox import AsyncSandbox, Brief, Opened, StepRequest, StepResult
from greenroom.tasks import Verdict

T = TypeVar("T")
log = logging.getLogger(__name__)

CLOSING_SECONDS = 10.0
"""So long a sandbox may take to drop an episode; after that its own rule for idle ones does."""


class LiveEpisode:
    """The world's side of an episode: a fork, and what was done to it.

    When the fork is lost, another is made from the same start, what was done is done again, and every answer must be
    the one it was; then it goes on. Neither the policy nor the user is asked again, nor learns of it.

    Args:
        sandbox: Where the app runs.
        brief: The task.
        opened: The fork.
        recovery: How hard to try.
    """

    def __init__(self, sandbox: AsyncSandbox, brief: Brief, opened: Opened, recovery: Recovery) -> None:
        self._sandbox, self._brief, self._recovery = sandbox, brief, recovery
        self.opened = opened
        self._done: list[tuple[Sequence[ToolCall], StepResult]] = []
        self._losses = 0

    async def step(self, conversation: Conversation, message: Message) -> StepOutcome:
        """Take one assistant message: its tool calls run in order; without any, its text goes to the user.

        Raises:
            UsageError: The episode is over.
            PolicyError: The message is no assistant message.
            AppError: A tool failed.
            SandboxError: The episode is lost, and could not be made again.
            UserError: The user simulator failed.
        """
        calls = conversation.take(message)
        if not calls:
            return conversation.finish(None)
        (result,) = await self._do(lambda fork: self._sandbox.step([StepRequest(episode=fork, calls=calls)]))
        self._done.append((calls, result))
        self._losses = 0
        return conversation.finish(result)

    async def verify(self, messages: Sequence[Message]) -> Verdict:
        """The score of the episode as it stands.

        Raises:
            VerifierError: The verifier itself failed.
            SandboxError: The episode is lost, and could not be made again.
        """
        return await self._do(lambda fork: self._sandbox.verify(fork, messages))

    async def content(self) -> str:
        """The content id of its world.

        Raises:
            SandboxError: The episode is lost, and could not be made again.
        """
        return await self._do(self._sandbox.content)

    async def close(self) -> None:
        """Drop the fork."""
        await drop(self._sandbox, [self.opened])

    async def _do(self, act: Callable[[str], Awaitable[T]]) -> T:
        """Do something with the fork; when it is lost, make it again first."""
        while True:
            try:
                return await self._recovery.patiently(lambda: act(self.opened.episode))
            except SandboxLostError as lost:
                await self._restore(lost)

    async def _restore(self, lost: SandboxLostError) -> None:
        await drop(self._sandbox, [self.opened])  # It may be alive, and only out of reach for a while.
        while True:
            self._losses += 1
            await self._recovery.again(lost, self._losses)
            log.info("%s: made again after: %s", self._brief.task, lost)
            try:
                self.opened = await self._made_again()
                return
            except SandboxLostError as again:
                lost = again

    async def _made_again(self) -> Opened:
        """Another fork that has gone through the same."""
        patiently, task = self._recovery.patiently, self._brief.task
        brief = await patiently(lambda: self._sandbox.prepare(task))
        _same("starts from another snapshot", self._brief.snapshot, brief.snapshot)
        (fork,) = await patiently(lambda: self._sandbox.open(brief.snapshot, task))
        try:
            _same("opens in another state", self.opened.state, fork.state)
            for number, (calls, was) in enumerate(self._done, 1):
                request = StepRequest(episode=fork.episode, calls=calls)
                (now,) = await patiently(lambda request=request: self._sandbox.step([request]))
                _same(f"answers step {number} otherwise", _answer(was), _answer(now))
        except BaseException:
            await drop(self._sandbox, [fork])
            raise
        return fork


async def drop(sandbox: AsyncSandbox, forks: Iterable[Opened]) -> None:
    """Let go of forks; what cannot be dropped any more is only noted."""
    await asyncio.gather(*(_drop(sandbox, fork) for fork in forks))


async def _drop(sandbox: AsyncSandbox, fork: Opened) -> None:
    try:
        async with asyncio.timeout(CLOSING_SECONDS):
            await sandbox.close(fork.episode)
    except SandboxLostError:
        return  # It is gone, as was wanted.
    except Exception:
        log.warning("closing episode %s failed", fork.episode, exc_info=True)


def _answer(result: StepResult) -> str:
    return f"{result.now} {canonical(result.messages)} {list(result.faults)}"


def _same(what: str, was: str, now: str) -> None:
    """Refuse a fork that is not what was lost.

    Raises:
        StateMismatchError: It is not.
    """
    if was != now:
        raise StateMismatchError(f"lost with its sandbox, and made again it {what}: {was[:200]} became {now[:200]}")
