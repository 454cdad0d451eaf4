import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from greenroom.containers.folder import MARK, RunFolder, abandoned, is_run_folder, place
from greenroom.containers.orphans import remove_abandoned
from greenroom.containers.owner import Owner
from support.killed import harness, killed


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


def paths() -> set[Path]:
    return {folder.path for folder in abandoned()}


def test_the_folder_of_a_harness_that_was_killed_before_it_had_a_container_goes_and_those_of_the_living_stay(
    made: RunFolder,
) -> None:
    with harness() as (one, left), harness() as (_, other):
        assert not {left.path, other.path, made.path} & paths()
        assert not {str(left.path), str(other.path)} & set(remove_abandoned())
        assert left.sockets.is_mount() == other.sockets.is_mount() == made.sockets.is_mount()
        killed(one)
        assert left.path in paths() and not {other.path, made.path} & paths()
        assert str(left.path) in remove_abandoned()
        assert str(left.path) not in Path("/proc/self/mounts").read_text(encoding="utf-8")
        assert not left.path.exists() and other.sockets.is_dir() and made.sockets.is_dir()
        assert str(left.path) not in remove_abandoned()


def test_a_folder_says_whose_it_is_where_no_container_can_write(made: RunFolder) -> None:
    (made.sockets / MARK).write_text("1/0.00/before/" + os.uname().nodename)
    assert str(made.owner) == str(Owner.this())
    assert made.path not in paths()


@pytest.fixture
def gone() -> str:
    """The mark of a process that has ended."""
    code = "from greenroom.containers.owner import Owner; print(Owner.this(), end='')"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_a_folder_whose_mark_is_missing_cut_short_or_of_another_machine_stays(made: RunFolder, gone: str) -> None:
    mark = made.path / MARK
    for text in ("", "nobody", gone[:-1], gone[: len(gone) // 2], str(replace(Owner.this(), host="elsewhere", pid=1))):
        mark.write_text(text)
        assert made.path not in paths(), text
    mark.write_bytes(b"\xff" * 9)
    assert made.path not in paths()
    mark.unlink()
    assert made.owner is None and made.path not in paths()
    mark.write_text(gone)
    assert made.path in paths()


def test_what_is_no_run_folder_of_this_users_stays_whatever_its_mark_says(
    made: RunFolder, gone: str, tmp_path: Path
) -> None:
    elsewhere, link = tmp_path / "greenroom-x", place()[0] / f"greenroom-link-{os.getpid()}"
    elsewhere.mkdir(mode=0o700)
    (elsewhere / MARK).write_text(gone)
    (made.path / MARK).write_text(gone)
    made.path.chmod(0o755)
    link.symlink_to(elsewhere)
    try:
        assert not {elsewhere, link, made.path} & paths()
        made.path.chmod(0o700)
        assert made.path in paths()
        if os.geteuid() == 0:
            os.chown(made.path, 10001, -1)
            assert made.path not in paths()
    finally:
        link.unlink()


def test_what_lies_where_another_place_was_the_best_is_found(
    gone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It is on disk, so no new folder is made there.
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    left = RunFolder.make(tmp_path)
    (left.path / MARK).write_text(gone)
    assert str(left.path) in remove_abandoned()
    assert not left.path.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_folder_that_cannot_be_emptied_still_says_whose_it_is(made: RunFolder, gone: str) -> None:
    if not made.sockets.is_mount():
        pytest.skip("this root may not mount")
    (made.path / MARK).write_text(gone)
    # Two lie upon each other, and one is taken off at a time.
    subprocess.run(["mount", "-t", "tmpfs", "greenroom", str(made.sockets)], check=True)
    assert str(made.path) not in remove_abandoned()
    assert made.sockets.is_mount() and made.path in paths()
    assert str(made.path) in remove_abandoned()
    assert not made.path.exists()
