import os
import subprocess
from pathlib import Path

import pytest

from greenroom.containers.folder import RunFolder


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
