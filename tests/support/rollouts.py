"""Real, small collaborators for tests of rollouts: a person, policies and sandboxes that misbehave, broken tasks."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from greenroom import App, Goal, Size, Split, Task, Verdict, World
from greenroom import messages as m
from greenroom.errors import SandboxBusyError, SandboxLostError
from greenroom.messages import Message
from greenroom.policy import EpisodeStart, PolicySession, TokenRecord
from greenroom.sandbox import Brief, Opened, StepRequest, StepResult
from greenroom.sandboxes import LocalSandbox
from greenroom.tasks import Evidence
from greenroom.users import UserTurn
from support.notes import Base, Note, add, crash


class Asker:
    """Opens with the first request, tells what it is asked for, and leaves at the first other answer."""

    name = "asker"

    def open(self, goal: Goal, seed: int) -> UserTurn:
        state = {"facts": {c: f.wordings[0] for f in goal.facts for c in f.cues}}
        return UserTurn(text=goal.requests[seed % len(goal.requests)], state=state, act="open")

    def reply(self, state: Mapping[str, Any], messages: Sequence[Message]) -> UserTurn:
        asked = m.text_of(messages[-1]).lower()
        told = [wording for cue, wording in state["facts"].items() if cue in asked]
        if told:
            return UserTurn(text=told[0], state=state, act="answer")
        return UserTurn(text="Thanks, bye.", state=state, ends=True, act="thank")


class BrokenPerson(Asker):
    """Cannot answer."""

    name = "broken"

    def reply(self, state: Mapping[str, Any], messages: Sequence[Message]) -> UserTurn:
        raise RuntimeError("lost my voice")


class Fickle(Asker):
    """Opens otherwise every time, whatever the seed."""

    name = "fickle"

    def __init__(self) -> None:
        self.opened = 0

    def open(self, goal: Goal, seed: int) -> UserTurn:
        self.opened += 1
        return UserTurn(text=f"Request number {self.opened}.", state={"facts": {}}, act="open")


class Scripted:
    """A policy that says the same messages in every episode, and remembers its sessions."""

    def __init__(self, *messages: Any, wait: asyncio.Event | None = None, pause: float = 0.0) -> None:
        self.name = "scripted"
        self.messages, self.wait, self.pause = messages, wait, pause
        self.starts: list[EpisodeStart] = []
        self.seen: list[list[Message]] = []
        self.closed = 0
        self.live = self.most_live = 0

    def session(self, start: EpisodeStart) -> PolicySession:
        self.starts.append(start)
        self.live += 1
        self.most_live = max(self.live, self.most_live)
        return _ScriptedSession(self, start)


class _ScriptedSession:
    def __init__(self, policy: Scripted, start: EpisodeStart) -> None:
        self.policy, self.number, self.open = policy, 0, True
        self.messages = policy.messages or tuple(start.solution)
        self.seen: list[Message] = []
        policy.seen.append(self.seen)

    async def act(self, new: Sequence[Message]) -> Message:
        self.seen.extend(new)
        if self.policy.wait:
            await self.policy.wait.wait()
        if self.policy.pause:
            await asyncio.sleep(self.policy.pause)
        message = self.messages[min(self.number, len(self.messages) - 1)]
        self.number += 1
        if isinstance(message, Exception):
            raise message
        self.seen.append(message)
        return message

    def tokens(self) -> TokenRecord | None:
        return TokenRecord(ids=[7, 8, 9], mask=[0, 1, 1], logprobs=[0.0, -0.1, -0.25])

    def close(self) -> None:
        self.policy.closed += self.open
        self.policy.live -= self.open
        self.open = False


class SlowPolicy(Scripted):
    """The oracle, thinking for a while before each message."""

    def __init__(self, pause: str = "0.05") -> None:
        super().__init__(pause=float(pause))
        self.name = f"slow:{pause}"


class BatchingPolicy(Scripted):
    """Answers nobody until everybody who is seated has asked, as an engine with one batch does."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[asyncio.Future[None]] = []
        self.batches: list[int] = []

    def session(self, start: EpisodeStart) -> PolicySession:
        inner = super().session(start)
        return _BatchedSession(self, inner)

    def check(self) -> None:
        if self.waiting and len(self.waiting) == self.live:
            self.batches.append(len(self.waiting))
            for future in self.waiting:
                future.set_result(None)
            self.waiting.clear()


class _BatchedSession:
    def __init__(self, policy: BatchingPolicy, inner: PolicySession) -> None:
        self.policy, self.inner = policy, inner

    async def act(self, new: Sequence[Message]) -> Message:
        future = asyncio.get_running_loop().create_future()
        self.policy.waiting.append(future)
        self.policy.check()
        await future
        return await self.inner.act(new)

    def tokens(self) -> TokenRecord | None:
        return None

    def close(self) -> None:
        self.inner.close()
        self.policy.check()


broken = App("notes", models=Base, summary="A notebook whose tasks are broken.", policy="You keep notes.")
broken.tool(add)
broken.tool(crash)


@broken.populate
def populate(world: World, size: Size, split: Split) -> None:
    world.session.add(Note(id=world.new_id("note"), title="only one"))


def _task(verifier: Any) -> Task:
    return Task(
        goal=Goal(intent="break", requests=("break something",)),
        tools=("notes_add", "notes_crash"),
        solution=(m.assistant(None, m.call("notes_add", title="x")), m.assistant("Done.")),
        excess=m.call("notes_add", title="y"),
        verifier=verifier,
    )


@broken.task_family
def good(world: World, split: Split) -> Task:
    return _task(lambda evidence: Verdict(score=1.0, findings=("all well",)))


@broken.task_family
def bad_verifier(world: World, split: Split) -> Task:
    def verifier(evidence: Evidence) -> Verdict:
        raise KeyError("forgotten")

    return _task(verifier)


@broken.task_family
def unmakeable(world: World, split: Split) -> Task:
    raise RuntimeError("no such task can be made")


class Mortal(LocalSandbox):
    """Dies when it is asked for something for the n-th time, and is as new afterwards: all that lived in it is gone.

    Args:
        deaths: Operations by name, such as `step`, and the counts at which it dies.
    """

    def __init__(self, app: App, cache_dir: Path, faults: str = "none", **deaths: Collection[int]) -> None:
        super().__init__(app, cache_dir=cache_dir, faults=faults)
        self.deaths, self.died = deaths, 0
        self.asked: Counter[str] = Counter()

    def _count(self, operation: str) -> None:
        self.asked[operation] += 1
        if self.asked[operation] in self.deaths.get(operation, ()):
            self.died += 1
            self.stop()
            raise SandboxLostError(f"died of {operation} {self.asked[operation]}")

    def prepare(self, task: str) -> Brief:
        self._count("prepare")
        return super().prepare(task)

    def open(self, snapshot: str, task: str, n: int = 1) -> list[Opened]:
        self._count("open")
        return super().open(snapshot, task, n)

    def step(self, requests: Sequence[StepRequest]) -> list[StepResult]:
        self._count("step")
        return super().step(requests)

    def verify(self, episode: str, messages: Sequence[Message]) -> Verdict:
        self._count("verify")
        return super().verify(episode, messages)

    def content(self, episode: str) -> str:
        self._count("content")
        return super().content(episode)

    def close(self, episode: str) -> None:
        self._count("close")
        super().close(episode)

    def release(self, snapshot: str) -> None:
        self._count("release")
        super().release(snapshot)

    def stop(self) -> None:
        for episode in list(self._episodes):
            super().close(episode)
        super().stop()


class Full(LocalSandbox):
    """Has no room for more than so many episodes."""

    def __init__(self, app: App, cache_dir: Path, most: int) -> None:
        super().__init__(app, cache_dir=cache_dir)
        self.most, self.refused = most, 0

    def open(self, snapshot: str, task: str, n: int = 1) -> list[Opened]:
        if len(self._episodes) + n > self.most:
            self.refused += 1
            raise SandboxBusyError(f"{len(self._episodes)} episodes are open, {self.most} is the most", 0.01)
        return super().open(snapshot, task, n)
