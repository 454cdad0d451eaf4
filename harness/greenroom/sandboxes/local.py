"""The sandbox in this very process: no boundary, no cost."""

import itertools
import secrets
from collections import OrderedDict
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenroom.app import App, parse_size
from greenroom.errors import SandboxLostError, UsageError, VerifierError
from greenroom.fault import Fault
from greenroom.faults import NONE, WAIT, Before, Injector, Profile, parse_profile, with_key
from greenroom.messages import Message, said, tool
from greenroom.rewards.expectations import without_incidental
from greenroom.sandbox import Brief, Opened, StepRequest, StepResult, find_episode, find_snapshot
from greenroom.tasks import Evidence, Size, Split, Task, TaskId, Verdict
from greenroom.worlds import Change, Snapshot, World, net, populated
from greenroom.worlds.arrival import admit
from greenroom.worlds.state import ON_DEMAND

KEPT_TASKS = 4096


@dataclass
class _Running:
    """An episode in this process: its world, its task and the tools it offers."""

    world: World
    task: Task
    offered: tuple[str, ...]
    injector: Injector | None


class LocalSandbox:
    """Runs one app's episodes in this process.

    Args:
        app: The app.
        size: How much data its worlds hold.
        seed: The seed that its bases are populated with.
        cache_dir: Where bases are cached; the user's cache folder when None.
        faults: What goes wrong between agents and the app: `none`, `realistic`, `hostile`, or a profile of one's own.
        fault_seed: What goes wrong follows from it and the task, and from what the agent does.
        all_tools: Offer all of the app's tools, not only the task's: for people who look around.
        kept_tasks: How many tasks and their starts are remembered; others are made again when they are asked for.
        postgres: The server, for an app whose worlds live in PostgreSQL; `GREENROOM_POSTGRES` when None.
    """

    def __init__(
        self,
        app: App,
        size: Size | str = Size.SMALL,
        seed: int = 0,
        cache_dir: Path | None = None,
        *,
        faults: Profile | str = NONE,
        fault_seed: int = 0,
        all_tools: bool = False,
        kept_tasks: int = KEPT_TASKS,
        postgres: str | None = None,
    ) -> None:
        self._kept_tasks, self._postgres = kept_tasks, postgres
        self._all_tools = all_tools
        self._faults, self._fault_seed = parse_profile(faults), fault_seed
        self._app, self._size, self._seed, self._cache_dir = app, parse_size(size), seed, cache_dir
        self._incidental = {table: set(columns) for table, columns in app.incidental.items()}
        self._bases: dict[Split, Snapshot] = {}
        self._snapshots: dict[str, Snapshot] = {}
        self._before: dict[str, Before] = {}
        self._tasks: OrderedDict[str, tuple[Task, str]] = OrderedDict()
        self._episodes: dict[str, _Running] = {}
        self._numbers = itertools.count(1)
        self._secret = secrets.token_hex(8)
        self._lost = False

    @property
    def app(self) -> str:
        """The app's name."""
        return self._app.name

    def families(self) -> list[str]:
        """The app's task families."""
        return list(self._app.playable)

    def tools(self) -> list[dict[str, Any]]:
        """The schemas of all of the app's tools."""
        return self._schemas(self._app.tools)

    def _schemas(self, names: Iterable[str]) -> list[dict[str, Any]]:
        """With faults: keys for tools that write, and a tool to wait."""
        tools = [self._app.tools[name] for name in names]
        if self._faults == NONE:
            return [tool.schema for tool in tools]
        return [*(with_key(tool) for tool in tools), WAIT.schema]

    def has_base(self, split: Split) -> bool:
        """Whether nobody would wait for the base of a split: a database server that went away took it along."""
        return split in self._bases

    def base(self, split: Split) -> Snapshot:
        """The populated world of a split; built once, then cached on disk.

        Raises:
            SandboxLostError: Its database server went away, and is not back.
        """
        found = self._bases.get(split)
        if found is None:
            recipe = self._app.recipe(self._size, split, self._seed)
            with self._reaching():
                found = populated(recipe, self._cache_dir, self._postgres)
            self._bases[split], self._lost = found, False
        return found

    @contextmanager
    def _reaching(self) -> Generator[None]:
        """Tell of failures that come from a database server which went away as what they are.

        Raises:
            SandboxLostError: It did; all that lived there is forgotten, and can be made again once it is back.
        """
        try:
            yield
        except (UsageError, SandboxLostError):
            raise
        except Exception as error:
            self._lost = self._lost or any(base.gone for base in list(self._bases.values()))
            if not self._lost:
                raise
            self.stop()
            self._bases.clear()
            raise SandboxLostError(f"the server of '{self.app}' went away, with all worlds on it: {error}") from error

    def prepare(self, task: str) -> Brief:
        """Make a task's start and keep its snapshot.

        Raises:
            UsageError: The id is malformed or of another app, or names an unknown family.
            AppError: The family failed.
        """
        with self._reaching():
            made, snapshot = self._task(task)
        return Brief(
            task=task,
            snapshot=snapshot,
            goal=made.goal.to_json(),
            tools=self._schemas(self._offered(made)),
            policy=self._app.policy,
            max_steps=made.max_steps * self._faults.patience,
            solution=list(made.solution),
            slips=[list(slip) for slip in made.slips],
            excess=made.excess,
            level=made.level,
        )

    def _offered(self, task: Task) -> tuple[str, ...]:
        return tuple(self._app.tools) if self._all_tools else task.tools

    def _task(self, text: str) -> tuple[Task, str]:
        """The task and the id of its start; made again when it was forgotten."""
        known = self._tasks.get(text)
        if known is None or known[1] not in self._snapshots:
            known = self._make_task(text)
            self._tasks[text] = known
            if len(self._tasks) > self._kept_tasks:
                _, (_, forgotten) = self._tasks.popitem(last=False)
                self.release(forgotten)
        return known

    def _make_task(self, text: str) -> tuple[Task, str]:
        task_id = TaskId.at(self.app, text)
        world = self.base(task_id.split).open()
        try:
            made = self._app.make_task(world, task_id)
            start = world.freeze()
        finally:
            world.close()
        self._snapshots[start.page_id] = start
        return made, start.page_id

    def admit(self, path: Path, snapshot: str, content: str) -> Snapshot:
        """Read a snapshot that somebody sent, as a portable file; `keep` makes it one to open.

        Args:
            path: The file.
            snapshot: The id that it is said to have.
            content: The content id that it is said to have.

        Raises:
            SnapshotError: It is not what was said, or no world of this app.
        """
        schema = self._app.recipe(self._size, Split.TRAIN, self._seed).schema
        return admit(path, schema, snapshot, content, ON_DEMAND)

    def keep(self, snapshot: Snapshot) -> str:
        """Keep a snapshot as if it had been made here; returns its id, which `open` takes."""
        self._snapshots.setdefault(snapshot.page_id, snapshot)
        return snapshot.page_id

    def start(self, snapshot: str) -> Snapshot:
        """A snapshot that is kept here, to look at or to fork by hand.

        Raises:
            SandboxLostError: The snapshot is not known here.
        """
        found = self._snapshots.get(snapshot)
        if found is None:
            raise SandboxLostError(f"snapshot '{snapshot[:16]}…' is not known here: it was released, or never made")
        return found

    def open(self, snapshot: str, task: str, n: int = 1) -> list[Opened]:
        """Fork a snapshot n times.

        Raises:
            SandboxLostError: The snapshot is not known here.
        """
        with self._reaching():
            return self._forks(snapshot, task, n)

    def _forks(self, snapshot: str, task: str, n: int) -> list[Opened]:
        made, start = self._task(task)
        source = find_snapshot(self._snapshots, snapshot, start)
        return [self._open(source, made, self._injector(task, self._before.get(snapshot))) for _ in range(n)]

    def _injector(self, task: str, before: Before | None) -> Injector | None:
        if self._faults == NONE:
            return None
        return Injector(self._app, self._faults, f"{self._fault_seed}/{task}", before)

    def _open(self, source: Snapshot, made: Task, injector: Injector | None) -> Opened:
        world = source.open()
        episode = f"{self._secret}-{next(self._numbers)}"
        self._episodes[episode] = _Running(world, made, self._offered(made), injector)
        # Read from the fork, not copied from the source: the id proves the fork, not the intention.
        return Opened(episode=episode, state=world.page_id)

    def offered(self, episode: str) -> list[dict[str, Any]]:
        """The schemas of the tools that an episode offers.

        Raises:
            SandboxLostError: It is not running.
        """
        return self._schemas(self._running(episode).offered)

    def _running(self, episode: str) -> _Running:
        return find_episode(self._episodes, episode)

    def step(self, requests: Sequence[StepRequest]) -> list[StepResult]:
        """Run the calls of many episodes, each episode's in order.

        Raises:
            SandboxLostError: An episode is not running.
            AppError: A tool failed.
        """
        with self._reaching():
            return [self._step(request) for request in requests]

    def _step(self, request: StepRequest) -> StepResult:
        running = self._running(request.episode)
        messages: list[Message] = []
        faults: list[Fault] = []
        refused = 0
        for call in request.calls:
            result = self._app.call(running.world, call, running.offered, running.injector)
            refused += result.refused is not None
            faults += result.faults
            messages.append(tool(call["id"], result.text))
        return StepResult(messages=messages, now=running.world.now.isoformat(), refused=refused, faults=faults)

    def verify(self, episode: str, messages: Sequence[Message]) -> Verdict:
        """Score an episode.

        Raises:
            VerifierError: The verifier itself failed.
        """
        with self._reaching():
            return self._verdict(episode, messages)

    def _verdict(self, episode: str, messages: Sequence[Message]) -> Verdict:
        running, changes = self._running(episode), self.changes(episode)
        try:
            with running.world.transaction("world"):
                return running.task.verifier(
                    Evidence(changes=changes, said=said(messages), messages=messages, world=running.world)
                )
        except Exception as error:
            raise VerifierError(f"verifier of episode '{episode}' failed: {type(error).__name__}: {error}") from error

    def changes(self, episode: str) -> list[Change]:
        """What the agent has changed since the start: net, incidental columns left out."""
        world = self._running(episode).world
        return without_incidental(net(world.changes(by="agent")), self._incidental)

    def snapshot(self, episode: str) -> str:
        """Freeze an episode's world; returns the snapshot's page id."""
        running = self._running(episode)
        frozen = self.freeze(episode)
        self._snapshots[frozen.page_id] = frozen
        if running.injector and running.injector.before:
            self._before[frozen.page_id] = running.injector.before
        return frozen.page_id

    def freeze(self, episode: str) -> Snapshot:
        """An episode's world as it is now; not kept."""
        with self._reaching():
            return self._running(episode).world.freeze()

    def content(self, episode: str) -> str:
        """The content id of an episode's world."""
        with self._reaching():
            return self._running(episode).world.content_id

    def close(self, episode: str) -> None:
        """Drop an episode's world."""
        running = self._episodes.pop(episode, None)
        if running:
            running.world.close()

    def release(self, snapshot: str) -> None:
        """Forget a snapshot; its task is made again when it is asked for."""
        self._snapshots.pop(snapshot, None)
        self._before.pop(snapshot, None)

    def stop(self) -> None:
        """Drop all episodes and snapshots."""
        for episode in list(self._episodes):
            self.close(episode)
        self._snapshots.clear()
        self._before.clear()
        self._tasks.clear()
