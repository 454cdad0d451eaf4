"""Building bases: populated once, cached on disk under the hash of what they are made from."""

import fcntl
import hashlib
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw

from greenroom.errors import PopulateError, WorldError
from greenroom.worlds.connection import WorldTime, prepare, run
from greenroom.worlds.layer import BaseFile, Layer
from greenroom.worlds.pages import Base, PageDatabase
from greenroom.worlds.recipe import Recipe
from greenroom.worlds.state import State
from greenroom.worlds.world import World

BUILD_CACHE_KIB = 256 * 1024
SHARED = "GREENROOM_BASES"
"""Names folders (joined as in PATH) where bases are looked for before they are built; nothing is written there."""

_VFS_NAME = "greenroom-build"
_vfs = WorldTime(_VFS_NAME, "")


def build_base(recipe: Recipe, cache_dir: Path | None = None, shared: Sequence[Path] | None = None) -> Base:
    """The base of a recipe: from the cache, or populated now.

    Safe against other processes that build the same, and against being killed at any point: a base appears under
    its name whole or not at all.

    Args:
        recipe: What it is made from.
        cache_dir: Where bases are kept; greenroom's folder in the user's cache folder when None.
        shared: Folders that are only read, such as one that a container shares with others; those named by
            GREENROOM_BASES when None.

    Raises:
        PopulateError: `populate` failed; the cause says why.
        WorldError: The folder cannot be written.
    """
    folder = cache_dir or default_cache()
    stem = f"{recipe.name}-{recipe.split}-{recipe.size}-{recipe.key()[:32]}"
    for ready in _shared() if shared is None else shared:
        if found := _find(ready, stem):
            return Base(found, recipe.schema)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        found = _find(folder, stem)
        if found is None:
            with _lock(folder / f"{stem}.lock"):
                found = _find(folder, stem) or _build(recipe, folder, stem)
    except OSError as error:
        raise WorldError(
            f"base '{recipe.name}' cannot be kept in {folder}: {error.strerror or error}; pass another cache_dir"
        ) from error
    return Base(found, recipe.schema)


def default_cache() -> Path:
    """Greenroom's folder in the user's cache folder."""
    from platformdirs import user_cache_path

    return user_cache_path("greenroom") / "bases"


def _shared() -> list[Path]:
    return [Path(folder) for folder in os.environ.get(SHARED, "").split(os.pathsep) if folder]


def _find(folder: Path, stem: str) -> BaseFile | None:
    """The cached base, if it is there and whole: its file name ends in the digest of its pages."""
    for path in folder.glob(f"{stem}-*.sqlite"):
        with suppress(WorldError):
            return _open(path)
    return None


def _open(path: Path) -> BaseFile:
    return BaseFile(path, digest=path.stem.rpartition("-")[2])


@contextmanager
def _lock(path: Path) -> Generator[None]:
    # The lock file stays: taking it away would let two processes lock two files of one name.
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(recipe: Recipe, folder: Path, stem: str) -> BaseFile:
    """Populate a scratch file, compact it, name it by its digest. Holds the lock, so leftovers are of the dead."""
    for leftover in folder.glob(f"{stem}.*.tmp*"):
        leftover.unlink()
    scratch, compact = folder / f"{stem}.{os.getpid()}.tmp", folder / f"{stem}.{os.getpid()}.tmp2"
    try:
        _populate(recipe, scratch, compact)
        with compact.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        final = folder / f"{stem}-{digest}.sqlite"
        compact.replace(final)
    finally:
        scratch.unlink(missing_ok=True)
        compact.unlink(missing_ok=True)
    return _open(final)


def _populate(recipe: Recipe, scratch: Path, compact: Path) -> None:
    world = World(PageDatabase(Scratch(scratch), recipe.schema, record=False))
    try:
        with world.transaction("world"):
            State.create(world, recipe.started, recipe.seed_text)
            recipe.schema.create(world.session.connection())
        with world.transaction("world"):
            recipe.populate(world)
        # Laid out anew, the pages depend on the rows alone, not on how they came.
        run(world.connection, "VACUUM INTO ?", (str(compact),))
    except Exception as error:
        raise PopulateError(
            f"base '{recipe.name}' ({recipe.size}, {recipe.split}, seed {recipe.seed}) could not be populated: "
            f"{type(error).__name__}: {error}"
        ) from error
    finally:
        world.close()


class Scratch:
    """A file that a base is being built in: what a world needs of its pages, without forks.

    Args:
        path: The file; made when it is not there.
    """

    touched = False

    def __init__(self, path: Path) -> None:
        self._path = path

    def connect(self) -> apsw.Connection:
        """Open it."""
        db = apsw.Connection(str(self._path), vfs=_VFS_NAME)
        run(db, "PRAGMA page_size=4096")
        prepare(db, cache_kib=BUILD_CACHE_KIB, spill=True)
        return db

    def mark(self) -> None:
        """Nothing: a build that fails is thrown away."""

    def undo(self) -> None:
        """Nothing; see `mark`."""

    def freeze(self) -> Layer:
        """Refuse.

        Raises:
            WorldError: Always.
        """
        raise WorldError("a world that is being populated cannot be frozen: build the base first")
