"""Playing one episode of a task, and noting what matters to a proof."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from greenroom.episode import Episode
from greenroom.fault import Fault
from greenroom.faults import Retrying
from greenroom.messages import Message, ToolCall, assistant, calls_of, text_of
from greenroom.sandbox import Brief, Sandbox
from greenroom.users import UserSimulator
from greenroom.worlds import Change


class Stage(Sandbox, Protocol):
    """A sandbox that tells what an episode has changed."""

    def changes(self, episode: str) -> list[Change]:
        """What the agent has changed since the start: net, incidental columns left out."""
        ...


Client = Callable[[Sequence[Message]], Message | None]
"""Gives the next assistant message for those that came since the last, until it has none."""
Effects = Counter[tuple[str, str]]
"""How many rows of which table were inserted, updated, deleted."""
ROOM = 200
"""Steps that a careful client gets on top of the task's own, where its patience is not what is tested."""


@dataclass(frozen=True)
class Played:
    """One finished episode.

    Attributes:
        score: The verifier's.
        end: The page id of the last world.
        steps: Assistant messages.
        findings: What the verifier found.
        refused: How many calls were refused.
        refusals: What those calls were answered, each with its step.
        calls: The tools called, in order.
        faults: What went wrong on the way.
        wrote: Tools whose call changed something.
        effects: What the agent changed, net.
    """

    score: float
    end: str
    steps: int
    findings: tuple[str, ...]
    refused: int
    refusals: tuple[str, ...]
    calls: tuple[str, ...]
    faults: tuple[Fault, ...]
    wrote: frozenset[str]
    effects: Effects

    @property
    def troubles(self) -> list[str]:
        """The kinds of faults that it met, latency left out."""
        return [fault.kind for fault in self.faults if fault.kind != "latency"]


def play(sandbox: Stage, brief: Brief, user: UserSimulator, messages: Iterable[Message], seed: int) -> Played:
    """Play messages, whatever comes back, until they or the episode end; then verify."""
    script = iter(messages)
    return play_client(sandbox, brief, user, lambda _: next(script, None), seed)


def play_carefully(sandbox: Stage, task: str, user: UserSimulator, seed: int, room: int = 0) -> Played:
    """Let a careful client play a task's solution: it retries with keys, and waits when told to."""
    brief = sandbox.prepare(task)
    brief = replace(brief, max_steps=brief.max_steps + room)
    client = Retrying(brief.solution, brief.tools)
    played = play_client(sandbox, brief, user, client.next, seed)
    sandbox.release(brief.snapshot)
    return played


def play_client(sandbox: Stage, brief: Brief, user: UserSimulator, client: Client, seed: int) -> Played:
    """Let a client play until it or the episode ends; then verify."""
    episode = Episode.start(sandbox, brief, user, seed)
    refused, refusals, new = 0, list[str](), tuple(episode.messages)
    faults: list[Fault] = []
    changes, wrote = sandbox.changes(episode.opened.episode), set[str]()
    try:
        while (message := client(new)) is not None:
            outcome = episode.step(message)
            was, changes, new = changes, sandbox.changes(episode.opened.episode), outcome.messages
            if changes != was and len(calls_of(message)) == 1:
                wrote.add(calls_of(message)[0]["function"]["name"])
            refused += outcome.refused
            if outcome.refused:
                refusals += [f"step {episode.steps}: {text}" for text in answers_of(new) if text.startswith('{"error"')]
            faults += outcome.faults
            if outcome.done:
                break
        verdict = episode.verify()
        end = sandbox.snapshot(episode.opened.episode)
        if end != brief.snapshot:
            sandbox.release(end)
        called = tuple(c["function"]["name"] for m in episode.messages for c in calls_of(m))
        return Played(
            score=verdict.score,
            end=end,
            steps=episode.steps,
            findings=tuple(verdict.findings),
            refused=refused,
            refusals=tuple(refusals),
            calls=called,
            faults=tuple(faults),
            wrote=frozenset(wrote),
            effects=effects_of(changes),
        )
    finally:
        episode.close()


def answers_of(messages: Iterable[Message]) -> list[str]:
    """What tools answered, as the agent reads it."""
    return [text_of(message) for message in messages if message["role"] == "tool"]


def effects_of(changes: Iterable[Change]) -> Effects:
    """Changes, counted by table and kind."""
    return Counter((change.table, change.op) for change in changes)


def with_excess(solution: Sequence[Message], excess: ToolCall) -> list[Message]:
    """The solution with a destructive act before its last message (which may end the episode)."""
    return [*solution[:-1], assistant(None, excess), *solution[-1:]]
