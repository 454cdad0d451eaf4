import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from greenroom.containers.folder import RunFolder, is_run_folder, place


def test_nobody_else_gets_into_a_run_folder_and_it_goes_with_all_that_is_in_it(tmp_path: Path) -> None:
    folder = RunFolder.make(tmp_path)
    assert folder.path.parent == tmp_path
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert folder.sockets.stat().st_mode & 0o777 == 0o777
    (folder.sockets / "left").write_text("behind")
    folder.remove()
    folder.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount; others' folders are as their file system is")
def test_what_a_container_writes_there_is_little_and_cannot_be_run(tmp_path: Path) -> None:
    folder = RunFolder.make(tmp_path)
    try:
        if not folder.sockets.is_mount():
            pytest.skip("this root may not mount")
        program = folder.sockets / "program"
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
        with pytest.raises(PermissionError):
            subprocess.run([program], check=False)
        with pytest.raises(OSError, match="No space left"):
            (folder.sockets / "large").write_bytes(bytes(8 << 20))
    finally:
        folder.remove()
    assert not folder.path.exists()


@pytest.fixture
def made() -> Iterator[RunFolder]:
    folder = RunFolder.make()
    yield folder
    folder.remove()


def test_a_run_folder_is_known_as_one_as_long_as_it_is_there(made: RunFolder) -> None:
    assert is_run_folder(made.path)
    made.remove()
    assert not is_run_folder(made.path)


def test_other_folders_are_no_run_folders(made: RunFolder, tmp_path: Path) -> None:
    elsewhere = tmp_path / "greenroom-x"
    elsewhere.mkdir(mode=0o700)
    link = place()[0] / f"greenroom-link-{os.getpid()}"
    link.symlink_to(elsewhere)
    try:
        roundabout = made.path / ".." / made.path.name / ".." / ".." / elsewhere.relative_to("/")
        for path in (elsewhere, link, roundabout, made.sockets, place()[0], Path(made.path.name), Path()):
            assert not is_run_folder(path), path
        made.path.chmod(0o755)
        assert not is_run_folder(made.path)
    finally:
        link.unlink()
