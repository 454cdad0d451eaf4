"""The contract of sandboxes: where an app runs. Everything that crosses is plain data.

One request may carry many episodes, so that a group steps in one message when a wire lies between.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from greenroom.errors import SandboxLostError
from greenroom.fault import Fault
from greenroom.messages import Message, ToolCall
from greenroom.tasks import Verdict

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Brief:
    """A task as it crosses the boundary: no code, no world.

    Attributes:
        task: The task's id.
        snapshot: The id of the world it starts from; known to the sandbox that made it.
        goal: The user's goal (`Goal.to_json`); for the user simulator only.
        tools: OpenAI tool schemas.
        policy: The app's policy text.
        max_steps: After so many assistant messages the episode is truncated.
        solution: The oracle's assistant messages.
        slips: Mistaken solutions.
        excess: One destructive act.
        level: How hard it is within its family, from 1.
    """

    task: str
    snapshot: str
    goal: dict[str, Any]
    tools: list[dict[str, Any]]
    policy: str
    max_steps: int
    solution: list[Message]
    slips: list[list[Message]]
    excess: ToolCall
    level: int = 1


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A fork that is ready: its episode id and the id of its world, as proved by the sandbox."""

    episode: str
    state: str


@dataclass(frozen=True, kw_only=True)
class StepRequest:
    """The tool calls of one assistant message, for one episode."""

    episode: str
    calls: Sequence[ToolCall]


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """The tool messages in the order of the calls, the virtual time, how many calls the app refused, and the faults."""

    messages: list[Message]
    now: str
    refused: int = 0
    faults: Sequence[Fault] = ()


class Sandbox(Protocol):
    """Where an app (or several) runs."""

    @property
    def app(self) -> str:
        """The name of what runs here, such as `mail`."""
        ...

    def families(self) -> list[str]:
        """The task families of the app."""
        ...

    def tools(self) -> list[dict[str, Any]]:
        """The schemas of all of the app's tools; a task offers some of them."""
        ...

    def prepare(self, task: str) -> Brief:
        """Make a task's start and keep its snapshot. Same id, same brief, same snapshot."""
        ...

    def open(self, snapshot: str, task: str, n: int = 1) -> list[Opened]:
        """Fork a snapshot n times."""
        ...

    def step(self, requests: Sequence[StepRequest]) -> list[StepResult]:
        """Run the calls of many episodes."""
        ...

    def verify(self, episode: str, messages: Sequence[Message]) -> Verdict:
        """Score an episode from its changes and from what was said."""
        ...

    def snapshot(self, episode: str) -> str:
        """Freeze an episode's world; returns its id, which `open` takes."""
        ...

    def content(self, episode: str) -> str:
        """The content id of an episode's world: equal histories, equal content."""
        ...

    def close(self, episode: str) -> None:
        """Drop an episode. Unknown ids are ignored."""
        ...

    def release(self, snapshot: str) -> None:
        """Forget a snapshot. Unknown ids are ignored."""
        ...

    def stop(self) -> None:
        """Let go of everything: worlds, connections, processes, containers. Stopping twice is no error."""
        ...


class AsyncSandbox(Protocol):
    """The same contract for many episodes at once: where a wire lies between, calls overlap and share messages."""

    @property
    def app(self) -> str:
        """The name of what runs here, such as `mail`."""
        ...

    async def families(self) -> list[str]:
        """The task families of the app."""
        ...

    async def tools(self) -> list[dict[str, Any]]:
        """The schemas of all of the app's tools; a task offers some of them."""
        ...

    async def prepare(self, task: str) -> Brief:
        """Make a task's start and keep its snapshot. Same id, same brief, same snapshot."""
        ...

    async def open(self, snapshot: str, task: str, n: int = 1) -> list[Opened]:
        """Fork a snapshot n times."""
        ...

    async def step(self, requests: Sequence[StepRequest]) -> list[StepResult]:
        """Run the calls of many episodes."""
        ...

    async def verify(self, episode: str, messages: Sequence[Message]) -> Verdict:
        """Score an episode from its changes and from what was said."""
        ...

    async def snapshot(self, episode: str) -> str:
        """Freeze an episode's world; returns its id, which `open` takes."""
        ...

    async def content(self, episode: str) -> str:
        """The content id of an episode's world: equal histories, equal content."""
        ...

    async def close(self, episode: str) -> None:
        """Drop an episode. Unknown ids are ignored."""
        ...

    async def release(self, snapshot: str) -> None:
        """Forget a snapshot. Unknown ids are ignored."""
        ...

    async def stop(self) -> None:
        """Let go of everything: worlds, connections, processes, containers. Stopping twice is no error."""
        ...


class PortableSandbox(AsyncSandbox, Protocol):
    """One whose snapshots can be carried to another of its kind."""

    async def download(self, snapshot: str, path: Path, most: int) -> str:
        """Write a snapshot of at most so many bytes to a portable file; returns its content id."""
        ...

    async def upload(self, path: Path) -> str:
        """Take in a portable file; returns the snapshot's id, which `open` takes."""
        ...


def find_episode(episodes: Mapping[str, T], episode: str) -> T:
    """What a sandbox has under an episode's id.

    Raises:
        SandboxLostError: Nothing.
    """
    found = episodes.get(episode)  # Looked up once: another thread may close it meanwhile.
    if found is None:
        raise SandboxLostError(f"episode '{episode}' is not running here: it was closed, or never opened")
    return found


def find_snapshot(snapshots: Mapping[str, T], snapshot: str, start: str) -> T:
    """What a sandbox keeps under a snapshot's id.

    Args:
        snapshots: All that it keeps.
        snapshot: The id.
        start: Where the task that is to be opened starts, for the message.

    Raises:
        SandboxLostError: Nothing.
    """
    found = snapshots.get(snapshot)
    if found is None:
        raise SandboxLostError(f"snapshot '{snapshot[:16]}…' is not known here; the task starts at '{start[:16]}…'")
    return found
