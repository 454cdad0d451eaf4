"""Run folders: where a container and its harness meet. What a container may write is kept small and cannot be run."""

import os
import shutil
import stat
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil

from greenroom.containers.owner import Owner

PREFIX = "greenroom-"
SIZE = "size=4m,nr_inodes=128"
INNER = "s"
MARK = "owner"
"""The file that says whose a folder is. It lies beside the inner one, where no container can write."""
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
        folder = cls.bare(under or place()[0])
        try:
            folder.sockets.mkdir()
            if os.geteuid() == 0:
                _mount(folder.sockets)
            # The folder above lets nobody in but this user.
            folder.sockets.chmod(0o777)
        except BaseException:
            folder.remove()
            raise
        return folder

    @classmethod
    def bare(cls, under: Path) -> "RunFolder":
        """Make a new one without an inner one. Before anything else, it says whose it is."""
        folder = cls(Path(tempfile.mkdtemp(prefix=PREFIX, dir=under)))
        try:
            (folder.path / MARK).write_text(str(Owner.this()), encoding="utf-8")
        except BaseException:
            folder.remove()
            raise
        return folder

    @property
    def sockets(self) -> Path:
        """The inner folder."""
        return self.path / INNER

    @property
    def owner(self) -> Owner | None:
        """Who made it; None where it does not say: it may have been made just now, or by an older version."""
        try:
            # A mark that was cut short names no owner, or one on another machine: neither is gone.
            return Owner.parse((self.path / MARK).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def remove(self) -> None:
        """Remove it with all that is in it; one that is gone is no error."""
        if self.sockets.is_mount():
            subprocess.run(["umount", "--lazy", str(self.sockets)], check=False, capture_output=True)
        shutil.rmtree(self.sockets, ignore_errors=True)
        # Its mark goes last: as long as something is left, whoever comes later sees whose it was.
        if not os.path.lexists(self.sockets):
            shutil.rmtree(self.path, ignore_errors=True)


def is_run_folder(path: Path) -> bool:
    """Whether a folder is one that `RunFolder.make` made for this user, as far as it shows.

    Whoever names it may be somebody else, and what is a run folder will be removed with all that is in it.
    """
    if not path.name.startswith(PREFIX) or path.parent not in places():
        return False
    try:
        found = path.lstat()
    except OSError:
        return False
    # A link is no folder, whatever it leads to.
    return stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o700 and found.st_uid == os.geteuid()


def abandoned() -> list[RunFolder]:
    """This user's run folders whose owner is known, and gone; whether it ever came to have a container or not."""
    folders = [RunFolder(path) for place in places() for path in place.glob(f"{PREFIX}*") if is_run_folder(path)]
    return [folder for folder in folders if (owner := folder.owner) is not None and not owner.lives]


def place() -> tuple[Path, bool]:
    """A folder in memory that this user may write, else the one for temporary files; and whether it is in memory."""
    kinds = {part.mountpoint: part.fstype for part in psutil.disk_partitions(all=True)}
    for folder in _wanted():
        if len(folder) < LONGEST and kinds.get(folder) == "tmpfs" and os.access(folder, os.W_OK):
            return Path(folder), True
    return Path(tempfile.gettempdir()), False


def places() -> list[Path]:
    """All folders that run folders may be in: what was made when another place was the best lies there still."""
    return list(dict.fromkeys(Path(folder) for folder in [*_wanted(), tempfile.gettempdir()]))


def _wanted() -> list[str]:
    wanted = [os.environ.get("XDG_RUNTIME_DIR"), "/run" if os.geteuid() == 0 else None, "/dev/shm"]
    return [folder for folder in wanted if folder]


def _mount(folder: Path) -> None:
    """Give a folder a file system of its own; where that is not allowed, it stays as it is."""
    options = f"nosuid,nodev,noexec,{SIZE},mode=0777"
    with suppress(OSError):
        command = ["mount", "-t", "tmpfs", "-o", options, "greenroom", str(folder)]
        subprocess.run(command, check=False, capture_output=True)
