"""A harness that has made a run folder and not yet a container, to be killed for real."""

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from greenroom.containers.folder import RunFolder

HARNESS = """
import time
from greenroom.containers.folder import RunFolder
print(RunFolder.make().path, flush=True)
time.sleep(600)
"""


@contextmanager
def harness() -> Generator[tuple[subprocess.Popen[str], RunFolder]]:
    """A process that lives until it is killed, at the latest when the block ends; and its run folder."""
    with subprocess.Popen([sys.executable, "-c", HARNESS], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        folder = RunFolder(Path(process.stdout.readline().strip()))
        try:
            yield process, folder
        finally:
            process.kill()
            folder.remove()


def killed(process: subprocess.Popen[str]) -> None:
    """Kill it with -9, and wait until it is gone."""
    process.kill()
    process.wait(30)
