"""Portable files of snapshots, kept without a name: no end of this process, however sudden, leaves one behind."""

import os
import tempfile
import weakref
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from greenroom.errors import SandboxBusyError

MOST = 256
"""So many are kept at once: each is an open file of this process."""
MOST_BYTES = 8 << 30
MOST_BYTES_EACH = 512 << 20
"""A container could not take a larger one in again: its /tmp has no room for it."""


class PortableFile:
    """A file that is gone when nobody refers to it any more.

    Attributes:
        path: Where this process finds it, and no other does.
    """

    def __init__(self) -> None:
        with tempfile.TemporaryFile(prefix="greenroom-snapshot-") as made:
            number = os.dup(made.fileno())
        weakref.finalize(self, os.close, number)
        self.path = Path(f"/proc/self/fd/{number}")

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.path.stat().st_size


class PortableFiles:
    """The files of snapshots that are kept on this side of a boundary.

    Args:
        most: So many at once.
        most_bytes: So many bytes of all together.
        each: So many bytes of one.
    """

    def __init__(self, most: int = MOST, most_bytes: int = MOST_BYTES, each: int = MOST_BYTES_EACH) -> None:
        self._most, self._most_bytes, self.each = most, most_bytes, each
        self._kept: dict[str, PortableFile] = {}
        self._coming = 0

    def find(self, snapshot: str) -> PortableFile | None:
        """A snapshot's file; who refers to it has it, whoever drops it meanwhile."""
        return self._kept.get(snapshot)

    @contextmanager
    def coming(self) -> Generator[PortableFile]:
        """A new file, to be filled and kept: until then it has the room of the largest.

        Raises:
            SandboxBusyError: There is no room for one more.
        """
        self._check()
        self._coming += 1
        try:
            yield PortableFile()
        finally:
            self._coming -= 1

    def _check(self) -> None:
        if len(self._kept) + self._coming >= self._most:
            raise SandboxBusyError(f"{self._most} frozen episodes are kept, the most that is allowed: release some")
        used = sum(file.size for file in self._kept.values())
        if used + (self._coming + 1) * self.each > self._most_bytes:
            raise SandboxBusyError(
                f"frozen episodes of {used >> 20} MB are kept, of {self._most_bytes >> 20} MB that are allowed: "
                "release some"
            )

    def keep(self, snapshot: str, file: PortableFile) -> None:
        """Keep what has come."""
        self._kept[snapshot] = file

    def drop(self, snapshot: str) -> None:
        """Keep a snapshot's file no longer. Unknown ones are ignored."""
        self._kept.pop(snapshot, None)

    def clear(self) -> None:
        """Keep none."""
        self._kept.clear()
