"""Forks: what the members of a group start from, proved to be the same."""

from dataclasses import dataclass

from greenroom.rollouts.failure import StateMismatchError
from greenroom.rollouts.live import drop
from greenroom.rollouts.recovery import Recovery
from greenroom.sandbox import AsyncSandbox, Brief, Opened


@dataclass(eq=False)
class Forks:
    """The start of a group.

    Attributes:
        brief: The task.
        state: The id that every fork has proved.
        opened: The forks that no member has taken yet, the last one first.
    """

    brief: Brief
    state: str
    opened: list[Opened]

    def take(self) -> Opened:
        """The next member's."""
        return self.opened.pop()


async def fork(sandbox: AsyncSandbox, task: str, n: int, recovery: Recovery) -> Forks:
    """Prepare a task once, fork it n times in one message, and prove that all forks are the same.

    Raises:
        UsageError: There is no such task.
        StateMismatchError: The forks differ.
        SandboxError: The sandbox is lost or full, again and again.
    """

    async def made() -> tuple[Brief, list[Opened]]:
        brief = await sandbox.prepare(task)
        return brief, await sandbox.open(brief.snapshot, task, n)

    brief, opened = await recovery.insist(made)
    states = sorted({fork.state for fork in opened})
    if len(states) != 1:
        await drop(sandbox, opened)
        text = f"{n} forks of snapshot {brief.snapshot[:12]}… came in {len(states)} states: "
        raise StateMismatchError(text + ", ".join(state[:12] for state in states))
    return Forks(brief, states[0], list(reversed(opened)))
