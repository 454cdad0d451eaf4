"""Run folders: where a container and its harness meet. What a container may write is kept small and cannot be run."""

import os
import shutil
import stat
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil

PREFIX = "greenroom-"
SIZE = "size=4m,nr_inodes=128"
INNER = "s"
LONGEST = 80
"""Characters: an address of a unix socket has 108 at most, and the socket's own name is yet to come."""


class RunFolder:
    """A folder of this user's alone, with an inner one that a container of another user writes its sockets into.

    It lies in memory where there is such a place: then what a container puts there counts against the container's own
    memory. For root, the inner one is a small file system of its own, from which nothing can be executed.

    Args:
        path: An existing folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def make(cls, under: Path | None = None) -> "RunFolder":
        """Make a new one."""
        folder = cls(Path(tempfile.mkdtemp(prefix=PREFIX, dir=under or place()[0])))
        folder.sockets.mkdir()
        if os.geteuid() == 0:
            _mount(folder.sockets)
        # The folder above lets nobody in but this user.
        folder.sockets.chmod(0o777)
        return folder

    @property
    def sockets(self) -> Path:
        """The inner folder."""
        return self.path / INNER

    def remove(self) -> None:
        """Remove it with all that is in it; one that is gone is no error."""
        if self.sockets.is_mount():
            subprocess.run(["umount", "--lazy", str(self.sockets)], check=False, capture_output=True)
        shutil.rmtree(self.path, ignore_errors=True)


def is_run_folder(path: Path) -> bool:
    """Whether a folder is one that `RunFolder.make` made for this user, as far as it shows.

    Whoever names it may be somebody else, and what is a run folder will be removed with all that is in it.
    """
    if not path.name.startswith(PREFIX) or path.parent not in (place()[0], Path(tempfile.gettempdir())):
        return False
    try:
        found = path.lstat()
    except OSError:
        return False
    # A link is no folder, whatever it leads to.
    return stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o700 and found.st_uid == os.geteuid()


def place() -> tuple[Path, bool]:
    """A folder in memory that this user may write, else the one for temporary files; and whether it is in memory."""
    wanted = [os.environ.get("XDG_RUNTIME_DIR"), "/run" if os.geteuid() == 0 else None, "/dev/shm"]
    kinds = {part.mountpoint: part.fstype for part in psutil.disk_partitions(all=True)}
    for folder in wanted:
        if folder and len(folder) < LONGEST and kinds.get(folder) == "tmpfs" and os.access(folder, os.W_OK):
            return Path(folder), True
    return Path(tempfile.gettempdir()), False


def _mount(folder: Path) -> None:
    """Give a folder a file system of its own; where that is not allowed, it stays as it is."""
    options = f"nosuid,nodev,noexec,{SIZE},mode=0777"
    with suppress(OSError):
        command = ["mount", "-t", "tmpfs", "-o", options, "greenroom", str(folder)]
        subprocess.run(command, check=False, capture_output=True)
