"""The containers of a foreign application: one of an image, or those of a compose file. Started, committed, removed."""

import json
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from greenroom.containers.engine import Engine
from greenroom.containers.folder import RunFolder
from greenroom.containers.owner import FOLDER, LABEL, OWNER, Owner
from greenroom.errors import AppError, SandboxError, SandboxLostError
from greenroom.foreign.spec import ContainerApp
from greenroom.foreign.web import MOST_BYTES, SECONDS, Answer, Place, ask

FOREIGN = f"{LABEL}.foreign"


LOOK_SECONDS = 0.05
DEATH_SECONDS = 1.0
WORDS = 3000

Images = Mapping[str, str]
"""The image of each service; of a single container, the service is ''."""


class Stack:
    """The containers of one fork, running.

    Args:
        engine: Docker.
        app: What they run.
        handles: The containers, by service.
        folder: What must go with them: the folder of a unix socket, or of a compose file.
    """

    def __init__(self, engine: Engine, app: ContainerApp, handles: dict[str, Any], folder: RunFolder | None) -> None:
        self._engine, self._app, self._handles, self._folder = engine, app, handles, folder

    @property
    def main(self) -> Any:
        """The container that serves."""
        return self._handles[self._app.service]

    @property
    def place(self) -> Place:
        """Where it answers.

        Raises:
            SandboxLostError: It has no port: it does not run.
        """
        if self._app.socket and self._folder is not None:
            return Place(socket=self._folder.sockets / PurePosixPath(self._app.socket).name)
        try:
            self.main.reload()
        except Exception as error:  # Removed by somebody, or the engine is gone.
            raise SandboxLostError(f"{self.main.name} is gone: {error}") from error
        ports = self.main.attrs["NetworkSettings"]["Ports"].get(f"{self._app.port}/tcp")
        if not ports:
            raise SandboxLostError(f"{self.main.name} does not run any more; it said:\n{self.words()}")
        return Place(port=int(ports[0]["HostPort"]))

    def wait(self) -> Place:
        """Wait until the application is ready.

        Raises:
            SandboxError: It ends, or is not ready in time; with what it said.
        """
        until = time.monotonic() + self._app.health.seconds
        while True:
            with suppress(OSError, SandboxLostError):
                place = self.place
                if ask(place, "GET", self._app.health.path, seconds=10).status < 500:
                    return place
            if not self.runs():
                raise SandboxError(f"{self.main.name} ended before it was ready; it said:\n{self.words()}")
            if time.monotonic() > until:
                seconds = self._app.health.seconds
                raise SandboxError(f"{self.main.name} is not ready after {seconds:g} s; it said:\n{self.words()}")
            time.sleep(LOOK_SECONDS)

    def runs(self) -> bool:
        """Whether all containers run, as far as the engine knows."""
        try:
            for handle in self._handles.values():
                handle.reload()
            return all(handle.status in ("running", "paused") for handle in self._handles.values())
        except Exception:  # Removed by somebody, or the engine is gone.
            return False

    def died(self) -> bool:
        """Whether it stops running within a moment: the engine learns of a death later than who was talking to it."""
        until = time.monotonic() + DEATH_SECONDS
        while self.runs():
            if time.monotonic() > until:
                return False
            time.sleep(LOOK_SECONDS)
        return True

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        """Make a request, with the headers that the agent never sees.

        Raises:
            SandboxLostError: The container is gone.
            AppError: It runs and does not answer.
        """
        try:
            return ask(self.place, method, path, headers=self._app.tools.headers, body=body)
        except OSError as error:
            if not self.died():
                raise AppError(f"{method} {path}: '{self._app.name}' does not answer: {error}") from error
            raise SandboxLostError(f"{method} {path}: '{self._app.name}' died; it said:\n{self.words()}") from error

    def words(self) -> str:
        """The end of what the one that serves said."""
        try:
            return self.main.logs(tail=40).decode("utf-8", "replace")[-WORDS:].strip() or "(nothing)"
        except Exception as error:  # The log went with it.
            return f"(its log cannot be read: {error})"

    def run(self, command: list[str], service: str = "") -> str:
        """What a command prints within a container.

        Raises:
            SandboxError: It fails, with what it said; or it does not come to an end.
            SandboxLostError: The container is gone.
        """
        handle = self._handles[service or self._app.service]
        try:
            code, out, err = self._exec(handle, command)
        except SandboxError:
            raise
        except Exception as error:
            raise SandboxLostError(f"{handle.name} takes no command: {error}") from error
        if code != 0:
            if self.died():
                raise SandboxLostError(f"{handle.name} died; it said:\n{self.words()}")
            said = (err or out).decode("utf-8", "replace").strip()
            raise SandboxError(f"{command[0]!r} failed in {handle.name} (exit code {code}): {said[-500:]}")
        return out.decode("utf-8", "replace")

    def _exec(self, handle: Any, command: list[str]) -> tuple[int | None, bytes, bytes]:
        """Run a command; its exit code and what it printed, taken in piece by piece."""
        api, until = self._engine.client.api, time.monotonic() + SECONDS
        number = api.exec_create(handle.id, command)["Id"]
        out, err = bytearray(), bytearray()
        printed = api.exec_start(number, stream=True, demux=True)
        # It may print nothing at all: then only hanging up ends the waiting.
        watch = threading.Timer(SECONDS, printed.close)
        watch.daemon = True
        watch.start()
        try:
            for more_out, more_err in printed:
                out += more_out or b""
                err += more_err or b""
                if len(out) + len(err) > MOST_BYTES:
                    raise SandboxError(f"{command[0]!r} prints more than {MOST_BYTES >> 20} MiB in {handle.name}")
        finally:
            watch.cancel()
            printed._response.close()  # What the SDK does where it reads to the end; its own `close` leaves one open.
        if time.monotonic() >= until:
            raise SandboxError(f"{command[0]!r} has not ended in {handle.name} after {SECONDS:g} s")
        return api.exec_inspect(number)["ExitCode"], bytes(out), bytes(err)

    def commit(self, labels: Mapping[str, str]) -> Images:
        """The containers' file systems as images, all at one moment.

        Raises:
            SandboxError: The engine refused.
        """
        with self._engine.speaking(f"commit {self.main.name}"):
            stop = self._app.snapshot == "stop"
            for handle in self._handles.values():
                handle.stop() if stop else handle.pause()
            try:
                changes = [f"LABEL {name}={json.dumps(value)}" for name, value in labels.items()]
                return {
                    service: str(handle.commit(changes=changes, pause=False).id)
                    for service, handle in self._handles.items()
                }
            finally:
                for handle in self._handles.values():
                    handle.start() if stop else handle.unpause()
                if stop:
                    self.wait()

    def remove(self) -> None:
        """Remove all containers at once; what is gone is no error."""
        for handle in self._handles.values():
            with suppress(Exception):
                handle.remove(force=True, v=True)
        if self._folder is not None:
            self._folder.remove()


def labels_of(app: ContainerApp, folder: Path | None = None) -> dict[str, str]:
    """Labels by which orphans are found; those that the image may bring along are all overwritten."""
    return {LABEL: "1", OWNER: str(Owner.this()), FOREIGN: app.name, FOLDER: str(folder) if folder else ""}
