"""A fork: private pages on top of a frozen layer, which SQLite reads and writes through a file system of ours."""

import itertools
from collections.abc import Callable

import apsw

from greenroom.errors import WorldError
from greenroom.worlds.connection import WorldTime, prepare
from greenroom.worlds.layer import PAGE, SHIFT, ZERO, BaseFile, Layer

CACHE_KIB = 256
"""SQLite's page cache of one fork, at most."""

MOST_PAGES = (256 << 20) // PAGE
"""So many pages of its own may a fork have; what would need more is refused, and the world stays as it was."""

Fault = Callable[[int], None]
"""Called with the page number before each page write; what it raises is the disk's failure."""

_numbers = itertools.count(1)
_open: dict[str, "Fork"] = {}


class Fork:
    """A private, mutable database on top of a layer. One connection at a time.

    Args:
        layer: Where it starts; shared, never changed.
        fault: See `Fault`; for tests of what a failing disk does.
        cache_kib: SQLite's page cache, at most.
        most: So many pages of its own may it have.
    """

    __slots__ = ("_before", "_mark", "_origin", "base", "cache_kib", "fault", "floor", "most", "name", "pages", "size")

    def __init__(
        self, layer: Layer, fault: Fault | None = None, cache_kib: int = CACHE_KIB, most: int = MOST_PAGES
    ) -> None:
        self._origin = layer
        self.base: BaseFile = layer.base
        self.pages = layer.pages.copy()
        self.size, self.floor = layer.size, layer.floor
        self.fault, self.cache_kib, self.most = fault, cache_kib, most
        self.name = f"fork-{next(_numbers)}"
        self._before: dict[int, bytes | None] = {}
        self._mark = (self.size, self.floor)

    def connect(self) -> apsw.Connection:
        """Open the fork's one connection.

        Raises:
            WorldError: It is open already: a second one would not see the first one's cache.
        """
        if self.name in _open:
            raise WorldError(f"{self.name} is open already: one connection a fork")
        _open[self.name] = self
        try:
            db = apsw.Connection(self.name, flags=_FLAGS, vfs=_VFS_NAME)
            prepare(db, cache_kib=self.cache_kib, trusted=self.base.trusted)
        except BaseException:
            _open.pop(self.name, None)
            raise
        return db

    def freeze(self) -> Layer:
        """The pages as they are; call it between transactions.

        While they are those that the fork started from, this is the very layer, whose id is known by then: shared
        pages are compared by reference, which takes microseconds, where hashing them anew may take half of a reset.
        """
        origin = self._origin
        if (self.size, self.floor) == (origin.size, origin.floor) and self.pages == origin.pages:
            return origin
        return Layer(self.base, self.pages.copy(), self.size, self.floor)

    def mark(self) -> None:
        """Make what was written final: `undo` goes back to here."""
        if self._before:
            self._before = {}
        self._mark = (self.size, self.floor)

    @property
    def touched(self) -> bool:
        """Whether pages were written since the mark."""
        return bool(self._before) or self._mark != (self.size, self.floor)

    def undo(self) -> None:
        """Take back all page writes since the mark. The connection must be closed: its cache knows better."""
        for number, page in self._before.items():
            if page is None:
                self.pages.pop(number, None)
            else:
                self.pages[number] = page
        self.size, self.floor = self._mark
        self._before = {}

    def read(self, amount: int, offset: int) -> bytes | memoryview:
        """Bytes of the database; fewer than asked for at its end."""
        if amount == PAGE:
            page = self.pages.get(offset >> SHIFT)
            if page is not None:
                return page
            if offset < self.floor:
                return self.base.view[offset : offset + PAGE]
            return ZERO if offset < self.size else b""
        return self._read_across(amount, offset)

    def _read_across(self, amount: int, offset: int) -> bytes:
        out, end = bytearray(), min(offset + amount, self.size)
        while offset < end:
            start = offset & (PAGE - 1)
            part = self.read(PAGE, offset - start)[start : start + end - offset]
            out += part
            offset += len(part)
        return bytes(out)

    def write(self, data: bytes, offset: int) -> None:
        """Write one page.

        Raises:
            WorldError: It is not one whole page.
            FullError: The fork has too many pages of its own.
        """
        if len(data) != PAGE or offset & (PAGE - 1):
            raise WorldError(f"{self.name}: write of {len(data)} bytes at {offset} is not one {PAGE}-byte page")
        number = offset >> SHIFT
        if self.fault is not None:
            self.fault(number)
        if number not in self._before:
            before = self._before[number] = self.pages.get(number)
            if before is None and len(self.pages) >= self.most:
                raise apsw.FullError(f"{self.name} has {self.most} pages of its own, the most that is allowed")
        self.pages[number] = bytes(data)
        if offset + PAGE > self.size:
            self.size = offset + PAGE

    def truncate(self, size: int) -> None:
        """Shorten the database; the base's pages from there on are hidden for good."""
        first = size >> SHIFT
        for number in [n for n in self.pages if n >= first]:
            self._before.setdefault(number, self.pages[number])
            del self.pages[number]
        self.size, self.floor = size, min(self.floor, size)


class _ForkFile:
    """The open database file of a fork, as SQLite sees it. All names are SQLite's."""

    __slots__ = ("_fork", "xRead", "xWrite")

    def __init__(self, fork: Fork) -> None:
        self._fork = fork
        self.xRead = fork.read
        self.xWrite = fork.write

    def xTruncate(self, size: int) -> None:  # noqa: N802
        self._fork.truncate(size)

    def xFileSize(self) -> int:  # noqa: N802
        return self._fork.size

    def xSync(self, flags: int) -> bool:  # noqa: N802
        return True

    def xLock(self, level: int) -> None:  # noqa: N802
        pass

    def xUnlock(self, level: int) -> None:  # noqa: N802
        pass

    def xCheckReservedLock(self) -> bool:  # noqa: N802
        return False

    def xSectorSize(self) -> int:  # noqa: N802
        return PAGE

    def xDeviceCharacteristics(self) -> int:  # noqa: N802
        return apsw.SQLITE_IOCAP_ATOMIC4K | apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE

    def xFileControl(self, op: int, pointer: int) -> bool:  # noqa: N802
        return False

    def xClose(self) -> None:  # noqa: N802
        _open.pop(self._fork.name, None)


class _ForkVFS(WorldTime):
    """The file system in which every file is a fork of this process, and nothing else exists."""

    def xFullPathname(self, name: str) -> str:  # noqa: N802
        return name

    def xAccess(self, pathname: str, flags: int) -> bool:  # noqa: N802
        return pathname in _open

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        pass

    # apsw asks for a file's methods, not for its own class.
    def xOpen(  # noqa: N802  # pyright: ignore[reportIncompatibleMethodOverride]
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> _ForkFile:
        plain = name.filename() if isinstance(name, apsw.URIFilename) else name
        fork = _open.get(plain or "")
        if fork is None:
            raise apsw.CantOpenError(f"no file '{plain}' in a world: a world is one database, nothing beside it")
        return _ForkFile(fork)


_FLAGS = apsw.SQLITE_OPEN_READWRITE
_VFS_NAME = "greenroom"
_vfs = _ForkVFS(_VFS_NAME, "")
