"""Addresses of servers: a folder of unix sockets, or a TCP address."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from greenroom.errors import UsageError

CONTROL, AGENT = "control.sock", "agent.sock"
LONGEST = 107
"""Bytes of a unix socket's path, at most."""


@dataclass(frozen=True)
class Address:
    """Where the control plane of one worker is reached.

    Attributes:
        folder: The folder of its unix socket; None over TCP.
        name: The name of the socket in the folder.
        host: The host, over TCP.
        port: The port, over TCP.
        prefix: What the path begins with, behind a gateway.
    """

    folder: Path | None = None
    name: str = CONTROL
    host: str = ""
    port: int = 0
    prefix: str = ""

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read `unix:DIR` or `ws://HOST:PORT[/PREFIX]`.

        Raises:
            UsageError: It is neither.
        """
        if text.startswith("unix:") and text != "unix:":
            path = Path(text.removeprefix("unix:"))
            return cls(path.parent, path.name) if path.suffix == ".sock" else cls(path)
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in ("ws", "http") or not parts.hostname or port is None:
            raise UsageError(f"'{text}' is no address of a server: unix:DIR, or ws://127.0.0.1:PORT")
        return cls(host=parts.hostname, port=port, prefix=parts.path.rstrip("/"))

    def worker(self, told: dict[str, object]) -> "Address":
        """The address of another worker of the same server, as the greeting tells it.

        Raises:
            UsageError: It is not told.
        """
        name = "control" if self.folder is not None else "control_port"
        if name not in told:
            raise UsageError(f"a worker has no '{name}'")
        if self.folder is not None:
            return replace(self, name=Path(str(told["control"])).name)
        return replace(self, port=int(str(told["control_port"])))

    @property
    def url(self) -> str:
        """For the WebSocket's handshake."""
        host = "localhost" if self.folder else f"[{self.host}]" if ":" in self.host else self.host
        return f"ws://{host}:{self.port or 80}{self.prefix}"

    def __str__(self) -> str:
        if self.folder is not None:
            return f"unix:{self.folder / self.name}"
        return f"ws://{self.host}:{self.port}{self.prefix}"


def socket_name(plane: str, worker: int) -> str:
    """The name of a worker's socket: `control.sock`, `control.1.sock` …"""
    return f"{plane}.{worker}.sock" if worker else f"{plane}.sock"


def check_folder(folder: Path, workers: int) -> None:
    """See whether the sockets of a server can be made in a folder.

    Raises:
        UsageError: The path of the last one would be too long.
    """
    longest = folder / socket_name("control", workers - 1)
    size = len(os.fsencode(longest))
    if size > LONGEST:
        raise UsageError(
            f"the path of a unix socket has {LONGEST} bytes at most, and '{longest}' has {size}: choose a --dir that "
            f"is {size - LONGEST} bytes shorter"
        )


def check_ports(port: int, workers: int) -> None:
    """See whether there are as many ports from one on as a server needs: two for each worker.

    Raises:
        UsageError: They go beyond the last.
    """
    last, most = port + 2 * workers - 1, 65535
    if last > most:
        needs = "1 worker needs" if workers == 1 else f"{workers} workers need"
        raise UsageError(
            f"{needs} the ports {port} to {last}, two for each, and {most} is the last there is: --tcp with port "
            f"{most + 1 - 2 * workers} or a lower one"
        )
