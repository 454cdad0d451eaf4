"""One container that serves apps: how it starts, whether it lives, what it said, how it ends."""

import json
import logging
import secrets
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from greenroom.containers.engine import Engine
from greenroom.containers.folder import RunFolder
from greenroom.containers.limits import BAKED, BASES, SOCKETS, ContainerLimits, hardened
from greenroom.containers.owner import FOLDER, LABEL, OWNER, Owner
from greenroom.containers.sweep import remove_folder
from greenroom.errors import SandboxError
from greenroom.unixsocket import connect

log = logging.getLogger("greenroom.containers")
LOOK_SECONDS = 0.02
STATE_SECONDS = 0.5
STOP_SECONDS = 5
WORDS = 4000
"""So many characters of a container's log are quoted."""
HEALTH = b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
COMMAND = ["-m", "greenroom.wire.worker"]
PYTHON = "/opt/greenroom/bin/python"


@dataclass(frozen=True, kw_only=True)
class ContainerSpec:
    """What a container is made from.

    Attributes:
        apps: What it serves.
        image: The image.
        limits: What it may use.
        serving: Limits of what it serves, by name; see `greenroom.wire.protocol.Limits`.
        bases: A folder of bases that it may read; None for none.
        start_seconds: How long it may take until it serves.
    """

    apps: Sequence[str]
    image: str
    limits: ContainerLimits = field(default_factory=ContainerLimits)
    serving: dict[str, Any] | None = None
    bases: Path | None = None
    start_seconds: float = 60.0


class Container:
    """A container that runs, owned by this process: it ends when this process does, however that dies.

    Its main program is one worker of a server. That gets what it serves, and its token, as the first line of its
    standard input, so that no inspection of the container shows the token; and it ends when its input closes.

    Args:
        handle: The SDK's container.
        folder: Where its sockets are.
        token: Of its control plane.
        line: Its standard input, kept open as long as it should live.
    """

    def __init__(self, handle: Any, folder: RunFolder, token: str, line: Any) -> None:
        self._handle, self._folder, self.token, self._line = handle, folder, token, line

    @property
    def name(self) -> str:
        """Its name."""
        return self._handle.name

    @property
    def address(self) -> str:
        """Where it serves."""
        return f"unix:{self._folder.sockets}"

    @classmethod
    def start(cls, engine: Engine, spec: ContainerSpec) -> "Container":
        """Start one, and wait until it serves.

        Raises:
            SandboxError: It does not start, or ends at once; with what it said.
        """
        folder, token = RunFolder.make(), secrets.token_urlsafe(32)
        container: Container | None = None
        try:
            with engine.speaking(f"start a container of '{spec.image}'"):
                handle = engine.client.containers.create(**_options(spec, folder))
                container = cls(handle, folder, token, None)
                container._line = handle.attach_socket(params={"stdin": 1, "stream": 1})
                handle.start()
                container._tell(spec)
            container._wait(spec.start_seconds)
        except BaseException:
            if container is None:
                folder.remove()
            else:
                container.remove()
            raise
        log.info("%s serves %s", container.name, ", ".join(spec.apps))
        return container

    def _tell(self, spec: ContainerSpec) -> None:
        told = {
            "apps": list(spec.apps),
            "folder": SOCKETS,
            "token": self.token,
            # The harness is another user; nobody else gets into the folder above.
            "socket_mode": 0o666,
            "limits": spec.serving or {},
        }
        _plug(self._line).sendall(json.dumps(told).encode() + b"\n")

    def _wait(self, seconds: float) -> None:
        begun = looked = time.monotonic()
        while not self.serves():
            now = time.monotonic()
            if now - looked > STATE_SECONDS:
                looked = now
                if not self.runs():
                    raise SandboxError(f"{self.name} ended before it served ({self.cause()}); it said:\n{self.words()}")
            if now - begun > seconds:
                raise SandboxError(f"{self.name} does not serve after {seconds:g} s; it said:\n{self.words()}")
            time.sleep(LOOK_SECONDS)

    def serves(self, seconds: float = 5.0) -> bool:
        """Whether its control plane answers."""
        path = self._folder.sockets / "control.sock"
        try:
            with connect(path, seconds) as plug:
                plug.sendall(HEALTH)
                return plug.recv(64).startswith(b"HTTP/1.")
        except OSError:
            return False

    def runs(self) -> bool:
        """Whether the engine says that it runs."""
        try:
            self._handle.reload()
            return self._handle.status == "running"
        except Exception:  # Removed by somebody, or the engine is gone: either way it serves no one any more.
            return False

    def cause(self) -> str:
        """Why it ended, as far as the engine knows."""
        with suppress(Exception):
            self._handle.reload()
            state: dict[str, Any] = self._handle.attrs["State"]
            if state.get("OOMKilled"):
                return f"out of memory: its limit is {self._handle.attrs['HostConfig']['Memory'] >> 20} MiB"
            if state.get("Error"):
                return str(state["Error"])
            return f"{state.get('Status')}, exit code {state.get('ExitCode')}"
        return "it is gone"

    def words(self) -> str:
        """The end of what it said."""
        try:
            return self._handle.logs(tail=60).decode("utf-8", "replace")[-WORDS:].strip() or "(nothing)"
        except Exception as error:  # The log went with it.
            return f"(its log cannot be read: {error})"

    def stop(self) -> None:
        """Let it end by itself for some seconds, then remove it."""
        self._hang_up()
        with suppress(Exception):
            self._handle.stop(timeout=STOP_SECONDS)
        self.remove()

    def remove(self) -> None:
        """Remove it and its folder at once; what is gone is no error."""
        self._hang_up()
        with suppress(Exception):
            self._handle.remove(force=True, v=True)
        remove_folder(self._folder, self._handle.client, self._handle.attrs.get("Image", ""))

    def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            with suppress(OSError):
                _plug(line).close()
                line.close()


def _plug(line: Any) -> socket.socket:
    """The socket itself: the SDK hands out a file around it, which only reads, and does not close it."""
    return getattr(line, "_sock", line)


def _options(spec: ContainerSpec, folder: RunFolder) -> dict[str, Any]:
    """What the engine is told."""
    labels = {LABEL: "1", OWNER: str(Owner.this()), FOLDER: str(folder.path), f"{LABEL}.app": " ".join(spec.apps)}
    return {
        **hardened(spec.limits, folder.sockets, spec.bases),
        "image": spec.image,
        "name": f"greenroom-{'-'.join(spec.apps).replace('+', '-')}-{secrets.token_hex(4)}",
        "entrypoint": [PYTHON, *COMMAND],
        "command": [],
        # The image's own looks where compose has the sockets; here the harness asks by itself.
        "healthcheck": {"test": ["NONE"]},
        "environment": {"GREENROOM_BASES": f"{BASES}:{BAKED}"},
        "labels": labels,
        # Not detached: its input is then closed for good when the harness that holds it is gone.
        "stdin_open": True,
        "detach": False,
    }
