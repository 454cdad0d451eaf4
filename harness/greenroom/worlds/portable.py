"""Snapshots as files: one portable file with all that it takes, or a plain SQLite database.

The portable file, all numbers in the header's JSON:

    a line of JSON, padded with blanks to one page: format, base digest, sizes, page id, digest of the delta
    the base, page by page
    the delta: each page's number (8 bytes, big endian), then the page
    SHA-256 of the header
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from greenroom.errors import SnapshotError, WorldError
from greenroom.worlds.layer import PAGE, SHIFT, BaseFile, Layer

MAGIC = "greenroom snapshot"
FORMAT = 1
_RECORD = PAGE + 8
_FIELDS = {"magic": str, "format": int, "base": str, "base_size": int, "size": int, "pages": int, "page_id": str}
_BLOCK = 1 << 20


def save(layer: Layer, path: Path) -> None:
    """Write a layer and its base as one portable file."""
    header = _header(layer)
    with _replacing(path) as file:
        file.write(header)
        file.write(layer.base.view)
        file.writelines(_records(layer))
        file.write(hashlib.sha256(header).digest())


class Image:
    """A portable file that lies nowhere: any stretch of its bytes, made when it is asked for.

    Args:
        layer: What it holds.
    """

    def __init__(self, layer: Layer) -> None:
        self._layer, self._header, self._numbers = layer, _header(layer), list(layer.delta)
        self._tail = PAGE + layer.base.size
        self._seal = self._tail + len(self._numbers) * _RECORD
        self.size = self._seal + 32

    def read(self, offset: int, amount: int) -> bytes:
        """Bytes from an offset on; fewer at the end."""
        out, end = bytearray(), min(offset + amount, self.size)
        while offset + len(out) < end:
            at = offset + len(out)
            out += self._from(at)[: end - at]
        return bytes(out)

    def _from(self, at: int) -> bytes | memoryview:
        """The rest of the part that an offset lies in; of the base, a block."""
        if at < PAGE:
            return self._header[at:]
        if at < self._tail:
            return self._layer.base.view[at - PAGE : at - PAGE + _BLOCK]
        if at < self._seal:
            index, skipped = divmod(at - self._tail, _RECORD)
            number = self._numbers[index]
            return (number.to_bytes(8, "big") + self._layer.delta[number])[skipped:]
        return hashlib.sha256(self._header).digest()[at - self._seal :]


def export(layer: Layer, path: Path) -> None:
    """Write a layer as a plain SQLite file."""
    with _replacing(path) as file:
        file.writelines(layer.page(number) for number in range(layer.size >> SHIFT))


def load(path: Path) -> Layer:
    """Read a portable file; the base is mapped where it lies, not copied.

    Raises:
        SnapshotError: It is no such file, or truncated, altered, or of another format.
    """
    try:
        with path.open("rb") as file:
            header = _read_header(file, path)
            _check_length(header, path)
            _check_digests(file, header, path)
            base = BaseFile(path, header["base"], offset=PAGE, size=header["base_size"], trusted=False)
            pages = dict(_read_records(file, header))
            _check_pages(pages, header, path)
    except WorldError as error:
        raise error if isinstance(error, SnapshotError) else SnapshotError(str(error)) from error
    layer = Layer(base, pages, header["size"], min(header["size"], base.size))
    if layer.page_id != header["page_id"]:
        raise SnapshotError(f"{path} was altered: its pages are not those it was saved with; get it again")
    return layer


def _header(layer: Layer) -> bytes:
    header = {
        "magic": MAGIC,
        "format": FORMAT,
        "base": layer.base.digest,
        "base_size": layer.base.size,
        "size": layer.size,
        "pages": len(layer.delta),
        "page_id": layer.page_id,
    }
    return json.dumps(header).encode().ljust(PAGE - 1) + b"\n"


def _records(layer: Layer) -> Iterable[bytes]:
    for number, page in layer.delta.items():
        yield number.to_bytes(8, "big")
        yield page


def _read_header(file: IO[bytes], path: Path) -> dict[str, Any]:
    try:
        header: Any = json.loads(file.read(PAGE))
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict) or header.get("magic") != MAGIC:  # pyright: ignore[reportUnknownMemberType]
        raise SnapshotError(f"{path} is no snapshot of greenroom: `snapshot.save()` writes one")
    found: dict[str, Any] = header  # pyright: ignore[reportUnknownVariableType]
    if found.get("format") != FORMAT:
        raise SnapshotError(
            f"{path} has format {found.get('format')!r}, but this greenroom reads format {FORMAT}: "
            "load it with the greenroom that saved it"
        )
    for name, kind in _FIELDS.items():
        if type(found.get(name)) is not kind or (kind is int and found[name] < 0):
            raise SnapshotError(f"{path} was altered: its header has {name} = {found.get(name)!r}")
    return found


def _check_length(header: dict[str, Any], path: Path) -> None:
    expected = PAGE + header["base_size"] + header["pages"] * _RECORD + 32
    actual = path.stat().st_size
    if actual != expected:
        what = "truncated" if actual < expected else "altered"
        raise SnapshotError(f"{path} is {what}: it has {actual} bytes and should have {expected}; get it again")


def _check_pages(pages: dict[int, bytes], header: dict[str, Any], path: Path) -> None:
    """A file says how large its database is: what it says must follow from what it holds."""
    size = header["size"]
    last = header["base_size"] + header["pages"] * PAGE
    if (
        size % PAGE
        or not PAGE <= size <= last
        or len(pages) != header["pages"]
        or any(n << SHIFT >= size for n in pages)
    ):
        raise SnapshotError(f"{path} was altered: its header says {size} bytes, and its pages do not make those")


def _check_digests(file: IO[bytes], header: dict[str, Any], path: Path) -> None:
    digest, left = hashlib.sha256(), header["base_size"]
    while left:
        block = file.read(min(_BLOCK, left))
        digest.update(block)
        left -= len(block)
    file.seek(-32, os.SEEK_END)
    seal = file.read(32)
    file.seek(0)
    if digest.hexdigest() != header["base"] or hashlib.sha256(file.read(PAGE)).digest() != seal:
        raise SnapshotError(f"{path} was altered: its checksums do not hold; get it again")


def _read_records(file: IO[bytes], header: dict[str, Any]) -> Iterator[tuple[int, bytes]]:
    file.seek(PAGE + header["base_size"])
    for _ in range(header["pages"]):
        record = file.read(_RECORD)
        yield int.from_bytes(record[:8], "big"), record[8:]


@contextmanager
def _replacing(path: Path) -> Generator[IO[bytes]]:
    """A file that takes the place of another when it is whole, and leaves it alone otherwise."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    scratch = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
