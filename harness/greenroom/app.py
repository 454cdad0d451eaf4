"""Apps: what a plugin defines. Data model, tools, seed data, task families, event handlers."""

import hashlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, overload

import apsw
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from greenroom import names
from greenroom.cast import CastBase, populate_cast
from greenroom.errors import AppError, GreenroomError, Refusal, UnknownNameError, UsageError
from greenroom.faults import WAIT, Injector
from greenroom.limits import Rate, count_call
from greenroom.messages import ToolCall
from greenroom.tasks import Size, Split, Task, TaskId
from greenroom.tools import (
    DEFAULT_TAKES,
    MOST_ANSWER,
    CallResult,
    Tool,
    feature_of,
    reads_by_name,
    refusal_text,
    result_text,
)
from greenroom.worlds import Backend, Recipe, World

STARTED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

Populate = Callable[[World, Size, Split], None]
Family = Callable[[World, Split], Task]
Handler = Callable[[World, dict[str, Any]], None]
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(eq=False)
class App:
    """A clone of one application. Made by its author with decorators; a plugin exports one.

    Attributes:
        name: Lower case; tools and tables begin with it.
        models: The declarative base of its SQLAlchemy models; every table is named `name_…`.
        summary: One line, for people.
        policy: What the agent is told at the start of every episode.
        incidental: Columns by table whose change is never held against an agent, such as `read_at`.
        cast: Whether its worlds hold the shared cast of people and companies (`greenroom.cast`).
        started: When a world of this app begins, in virtual time.
        backend: Where its worlds live: "sqlite", or "postgres" for an app that needs it (docs/postgres.md).
    """

    name: str
    models: type[DeclarativeBase]
    summary: str
    policy: str = ""
    incidental: Mapping[str, Iterable[str]] = field(default_factory=dict[str, Iterable[str]])
    cast: bool = False
    started: datetime = STARTED
    backend: Backend = "sqlite"
    tools: dict[str, Tool] = field(default_factory=dict[str, Tool], init=False)
    families: dict[str, Family] = field(default_factory=dict[str, Family], init=False)
    handlers: dict[str, list[Handler]] = field(default_factory=dict[str, list[Handler]], init=False)
    needs: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]], init=False)
    _populate: Populate | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        foreign = [t for t in self.metadata.tables if not t.startswith(f"{self.name}_")]
        if foreign:
            raise UsageError(f"app '{self.name}': table '{foreign[0]}' must be named '{self.name}_{foreign[0]}'")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}: {len(self.tools)} tools, {len(self.playable)} task families>"

    @property
    def metadata(self) -> MetaData:
        """The app's tables."""
        return self.models.metadata

    @property
    def tables(self) -> list[MetaData]:
        """All tables of its worlds."""
        return [CastBase.metadata, self.metadata] if self.cast else [self.metadata]

    @property
    def apps(self) -> tuple["App", ...]:
        """The apps that it is made of: itself."""
        return (self,)

    @property
    def playable(self) -> dict[str, Family]:
        """The families that need no app which is not there."""
        here = {app.name for app in self.apps}
        return {name: family for name, family in self.families.items() if set(self.needs[name]) <= here}

    @overload
    def tool(self, function: F) -> F: ...
    @overload
    def tool(
        self,
        *,
        takes: timedelta = ...,
        writes: bool | None = ...,
        feature: str | None = ...,
        at_most: Rate | None = ...,
    ) -> Callable[[F], F]: ...
    def tool(
        self,
        function: F | None = None,
        *,
        takes: timedelta = DEFAULT_TAKES,
        writes: bool | None = None,
        feature: str | None = None,
        at_most: Rate | None = None,
    ) -> F | Callable[[F], F]:
        """Offer a function as a tool, named `app_function`; its first parameter is the world.

        Args:
            function: The tool.
            takes: Virtual time that one call takes.
            writes: Whether it changes more than incidental columns; when None, whether its name begins with no verb
                of reading (`greenroom.tools.READING`). `greenroom check` tells where that is wrong.
            feature: Tools of one feature fail together in an outage; the tool's module in a package `tools`, or the
                tool alone, when None.
            at_most: How often it may be called, such as `Rate(20, timedelta(hours=1))`; any call more is refused with
                `rate_limited` and `retry_after`.
        """

        def add(function: F) -> F:
            name = f"{self.name}_{function.__name__}"
            changes = not reads_by_name(function.__name__) if writes is None else writes
            part = f"{self.name}.{feature or feature_of(function)}"
            self.tools[name] = Tool(name, function, takes, changes, part, at_most)
            return function

        return add(function) if function else add

    def populate(self, function: Populate) -> Populate:
        """Set the function that fills an empty world, seeded by `world.random`."""
        self._populate = function
        return function

    @overload
    def task_family(self, function: Family) -> Family: ...
    @overload
    def task_family(self, *, name: str | None = ..., needs: tuple[str, ...] = ...) -> Callable[[Family], Family]: ...
    def task_family(
        self, function: Family | None = None, *, name: str | None = None, needs: tuple[str, ...] = ()
    ) -> Family | Callable[[Family], Family]:
        """Add a family of tasks: prepares a fresh fork (seeded by the task's id) and returns its task.

        Args:
            function: The family.
            name: Its name; the function's when None.
            needs: Other apps that it plays in: it exists only in worlds that hold them too.
        """

        def add(function: Family) -> Family:
            self.families[name or function.__name__] = function
            self.needs[name or function.__name__] = needs
            return function

        return add(function) if function else add

    def on(self, kind: str) -> Callable[[Handler], Handler]:
        """Handle scheduled events of one kind when they fall due: `app.event`, or a shared one such as `letter`."""

        def add(handler: Handler) -> Handler:
            self.handlers.setdefault(kind, []).append(handler)
            return handler

        return add

    def recipe(self, size: Size | str, split: Split | str, seed: int = 0) -> Recipe:
        """What a base of this app is made from.

        Raises:
            UnknownNameError: No such size or split.
            UsageError: The app has no populate function.
        """
        known_size, known_split = parse_size(size), parse_split(split)
        return Recipe(
            name=self.name,
            tables=self.tables,
            size=str(known_size),
            split=str(known_split),
            seed=seed,
            source_digest=self.source_digest(),
            populate=lambda world: self.fill(world, known_size, known_split, seed),
            started=self.started,
            backend=self.backend,
        )

    def fill(self, world: World, size: Size, split: Split, seed: int) -> None:
        """Populate an empty world; each app draws from randomness of its own, so that company changes nothing."""
        if self.cast:
            world.reseed(f"cast/{split}/{size}/{seed}")
            populate_cast(world, size, split)
        for app in self.apps:
            world.reseed(f"{app.name}/{split}/{size}/{seed}")
            app.populating(world, size, split)
            world.session.flush()

    @property
    def populating(self) -> Populate:
        """The populate function.

        Raises:
            UsageError: There is none.
        """
        if self._populate is None:
            raise UsageError(f"app '{self.name}' has no @app.populate function: write one")
        return self._populate

    def source_digest(self) -> str:
        """Hash of all source that its worlds are made by."""
        digests = [source_digest(app.populating) for app in self.apps]
        if self.cast:
            digests += [source_digest(populate_cast, alone=True), source_digest(names.person, alone=True)]
        return hashlib.sha256("".join(digests).encode()).hexdigest()

    def make_task(self, world: World, task_id: TaskId) -> Task:
        """Prepare a fork for one task, in a transaction of the world; the change log starts empty.

        Raises:
            UnknownNameError: No such family.
            AppError: The family failed, or offers tools that do not exist or too many.
        """
        family = self.playable.get(task_id.family)
        if family is None:
            raise UnknownNameError("task family", task_id.family, self.playable)
        world.reseed(str(task_id))
        try:
            with world.transaction("world"):
                task = family(world, task_id.split)
        except Exception as error:
            raise AppError(f"task '{task_id}' could not be made: {type(error).__name__}: {error}") from error
        world.clear_changes()
        self._check_offer(task, task_id)
        return task

    def _check_offer(self, task: Task, task_id: TaskId) -> None:
        missing = [name for name in task.tools if name not in self.tools]
        if missing:
            raise AppError(f"task '{task_id}' offers '{missing[0]}', which app '{self.name}' does not have")
        if len(task.tools) > 20:
            raise AppError(f"task '{task_id}' offers {len(task.tools)} tools; 20 is the most")

    def pass_time(self, world: World, delta: timedelta) -> None:
        """Move the clock; events that fall due are handled at their time, in order, each in its own transaction.

        Raises:
            AppError: There is no handler for an event, or one failed.
        """
        until = world.now + delta
        while (event := world.advance_to(until)) is not None:
            handlers = self.handlers.get(event.kind, [])
            if not handlers and event.kind.partition(".")[0] in {app.name for app in self.apps}:
                raise AppError(f"no handler for event '{event.kind}' in app '{self.name}': add @app.on")
            for handler in handlers:
                _handle(handler, world, event.kind, event.payload)

    def call(
        self, world: World, call: ToolCall, offered: Iterable[str] | None = None, injector: Injector | None = None
    ) -> CallResult:
        """Run one tool call in one transaction. A refusal changes nothing in the app's tables; time passes.

        Args:
            world: The fork to act on.
            call: The call as the agent wrote it.
            offered: Names of the tools that this task offers; all of the app's when None.
            injector: The faults of this episode; none when None.

        Raises:
            AppError: The tool itself failed: a bug in the app, never the agent's fault.
        """
        name, text = call["function"]["name"], call["function"]["arguments"]
        names = list(self.tools if offered is None else offered)
        tool = self.tools.get(name) if name in names else None
        if injector is not None:
            names.append(WAIT.name)
            tool = WAIT if name == WAIT.name else tool
        if tool is None:
            self.pass_time(world, DEFAULT_TAKES)
            refusal = Refusal("unknown_tool", str(UnknownNameError("tool", name[:100], names)))
            return CallResult(refusal_text(refusal), refusal.code)
        try:
            if injector is not None:
                return injector.call(world, tool, text)
            self.pass_time(world, tool.time_of(text))
        except Exception as error:
            if (full := _as_refusal(tool, error)) is None:
                raise
            return CallResult(refusal_text(full), full.code)
        return self.run(world, tool, text)

    def run(self, world: World, tool: Tool, text: str, then: Callable[[str], None] | None = None) -> CallResult:
        """Run a tool in one transaction, without moving the clock.

        Args:
            world: The fork to act on.
            tool: The tool.
            text: Its arguments as the agent wrote them.
            then: Gets the answer before the transaction ends; for what must be kept with it or not at all.

        Raises:
            AppError: The tool itself failed: a bug in the app, never the agent's fault.
        """
        try:
            if tool.at_most is not None:
                count_call(world, tool.name, tool.at_most)
            arguments = tool.parse(text)
            with world.transaction("agent"):
                answer = _short_enough(tool, result_text(tool.function(world, **arguments)))
                if then is not None:
                    then(answer)
        except Refusal as refusal:
            return CallResult(refusal_text(refusal), refusal.code)
        except Exception as error:
            if (refusal := _as_refusal(tool, error)) is not None:
                return CallResult(refusal_text(refusal), refusal.code)
            raise AppError(f"{tool.name}({text[:200]}) failed: {type(error).__name__}: {error}") from error
        return CallResult(answer)


def _handle(handler: Handler, world: World, kind: str, payload: dict[str, Any]) -> None:
    try:
        with world.transaction("world"):
            handler(world, payload)
    except GreenroomError:
        raise
    except Exception as error:
        told = f"the handler {getattr(handler, '__name__', handler)} of event '{kind}' failed"
        raise AppError(f"{told} on {str(payload)[:200]}: {type(error).__name__}: {error}") from error


def _short_enough(tool: Tool, answer: str) -> str:
    """An answer that may be given.

    Raises:
        Refusal: It is too long; what the tool has changed is taken back.
    """
    if len(answer) > MOST_ANSWER:
        told = f"{tool.name}: the answer has {len(answer):,} characters, {MOST_ANSWER:,} is the most: ask for less."
        raise Refusal("answer_too_long", told)
    return answer


def _as_refusal(tool: Tool, error: BaseException | None) -> Refusal | None:
    """What SQLite refuses for the caller's sake, not by the app's fault; None for all else."""
    while error is not None and not isinstance(error, apsw.Error):
        error = error.__cause__
    if isinstance(error, apsw.FullError):
        return Refusal("storage_full", f"{tool.name}: there is no room left for it, and nothing was changed.")
    if error is not None and "pattern too complex" in str(error):
        return Refusal("bad_arguments", f"{tool.name}: a text is too long to look anything up by: give a shorter one.")
    return None


def parse_size(size: Size | str) -> Size:
    """The size of that name.

    Raises:
        UnknownNameError: There is none.
    """
    try:
        return Size(size)
    except ValueError:
        raise UnknownNameError("size", str(size), list(Size)) from None


def parse_split(split: Split | str) -> Split:
    """The split of that name.

    Raises:
        UnknownNameError: There is none.
    """
    try:
        return Split(split)
    except ValueError:
        raise UnknownNameError("split", str(split), list(Split)) from None


def source_digest(function: Callable[..., Any], *, alone: bool = False) -> str:
    """A hash of the source that a world is made by: the whole package folder of the function, or its file.

    So that editing `populate`, or anything beside it, never yields a stale world.

    Args:
        function: What makes the world.
        alone: Look at its file only.
    """
    digest = hashlib.sha256()
    try:
        file = Path(inspect.getfile(function))
    except TypeError:
        file = Path("<unknown>")
    if not file.exists():
        digest.update(function.__code__.co_code + repr(function.__code__.co_consts).encode())
        return digest.hexdigest()
    packaged = not alone and (file.parent / "__init__.py").exists()
    paths = sorted(p for p in file.parent.rglob("*") if "__pycache__" not in p.parts) if packaged else [file]
    for path in paths:
        if path.is_file():
            digest.update(str(path.relative_to(file.parent)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
