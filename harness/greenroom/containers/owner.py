"""Who owns a container: a process, named so that no later process can be taken for it."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path

import psutil

LABEL = "greenroom"
OWNER, FOLDER = f"{LABEL}.owner", f"{LABEL}.folder"
TOLERANCE = 1.0
"""Seconds by which two readings of one process's start may differ."""


@dataclass(frozen=True, kw_only=True)
class Owner:
    """A process on a machine since a start of that machine.

    Attributes:
        pid: Its number, which is given away again when it has ended.
        started: When it began, in seconds since the epoch: a later process of that number began later.
        boot: Which start of the machine it lives in.
        host: The machine's name: elsewhere, nobody can tell whether it lives.
    """

    pid: int
    started: float
    boot: str
    host: str

    @classmethod
    def this(cls) -> "Owner":
        """This process."""
        pid = os.getpid()
        return cls(pid=pid, started=psutil.Process(pid).create_time(), boot=boot_id(), host=socket.gethostname())

    @classmethod
    def parse(cls, text: str) -> "Owner | None":
        """Read what `str` wrote; None when it is something else."""
        try:
            pid, started, boot, host = text.split("/", 3)
            found = cls(pid=int(pid), started=float(started), boot=boot, host=host)
        except ValueError:
            return None
        return found if found.pid > 0 else None

    def __str__(self) -> str:
        return f"{self.pid}/{self.started:.2f}/{self.boot}/{self.host}"

    @property
    def lives(self) -> bool:
        """Whether it still runs; one on another machine is taken for alive."""
        if self.host != socket.gethostname():
            return True
        if self.boot != boot_id():
            return False
        try:
            process = psutil.Process(self.pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            return abs(process.create_time() - self.started) < TOLERANCE
        except psutil.NoSuchProcess:
            return False


def boot_id() -> str:
    """Which start of the machine this is."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return f"{psutil.boot_time():.0f}"
