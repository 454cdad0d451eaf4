"""Addresses of servers: a folder of unix sockets, or a TCP address."""

from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from greenroom.errors import UsageError

CONTROL, AGENT = "control.sock", "agent.sock"


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
