"""Pages that never change: the file that a base is, and the frozen layers on top of it."""

import hashlib
import mmap
from pathlib import Path

from greenroom.errors import WorldError

PAGE = 4096
"""Bytes in a page; every base has this page size."""
SHIFT = 12
ZERO = bytes(PAGE)


class BaseFile:
    """A read-only SQLite file, mapped once: its pages are shared by all forks and, by the kernel, all processes.

    Args:
        path: The file.
        digest: SHA-256 (hexadecimal) of the pages.
        offset: Where the pages begin in the file, a multiple of the page size.
        size: Bytes of pages; up to the end of the file when None.
        trusted: False for what came from outside: SQLite then checks every page that it parses.

    Raises:
        WorldError: The file holds no SQLite database of 4,096-byte pages in rollback mode.
    """

    def __init__(
        self, path: Path, digest: str, *, offset: int = 0, size: int | None = None, trusted: bool = True
    ) -> None:
        self.path, self.digest, self.trusted = path, digest, trusted
        with path.open("rb") as file:
            length = path.stat().st_size - offset if size is None else size
            if length < PAGE or length % PAGE:
                raise WorldError(f"{path} is no base: {length} bytes are no whole number of {PAGE}-byte pages")
            self._map = mmap.mmap(file.fileno(), length, prot=mmap.PROT_READ, offset=offset)
        self.size = length
        self.view = memoryview(self._map)
        self._check_header()

    def _check_header(self) -> None:
        header = bytes(self.view[:100])
        if header[:16] != b"SQLite format 3\0" or int.from_bytes(header[16:18], "big") != PAGE:
            raise WorldError(f"{self.path} is no base: it is not an SQLite file of {PAGE}-byte pages")
        if header[18:20] != b"\1\1":
            raise WorldError(f"{self.path} is no base: it is in WAL mode; a base must use a rollback journal")
        pages = int.from_bytes(header[28:32], "big")
        if pages * PAGE != self.size:
            raise WorldError(f"{self.path} is damaged: it says {pages} pages and has {self.size // PAGE}")


class Layer:
    """A frozen table of pages on top of a base: all that there is to a snapshot.

    Args:
        base: What lies under it.
        pages: The pages that were written, by number; not copied, must not change any more.
        size: Bytes of the whole database.
        floor: Base pages from this byte on are hidden: the database was once as short as that.
    """

    __slots__ = ("_delta", "_page_id", "base", "floor", "pages", "size")

    def __init__(self, base: BaseFile, pages: dict[int, bytes], size: int, floor: int) -> None:
        self.base, self.pages, self.size, self.floor = base, pages, size, floor
        self._delta: dict[int, bytes] | None = None
        self._page_id: str | None = None

    @classmethod
    def bottom(cls, base: BaseFile) -> "Layer":
        """The base as it is."""
        return cls(base, {}, base.size, base.size)

    @property
    def delta(self) -> dict[int, bytes]:
        """The canonical difference to the base, by page number, ascending.

        Pages that were rewritten with what the base has are left out; what lies hidden or was never written
        is zeros. So two histories that end in the same database have the same delta.
        """
        if self._delta is None:
            view, common = self.base.view, min(self.size, self.base.size)
            numbers = {n for n in self.pages if n << SHIFT < common}
            numbers.update(range(self.floor >> SHIFT, self.size >> SHIFT))
            found = {n: self.pages.get(n, ZERO) for n in sorted(numbers)}
            self._delta = {
                n: page
                for n, page in found.items()
                if n << SHIFT >= common or bytes(view[n << SHIFT : (n + 1) << SHIFT]) != page
            }
        return self._delta

    @property
    def page_id(self) -> str:
        """SHA-256 of the base's digest, the size and the delta."""
        if self._page_id is None:
            digest = hashlib.sha256(f"greenroom pages 1 {self.base.digest} {self.size}\n".encode())
            for number, page in self.delta.items():
                digest.update(number.to_bytes(8, "big"))
                digest.update(page)
            self._page_id = digest.hexdigest()
        return self._page_id

    def page(self, number: int) -> bytes | memoryview:
        """One page of the whole database."""
        page = self.pages.get(number)
        if page is not None:
            return page
        start = number << SHIFT
        return self.base.view[start : start + PAGE] if start < self.floor else ZERO
