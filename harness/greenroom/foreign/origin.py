"""Where forks come from: the populated application, and what starts it."""

import json
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from greenroom.containers import orphans
from greenroom.containers.engine import Engine
from greenroom.errors import UsageError
from greenroom.foreign import images as shelf
from greenroom.foreign.compose import ComposeStage
from greenroom.foreign.openapi import Operation, operations
from greenroom.foreign.spec import Call, ContainerApp
from greenroom.foreign.stack import Images, Stack
from greenroom.foreign.stage import ImageStage, Stage
from greenroom.foreign.tasks import prepare


class Origin:
    """A foreign application, ready to be forked.

    Args:
        app: The application.
        engine: Docker.

    Attributes:
        shelf: The images of snapshots.
    """

    def __init__(self, app: ContainerApp, engine: Engine) -> None:
        self._app, self._engine = app, engine
        self._stage: Stage = ComposeStage(engine, app) if app.compose else ImageStage(engine, app)
        self.shelf = shelf.Shelf(engine)
        self._base: Images | None = None
        self._basing = threading.RLock()

    @cached_property
    def operations(self) -> dict[str, Operation]:
        """The operations of its OpenAPI description, by id.

        Raises:
            UsageError: There is no description, or it lacks an operation that is asked for.
        """
        told = self._app.tools
        if told.openapi.startswith("/"):
            with self.started(self.base) as stack:
                return operations(stack.ask("GET", told.openapi).body, told.include, told.fixed)
        path = self._app.folder / told.openapi
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(f"{path} is no OpenAPI description in JSON: {error}") from error
        return operations(document, told.include, told.fixed)

    @property
    def base(self) -> Images:
        """The images of the populated application: kept from an earlier time, or made now.

        Raises:
            UsageError: There is no engine, or no image.
            AppError: The application refuses what fills it.
            SandboxError: It does not start.
        """
        with self._basing:
            if self._base is None:
                self._base = self._find_base()
            return self._base

    def _find_base(self) -> Images:
        orphans.remove_orphans(self._engine)
        shelf.remove_orphans(self._engine)
        own = self._stage.images()
        key = shelf.base_key(self._app, own)
        found = self.shelf.base(self._app, own, key)
        if found is None:
            with self.started(own) as stack:
                self.prepare(stack, self._app.populate, {})
                found = stack.commit(shelf.base_labels(self._app, key))
            self.shelf.keep_base(self._app, found, key)
        return found

    @contextmanager
    def started(self, images: Images) -> Generator[Stack]:
        """A fork that is ready, for a while."""
        stack = self.start(images)
        try:
            yield stack
        finally:
            stack.remove()

    def start(self, images: Images) -> Stack:
        """Start a fork, and wait until it is ready.

        Raises:
            SandboxError: It does not come up; with what it said.
        """
        stack = self._stage.start(images)
        try:
            stack.wait()
        except BaseException:
            stack.remove()
            raise
        return stack

    def prepare(self, stack: Stack, calls: Sequence[Call], values: dict[str, Any]) -> dict[str, Any]:
        """Make the calls of a set-up; returns the values with what they kept.

        Raises:
            AppError: The application refuses one.
        """
        return prepare(calls, values, stack.ask)
