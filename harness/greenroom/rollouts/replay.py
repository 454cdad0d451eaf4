"""Replay: a stored rollout is played again, and every difference is named.

The policy's and the user's turns are fed from the record, never sampled again, so that what differs is the
world: the app, its data, or a library that its ids depend on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from greenroom.episode import Episode
from greenroom.errors import UserError
from greenroom.messages import Message, text_of
from greenroom.rollouts.group import GroupSpec
from greenroom.sandbox import Sandbox
from greenroom.store import GroupRow, RolloutRow, Store
from greenroom.tasks import Goal
from greenroom.users import UserState, UserTurn


@dataclass(frozen=True)
class Difference:
    """One thing that came out differently.

    Attributes:
        step: After how many assistant messages; 0 is the start.
        what: `snapshot`, `state`, `start`, `length`, `result`, `faults`, `content`, `reward` or `findings`.
        stored: As recorded.
        replayed: As it came now.
    """

    step: int
    what: str
    stored: Any
    replayed: Any


@dataclass(frozen=True)
class Replay:
    """What a replay found.

    Attributes:
        rollout: The rollout's name.
        task: The task's id.
        steps: How many assistant messages were played.
        differences: In the order in which they appeared; empty when all is the same.
    """

    rollout: str
    task: str
    steps: int
    differences: tuple[Difference, ...]

    @property
    def same(self) -> bool:
        """Whether the rollout came out exactly as recorded."""
        return not self.differences


class RecordedUser:
    """A user simulator that says what somebody said before.

    Args:
        turns: What the user said, in order.
        ends: Whether the last of them ended the conversation.
    """

    name = "recorded"

    def __init__(self, turns: Sequence[str], ends: bool) -> None:
        self._turns, self._ends = turns, ends

    def open(self, goal: Goal, seed: int) -> UserTurn:
        """The recorded opening."""
        return self._turn(0)

    def reply(self, state: UserState, messages: Sequence[Message]) -> UserTurn:
        """The recorded answer."""
        return self._turn(int(state["next"]))

    def _turn(self, number: int) -> UserTurn:
        if number >= len(self._turns):
            raise UserError(f"the record holds {len(self._turns)} turns of the user; number {number + 1} is asked for")
        ends = self._ends and number == len(self._turns) - 1
        return UserTurn(text=self._turns[number], state={"next": number + 1}, ends=ends)


def replay(store: Store, name: str, sandbox: Sandbox) -> Replay:
    """Play a stored rollout again.

    Args:
        store: Where it is.
        name: `run.group.member`.
        sandbox: Where the app runs; must hold the same app and size.

    Raises:
        UsageError: There is no such rollout.
    """
    row = store.rollout(name)
    group = store.group(row.run_id, row.group_number)
    return _Player(row, group, sandbox).play()


class _Player:
    """Plays one rollout and collects what differs."""

    def __init__(self, row: RolloutRow, group: GroupRow, sandbox: Sandbox) -> None:
        self._row, self._group, self._sandbox = row, group, sandbox
        self._stored: list[Message] = row.messages
        self._found: list[Difference] = []
        self._at = 0

    def play(self) -> Replay:
        episode = self._start() if self._stored else None
        if episode is not None:
            try:
                self._steps(episode)
                self._end(episode)
            finally:
                episode.close()
        return Replay(self._row.name, self._group.task, episode.steps if episode else 0, tuple(self._found))

    def _start(self) -> Episode:
        brief = self._sandbox.prepare(self._group.task)
        self._compare(0, "snapshot", self._group.snapshot, brief.snapshot)
        opened = self._sandbox.open(brief.snapshot, brief.task)[0]
        self._compare(0, "state", self._group.state, opened.state)
        seed = GroupSpec(self._group.task, self._group.size, self._group.seed).user_seed
        episode = Episode.start(self._sandbox, brief, self._user(), seed, opened)
        self._take(0, "start", episode.messages)
        return episode

    def _user(self) -> RecordedUser:
        turns = [text_of(m) for m in self._stored if m["role"] == "user"]
        return RecordedUser(turns, ends=self._stored[-1]["role"] == "user" and not self._row.truncated)

    def _steps(self, episode: Episode) -> None:
        while self._at < len(self._stored):
            message = self._stored[self._at]
            if message["role"] != "assistant":
                self._compare(episode.steps, "length", message, None)
                return
            self._at += 1
            # An invalid rollout ends with the message that met the failure: there is nothing to compare it with.
            if not self._row.valid and self._at == len(self._stored):
                return
            outcome = episode.step(message)
            self._take(episode.steps, "result", outcome.messages)
            faults = [{"step": episode.steps, **fault.to_json()} for fault in outcome.faults]
            stored = [fault for fault in self._row.faults if fault["step"] == episode.steps]
            self._compare(episode.steps, "faults", stored, faults)
            if outcome.done and self._at < len(self._stored):
                self._compare(episode.steps, "length", len(self._stored), self._at)
                return

    def _take(self, step: int, what: str, messages: Sequence[Message]) -> None:
        """Compare new messages with the record, and go on behind them."""
        stored = self._stored[self._at : self._at + len(messages)]
        self._compare(step, what, stored, list(messages))
        self._at += len(messages)

    def _end(self, episode: Episode) -> None:
        if not self._row.valid:
            return
        if self._row.content_id is not None:
            content = self._sandbox.content(episode.opened.episode)
            self._compare(episode.steps, "content", self._row.content_id, content)
        verdict = episode.verify()
        self._compare(episode.steps, "reward", self._row.reward, verdict.score)
        self._compare(episode.steps, "findings", self._row.findings, list(verdict.findings))

    def _compare(self, step: int, what: str, stored: Any, replayed: Any) -> None:
        if stored != replayed:
            self._found.append(Difference(step, what, stored, replayed))
