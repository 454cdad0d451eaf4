"""The sandbox of a foreign application: each fork has containers of its own."""

import itertools
import json
import secrets
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from greenroom.containers.engine import Engine
from greenroom.errors import (
    Refusal,
    SandboxError,
    SandboxLostError,
    UnknownNameError,
    UsageError,
    VerifierError,
)
from greenroom.faults import NONE
from greenroom.foreign.images import snapshot_labels
from greenroom.foreign.openapi import Operation
from greenroom.foreign.origin import Origin
from greenroom.foreign.probe import State, canonical, changes, check_start, query, read_state, state_id
from greenroom.foreign.spec import ContainerApp, Family
from greenroom.foreign.stack import Images, Stack
from greenroom.foreign.tasks import ForeignTask, answers_wrong, expectation, offered
from greenroom.messages import Message, ToolCall, said, tool
from greenroom.rewards.expectations import without_incidental
from greenroom.sandbox import AsyncSandbox, Brief, Opened, StepRequest, StepResult, find_episode, find_snapshot
from greenroom.sandboxes.specs import Setting
from greenroom.sandboxes.threaded import ThreadedSandbox
from greenroom.tasks import Split, TaskId, Verdict
from greenroom.tools import refusal_text
from greenroom.worlds import Change

MOST = 8
"""So many containers are started, or asked, at once."""
LONGEST = 20_000
"""Characters of an answer that an agent gets to read."""


@dataclass(frozen=True)
class _Kept:
    """A snapshot: the images of the containers, and the state that the probe saw."""

    images: Images
    state: State


@dataclass(frozen=True)
class _Running:
    """A fork."""

    stack: Stack
    task: ForeignTask
    offered: dict[str, Operation]


class ForeignSandbox:
    """Runs a foreign application's episodes, each in containers of its own. Slow: seconds for a fork.

    What a fork starts from is proved by the probe: its hash is the snapshot's id, each fork is asked anew, and one that
    shows another state is refused.

    Args:
        app: The application.
        engine: Docker; as the environment says when None.
    """

    def __init__(self, app: ContainerApp, engine: Engine | None = None) -> None:
        self._app, self._origin = app, Origin(app, engine or Engine())
        self._families = {family.name: family for family in app.family}
        self._snapshots: dict[str, _Kept] = {}
        self._tasks: dict[str, tuple[ForeignTask, str]] = {}
        self._episodes: dict[str, _Running] = {}
        self._numbers, self._secret = itertools.count(1), secrets.token_hex(8)
        self._threads = ThreadPoolExecutor(MOST, thread_name_prefix="greenroom-foreign")
        self._noting = threading.Lock()
        self._making: dict[str, threading.Lock] = {}
        self._incidental = {table: set(columns) for table, columns in app.incidental.items()}

    @property
    def app(self) -> str:
        """The application's name."""
        return self._app.name

    @cached_property
    def aio(self) -> AsyncSandbox:
        """The same sandbox for many episodes at once."""
        return ThreadedSandbox(self)

    # -- what it offers

    def families(self) -> list[str]:
        """The task families."""
        return list(self._families)

    def tools(self) -> list[dict[str, Any]]:
        """The schemas of all tools."""
        return self._schemas(self._origin.operations.values())

    def _schemas(self, chosen: Iterable[Operation]) -> list[dict[str, Any]]:
        return [operation.tool(self.app) for operation in chosen]

    # -- starts

    def prepare(self, task: str) -> Brief:
        """Make a task's start and keep its snapshot.

        Raises:
            UsageError: The id is malformed or of another app, or names an unknown family.
            AppError: The application refuses the set-up.
        """
        made, snapshot = self._task(task)
        family, operations = made.family, self._origin.operations
        return Brief(
            task=task,
            snapshot=snapshot,
            goal=made.goal.to_json(),
            tools=self._schemas(offered(self._app, family, operations)),
            policy=self._app.policy,
            max_steps=family.max_steps,
            solution=made.script(family.solution, operations, self.app),
            slips=[made.script(slip, operations, self.app) for slip in family.slips],
            excess=made.act(family.excess, operations, self.app),
        )

    def _task(self, text: str) -> tuple[ForeignTask, str]:
        with self._noting:
            making = self._making.setdefault(text, threading.Lock())
        with making:
            known = self._tasks.get(text)
            if known is None or known[1] not in self._snapshots:
                known = self._tasks[text] = self._make(*self._parse(text))
            return known

    def _make(self, family: Family, split: Split, index: int) -> tuple[ForeignTask, str]:
        with self._origin.started(self._origin.base) as stack:
            values = self._origin.prepare(
                stack, family.setup, {**family.case(split, index), "split": split, "index": index}
            )
            kept = self._keep(stack)
            check_start(self._app, kept[1].state)
        return ForeignTask(family=family, values=values, start=kept[1].state), kept[0]

    def _keep(self, stack: Stack) -> tuple[str, _Kept]:
        """Commit a fork as it is; what is known already is not kept twice."""
        state = read_state(self._app, stack)
        name = state_id(self._app, state)
        known = self._snapshots.get(name)
        if known is None:
            mine = _Kept(stack.commit(snapshot_labels(self._app)), state)
            with self._noting:
                known = self._snapshots.setdefault(name, mine)
            if known is not mine:  # Another thread was faster.
                self._origin.shelf.drop(mine.images)
        return name, known

    def _parse(self, text: str) -> tuple[Family, Split, int]:
        task = TaskId.at(self.app, text)
        if task.family not in self._families:
            raise UnknownNameError("task family", task.family, self._families)
        return self._families[task.family], task.split, task.index

    # -- episodes

    def open(self, snapshot: str, task: str, n: int = 1) -> list[Opened]:
        """Start n forks of a snapshot, and prove each.

        Raises:
            SandboxLostError: The snapshot is not known here.
            SandboxError: A fork does not start, or shows another state than its snapshot.
        """
        made, start = self._task(task)
        source = find_snapshot(self._snapshots, snapshot, start)
        tools = {one.name(self.app): one for one in offered(self._app, made.family, self._origin.operations)}
        opening = [self._threads.submit(self._open, source, made, tools) for _ in range(n)]
        results = [future.exception() or future.result() for future in opening]
        failed = [result for result in results if isinstance(result, BaseException)]
        if failed:
            for result in results:
                if isinstance(result, Opened):
                    self.close(result.episode)
            raise failed[0]
        return [result for result in results if isinstance(result, Opened)]

    def _open(self, kept: _Kept, made: ForeignTask, tools: dict[str, Operation]) -> Opened:
        stack = self._origin.start(kept.images)
        try:
            state = read_state(self._app, stack)
            if state != kept.state:
                raise SandboxError(
                    f"a fork differs from its snapshot in {_differing(kept.state, state)}: it proves nothing"
                )
        except BaseException:
            stack.remove()
            raise
        episode = f"{self._secret}-{next(self._numbers)}"
        self._episodes[episode] = _Running(stack, made, tools)
        return Opened(episode=episode, state=state_id(self._app, state))

    def _running(self, episode: str) -> _Running:
        return find_episode(self._episodes, episode)

    def step(self, requests: Sequence[StepRequest]) -> list[StepResult]:
        """Make the calls of many episodes, each episode's in order.

        Raises:
            SandboxLostError: An episode is not running, or its container died.
            AppError: The application does not answer.
        """
        running = [(self._running(request.episode), request.calls) for request in requests]
        if len(running) == 1:
            return [self._step(*running[0])]
        stepping = [self._threads.submit(self._step, one, calls) for one, calls in running]
        return [future.result() for future in stepping]

    def _step(self, running: _Running, calls: Sequence[ToolCall]) -> StepResult:
        messages: list[Message] = []
        refused = 0
        for one in calls:
            try:
                text = self._call(running, one)
            except Refusal as refusal:
                text, refused = refusal_text(refusal), refused + 1
            messages.append(tool(one["id"], text))
        # Its clock is its own: there is no virtual time to tell.
        return StepResult(messages=messages, now="", refused=refused)

    def _call(self, running: _Running, one: ToolCall) -> str:
        """What the application answers to one call.

        Raises:
            Refusal: It refuses, or fails: the agent reads what it says.
        """
        name = one["function"]["name"]
        operation = running.offered.get(name)
        if operation is None:
            raise Refusal("unknown_tool", str(UnknownNameError("tool", name, running.offered)))
        request = operation.request(one["function"]["arguments"])
        answer = running.stack.ask(request.method, request.path, request.body)
        if not answer.ok:
            raise Refusal(f"http_{answer.status}", answer.text[:LONGEST])
        return answer.text[:LONGEST] or json.dumps({"status": answer.status})

    def changes(self, episode: str) -> list[Change]:
        """What has changed since the task's start, as far as the probe sees, incidental columns left out."""
        running = self._running(episode)
        found = changes(self._app, running.task.start, read_state(self._app, running.stack))
        return without_incidental(found, self._incidental)

    def verify(self, episode: str, messages: Sequence[Message]) -> Verdict:
        """Score an episode.

        Raises:
            SandboxLostError: Its container died.
            VerifierError: The verifier itself failed.
        """
        running = self._running(episode)
        try:
            verify = running.task.verify
            findings = expectation(verify).findings(self.changes(episode), said(messages))
            findings += answers_wrong(
                verify,
                running.stack.ask,
                lambda text: query(self._app, running.stack, text),
            )
        except SandboxLostError:
            raise
        except Exception as error:
            raise VerifierError(f"verifier of episode '{episode}' failed: {type(error).__name__}: {error}") from error
        return Verdict(score=0.0 if findings else 1.0, findings=tuple(findings))

    def snapshot(self, episode: str) -> str:
        """Commit an episode's containers; returns the id that `open` takes."""
        return self._keep(self._running(episode).stack)[0]

    def content(self, episode: str) -> str:
        """The hash of an episode's state, as the probe sees it."""
        return state_id(self._app, read_state(self._app, self._running(episode).stack))

    # -- letting go

    def close(self, episode: str) -> None:
        """Remove an episode's containers."""
        running = self._episodes.pop(episode, None)
        if running:
            running.stack.remove()
            self._origin.shelf.tidy()

    def release(self, snapshot: str) -> None:
        """Forget a snapshot; its task is made again when it is asked for."""
        kept = self._snapshots.pop(snapshot, None)
        if kept:
            self._origin.shelf.drop(kept.images)

    def stop(self) -> None:
        """Remove all containers and snapshots; the base stays. Stopping twice is no error."""
        for episode in list(self._episodes):
            self.close(episode)
        for snapshot in list(self._snapshots):
            self.release(snapshot)
        self._tasks.clear()


def _differing(one: State, other: State) -> str:
    """The first rows by which two states differ, for people."""
    for name in one:
        mine, theirs = [canonical(row) for row in one[name]], [canonical(row) for row in other[name]]
        odd = [row for row in [*mine, *theirs] if (row in mine) != (row in theirs)]
        if odd or mine != theirs:
            return f"table '{name}', first in {odd[0] if odd else 'the number of equal rows'}"
    return "nothing"


def foreign(argument: str, setting: Setting) -> ForeignSandbox:
    """The sandbox `foreign:FILE`, of the application that a file of TOML describes.

    Raises:
        UsageError: No file is named, or it describes another application, or what is asked for it cannot do.
    """
    if not argument:
        raise UsageError("'foreign' needs the file that describes the application: foreign:FILE.toml")
    app = ContainerApp.load(Path(argument))
    if app.name != setting.name:
        raise UsageError(f"{argument} describes '{app.name}', not '{setting.name}'")
    if setting.faults != NONE:
        raise UsageError("a foreign application fails as it does by itself: leave --faults out")
    return ForeignSandbox(app)
