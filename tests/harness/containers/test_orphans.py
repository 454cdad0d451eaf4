"""What labels say is not believed: a container has those of its image, which are its author's, not ours."""

import io
import secrets
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from greenroom.containers.engine import Engine
from greenroom.containers.folder import RunFolder
from greenroom.containers.orphans import Found, found, left, remove_orphans
from greenroom.containers.owner import FOLDER, LABEL, OWNER
from greenroom.doctor import docker
from support.containers import need_engine
from support.killed import harness, killed

pytestmark = pytest.mark.docker
Labelled = Callable[..., Found]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return need_engine()


@pytest.fixture(scope="module")
def gone() -> str:
    """The label of a process that has ended."""
    code = "from greenroom.containers.owner import Owner; print(Owner.this())"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def labelled(engine: Engine) -> Iterator[Labelled]:
    """Makes containers of images, with nothing in them, that bring labels along."""
    made: list[str] = []

    def container(owner: str, folder: Path) -> Found:
        name = f"greenroom-test-{secrets.token_hex(4)}"
        labels = {LABEL: "1", OWNER: owner, FOLDER: str(folder)}
        changes = [f'LABEL {label}="{value}"' for label, value in labels.items()]
        engine.client.api.import_image_from_data(_nothing(), repository=name, changes=changes)
        made.append(name)
        engine.client.containers.create(name, ["/none"], name=name)
        return next(one for one in found(engine) if one.name == name)

    yield container
    for one in found(engine):
        if one.name in made:
            one.handle.remove(force=True)
    for name in made:
        engine.client.images.remove(name)


def _nothing() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("empty"))
    return file.getvalue()


def test_a_folder_that_is_no_run_folder_stays_when_its_container_goes(
    engine: Engine, labelled: Labelled, gone: str, tmp_path: Path
) -> None:
    mine = tmp_path / "greenroom-mine"
    mine.mkdir(mode=0o700)
    (mine / "work").write_text("of a year")
    with tempfile.TemporaryDirectory(prefix="greenroom-") as public:
        Path(public).chmod(0o755)
        left = [labelled(gone, folder) for folder in (mine, Path(public), Path("/"), Path("greenroom-mine"))]
        assert [one.folder for one in left] == [None] * 4
        assert {one.name for one in left} <= set(remove_orphans(engine))
        assert (mine / "work").read_text() == "of a year"
        assert Path(public).is_dir()


def test_a_run_folder_goes_with_its_container(engine: Engine, labelled: Labelled, gone: str) -> None:
    folder = RunFolder.make()
    try:
        left = labelled(gone, folder.path)
        assert left.orphan
        assert left.name in remove_orphans(engine)
        assert not folder.path.exists()
    finally:
        folder.remove()


@pytest.mark.parametrize("owner", ["nobody", "", "1/2/3"])
def test_whose_owner_cannot_be_read_is_no_orphan(engine: Engine, labelled: Labelled, owner: str) -> None:
    folder = RunFolder.make()
    try:
        one = labelled(owner, folder.path)
        assert not one.orphan
        assert one.name not in remove_orphans(engine)
        assert folder.path.is_dir()
    finally:
        folder.remove()


def test_the_run_folder_of_a_killed_harness_is_found_and_goes_without_a_container(engine: Engine) -> None:
    with harness() as (process, folder):
        assert str(folder.path) not in left(engine)
        assert str(folder.path) not in remove_orphans(engine)
        assert folder.sockets.is_dir()
        killed(process)
        (told,) = docker.orphans(engine)
        assert told.status == "problem" and str(folder.path) in told.found and "greenroom down" in told.todo
        assert str(folder.path) in remove_orphans(engine)
        assert not folder.path.exists() and str(folder.path) not in left(engine)


def test_a_run_folder_is_not_told_of_beside_its_container(engine: Engine, labelled: Labelled) -> None:
    with harness() as (process, folder):
        one = labelled(str(folder.owner), folder.path)
        assert one.name not in left(engine)
        killed(process)
        told = left(engine)
        assert one.name in told and str(folder.path) not in told
        removed = remove_orphans(engine)
        assert one.name in removed and str(folder.path) not in removed and not folder.path.exists()
