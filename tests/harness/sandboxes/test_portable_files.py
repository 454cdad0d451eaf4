import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from greenroom.errors import SandboxBusyError
from greenroom.sandboxes.portable_files import PortableFile, PortableFiles

KILLED = """
import os, signal
from greenroom.sandboxes.portable_files import PortableFiles
files = PortableFiles()
with files.coming() as file:
    file.path.write_bytes(b"x" * 10_000)
    files.keep("a", file)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def filled(files: PortableFiles, snapshot: str, size: int) -> Path:
    """Keep a file; returns where it is."""
    with files.coming() as file:
        file.path.write_bytes(b"x" * size)
        files.keep(snapshot, file)
    return file.path


def test_a_file_is_written_and_read_as_often_as_one_likes() -> None:
    file = PortableFile()
    for text in ("first and longer", "second"):
        file.path.write_text(text)
        assert file.path.read_text() == file.path.read_text() == text
        assert file.size == len(text)


def test_who_refers_to_a_file_has_it_when_it_is_dropped_and_then_it_is_gone() -> None:
    files = PortableFiles()
    path = filled(files, "a", 3)
    held = files.find("a")
    files.drop("a")
    files.drop("nobody")
    assert files.find("a") is None
    assert held is not None and held.path.read_text() == "xxx"
    del held
    assert not path.exists()


def test_what_is_cleared_is_gone() -> None:
    files = PortableFiles()
    paths = [filled(files, name, 3) for name in "abc"]
    assert all(path.exists() for path in paths)
    files.clear()
    assert files.find("b") is None and not any(path.exists() for path in paths)


def test_no_more_files_are_kept_than_allowed_and_none_that_failed() -> None:
    files = PortableFiles(most=2)
    with pytest.raises(ZeroDivisionError), files.coming():
        raise ZeroDivisionError
    filled(files, "a", 1)
    filled(files, "b", 1)
    with pytest.raises(SandboxBusyError, match="2 frozen episodes are kept"), files.coming():
        pass
    files.drop("a")
    filled(files, "c", 1)


def test_there_is_room_for_the_largest_file_before_one_comes() -> None:
    files = PortableFiles(most_bytes=5 << 20, each=2 << 20)
    filled(files, "a", 1 << 20)
    with (
        files.coming(),
        files.coming(),
        pytest.raises(SandboxBusyError, match="1 MB are kept, of 5 MB"),
        files.coming(),
    ):
        pass
    filled(files, "b", 2 << 20)
    filled(files, "c", 0)


def test_a_process_that_is_killed_leaves_no_file(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED], env={**os.environ, "TMPDIR": str(tmp_path)}, check=False)
    assert done.returncode == -signal.SIGKILL
    assert list(tmp_path.iterdir()) == []
