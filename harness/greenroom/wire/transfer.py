"""Snapshots over the wire: sent piece by piece, believed only when they are whole and sound."""

import asyncio
import base64
import binascii
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenroom.errors import SandboxBusyError, SandboxError, SnapshotError, UsageError
from greenroom.wire.protocol import PIECE, Limits
from greenroom.wire.room import Room
from greenroom.worlds import Snapshot, paged
from greenroom.worlds.portable import Image

_Key = tuple[str, Room, str]
"""The owner, the room and the snapshot of an upload."""


@dataclass(eq=False)
class _Upload:
    """A file that is being sent."""

    path: Path
    size: int
    content: str
    seen: float
    written: int = 0
    admitting: "asyncio.Task[Snapshot] | None" = None


class Transfers:
    """The uploads of one worker.

    Args:
        limits: How large, and how many at once.
        clock: Seconds; for uploads that nobody goes on with.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits, self._clock = limits, clock
        self._uploads: dict[_Key, _Upload] = {}

    async def take(
        self,
        owner: str,
        room: Room,
        snapshot: str,
        content: str,
        size: int,
        offset: int,
        data: str,
        may_keep: Callable[[], None],
    ) -> dict[str, Any]:
        """Take in a piece of a portable file. Pieces come in order; one that came before is passed over.

        Args:
            owner: The session that sends it.
            room: The app and the worlds that it is for.
            snapshot: The id that it is said to have.
            content: The content id that it is said to have.
            size: How large the file is said to be.
            offset: Where in it the piece begins.
            data: The piece, as base64.
            may_keep: Raises where the snapshot may not be kept after all: asked once the file is whole and sound, for
                looking at it took a while.

        Returns:
            How much is there, and whether the snapshot is admitted.

        Raises:
            UsageError: The piece is no base64, too long, or not the next one.
            SnapshotError: The file is whole, and is not what was said.
            SandboxBusyError: Too many uploads are under way.
        """
        if snapshot in room.holders:
            return {"have": size, "done": True}
        piece = _decoded(data)
        upload = self._uploads.get((owner, room, snapshot))
        if offset + len(piece) > size and (upload is None or offset == upload.written):
            raise UsageError(f"the upload was said to have {size} bytes, and this piece goes beyond them")
        if upload is None:
            if offset:
                raise UsageError(f"the next piece of this upload begins at 0, of {size} bytes")
            upload = self._begin(owner, room, snapshot, content, size)
        upload.seen = self._clock()
        if offset > upload.written:
            raise UsageError(f"the next piece of this upload begins at {upload.written}, of {upload.size} bytes")
        if (upload.size, upload.content) != (size, content):
            raise UsageError(
                f"this session sends that snapshot already, {upload.size} bytes with content {upload.content[:16]}…, "
                f"not {size} with {content[:16]}…: send another file for it in a session of its own"
            )
        if offset == upload.written:
            self._write(upload, piece)
        if upload.written < upload.size:
            return {"have": upload.written, "done": False}
        found = await self._admitted((owner, room, snapshot), upload)
        may_keep()
        room.sandbox.keep(found)
        return {"have": upload.written, "done": True}

    def _begin(self, owner: str, room: Room, snapshot: str, content: str, size: int) -> _Upload:
        if len(self._uploads) >= self._limits.uploads:
            raise SandboxBusyError(f"{len(self._uploads)} uploads are under way, the most that is allowed", 2.0)
        try:
            handle, name = tempfile.mkstemp(prefix="greenroom-upload-")
        except OSError as error:
            raise SandboxError(f"an upload cannot be kept here: {error.strerror}") from error
        os.close(handle)
        upload = self._uploads[owner, room, snapshot] = _Upload(Path(name), size, content, self._clock())
        return upload

    def _write(self, upload: _Upload, piece: bytes) -> None:
        try:
            with upload.path.open("r+b") as file:
                file.seek(upload.written)
                file.write(piece)
        except OSError as error:
            raise SandboxError(f"the upload cannot be kept here: {error.strerror}") from error
        upload.written += len(piece)

    async def _admitted(self, key: _Key, upload: _Upload) -> Snapshot:
        """Look at a file that is whole, in a thread; of requests that ask at once, one does it."""
        _, room, snapshot = key
        if upload.admitting is None:
            looking = asyncio.to_thread(room.sandbox.admit, upload.path, snapshot, upload.content)
            upload.admitting = asyncio.ensure_future(looking)
        try:
            return await asyncio.shield(upload.admitting)
        except Exception as error:
            # Where it lies here is nothing that the sender knows, or should.
            told = str(error).replace(str(upload.path), "the upload")
            raise SnapshotError(told if isinstance(error, SnapshotError) else f"no sound snapshot: {told}") from error
        finally:
            if self._uploads.get(key) is upload:  # Else it was dropped meanwhile, and may have begun anew.
                self._drop(key)

    @property
    def rooms(self) -> set[Room]:
        """What uploads are under way for."""
        return {room for _, room, _ in self._uploads}

    @property
    def owners(self) -> set[str]:
        """The sessions whose uploads are under way."""
        return {owner for owner, _, _ in self._uploads}

    def _drop(self, key: _Key) -> None:
        # What was admitted is mapped: it stays readable without a name.
        self._uploads.pop(key).path.unlink(missing_ok=True)

    def end(self, owner: str) -> None:
        """Forget the uploads of a session."""
        for key in [key for key in self._uploads if key[0] == owner]:
            self._drop(key)

    def sweep(self, before: float) -> None:
        """Forget uploads that nobody has gone on with since then."""
        for key in [key for key, upload in self._uploads.items() if upload.seen < before]:
            self._drop(key)

    def stop(self) -> None:
        """Forget all."""
        for key in list(self._uploads):
            self._drop(key)


async def give(room: Room, snapshot: str, offset: int) -> dict[str, Any]:
    """A piece of a snapshot's portable file, and what the whole is.

    Raises:
        SandboxLostError: The snapshot is not known here.
        UsageError: The offset is beyond the end.
        WorldError: It is of a backend that has no such file.
    """
    found = room.sandbox.start(snapshot)
    image = Image(paged(found).layer)
    if offset >= image.size:
        raise UsageError(f"the file of this snapshot has {image.size} bytes; there is nothing at {offset}")
    content = await asyncio.to_thread(lambda: found.content_id)
    data = base64.b64encode(image.read(offset, PIECE)).decode()
    return {"snapshot": snapshot, "content": content, "size": image.size, "offset": offset, "data": data}


def _decoded(data: str) -> bytes:
    try:
        piece = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UsageError(f"a piece of an upload is base64: {error}") from None
    if not 0 < len(piece) <= PIECE:
        raise UsageError(f"a piece of an upload has 1 to {PIECE} bytes, not {len(piece)}")
    return piece
