"""The sandbox in a child process, or several: a crash of the app costs time and never the harness."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from greenroom.errors import SandboxError, SandboxLostError, UsageError
from greenroom.sandboxes import warden
from greenroom.sandboxes.blocking import BlockingSandbox
from greenroom.sandboxes.remote import connected, need_serving
from greenroom.sandboxes.served import Place, ServedSandbox
from greenroom.sandboxes.specs import Setting, refuse_containers

STARTING_SECONDS = 120.0
LOOK_SECONDS = 0.02
LOG_BYTES = 4000
LONGEST_PATH = 90
"""A unix socket's path has at most 107 bytes; the longest name in the folder takes 17 of them."""


def process(argument: str, setting: Setting) -> BlockingSandbox:
    """One child process, or `process:N` of them.

    Raises:
        UsageError: N is no number from 1 to 256.
        MissingExtraError: What serves is not installed.
    """
    refuse_containers("process", setting)
    need_serving()
    if argument and not (argument.isdecimal() and 1 <= int(argument) <= 256):
        raise UsageError(f"'process:{argument}': after the colon comes how many processes, 1 to 256")
    server = ProcessServer([setting.installed], int(argument or 1), cache_dir=setting.cache_dir)
    return BlockingSandbox(ServedSandbox(setting.installed, server, connected(setting, reach=20.0)))


class ProcessServer:
    """`greenroom serve` in a child process, on unix sockets in a private folder.

    It is started when it is needed. It ends with this process, however that ends: a warden between the two watches a
    pipe, and starts it again when it is killed.

    Args:
        apps: What it serves.
        workers: How many processes it has.
        cache_dir: Where bases are cached; the user's cache folder when None.
        environment: Its environment; this process's when None. A token in it is left out: each server makes its own.
        seconds: How long it may take to come up.
    """

    def __init__(
        self,
        apps: Sequence[str],
        workers: int = 1,
        *,
        cache_dir: Path | None = None,
        environment: Mapping[str, str] | None = None,
        seconds: float = STARTING_SECONDS,
    ) -> None:
        self._apps, self._workers, self._cache_dir, self._seconds = list(apps), workers, cache_dir, seconds
        environment = os.environ if environment is None else environment
        self._environment = {name: value for name, value in environment.items() if name != "GREENROOM_TOKEN"}
        self._lock = threading.Lock()
        self._warden: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._folder = Path()
        self._starts, self._was_up = 0, False
        self._stopped = False
        self._end: Callable[[], object] = _nothing

    def up(self) -> Place:
        """Start it, unless it runs, and wait until all of its workers answer.

        Raises:
            SandboxError: It does not come up; with the last lines of its log.
        """
        with self._lock:
            if self._stopped:
                raise SandboxError(f"the server of {self._named} was stopped")
            warden = self._warden
            if warden is None or warden.poll() is not None:
                warden = self._start()
            self._wait(warden, time.monotonic() + self._seconds)
            self._was_up = True
            token = (self._folder / "token").read_text(encoding="utf-8").strip()
            return Place(
                address=f"unix:{self._folder}",
                token=token,
                start=self._starts,
                gone=lambda: warden.poll() is not None,
            )

    def down(self) -> None:
        """Stop it and its warden; its folder is removed. Stopping twice is no error."""
        with self._lock:
            self._stopped = True
            self._end()

    def log(self, most: int = LOG_BYTES) -> str:
        """What it has said of late."""
        if self._log is None or self._log.closed:
            return ""
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), most, max(0, size - most)).decode("utf-8", "replace").strip()

    @property
    def pid(self) -> int | None:
        """The warden's process, while there is one."""
        return self._warden.pid if self._warden is not None and self._warden.poll() is None else None

    @property
    def _named(self) -> str:
        return ", ".join(self._apps)

    def _start(self) -> "subprocess.Popen[bytes]":
        self._end()
        self._folder = Path(tempfile.mkdtemp(prefix="greenroom-"))
        if len(os.fsencode(self._folder)) > LONGEST_PATH:
            self._folder.rmdir()
            raise UsageError(f"'{self._folder}' is too long a path for unix sockets: set TMPDIR to a shorter one")
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - it is read as long as the server runs
        self._warden = subprocess.Popen(
            self._command(), stdin=subprocess.PIPE, stdout=self._log, stderr=self._log, env=self._environment
        )
        self._starts += 1
        self._end = weakref.finalize(self, _end, self._warden, self._folder, self._log)
        return self._warden

    def _command(self) -> list[str]:
        serve = [sys.executable, "-m", "greenroom.cli.main", "serve", *self._apps, "--dir", str(self._folder)]
        serve += ["--workers", str(self._workers)]
        serve += ["--cache-dir", str(self._cache_dir)] if self._cache_dir else []
        return [sys.executable, "-S", "-P", warden.__file__, str(self._folder), *serve]

    def _wait(self, warden: "subprocess.Popen[bytes]", until: float) -> None:
        names = [f"control.{number}.sock" if number else "control.sock" for number in range(self._workers)]
        while not all(_answers(self._folder / name) for name in names):
            code, late = warden.poll(), time.monotonic() > until
            if code is not None or late:
                what = f"did not come up in {self._seconds:g} s" if late else f"ended with {code}"
                error = f"the server of {self._named} {what}. Its log ends so:\n{self.log()}"
                self._end()
                # One that was up before may be up again at the next try.
                raise SandboxLostError(error) if self._was_up else SandboxError(error)
            time.sleep(LOOK_SECONDS)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as asked:
        try:
            asked.connect(str(path))
        except OSError:
            return False
        return True


def _nothing() -> None:
    """Nothing was started yet."""


def _end(process: "subprocess.Popen[bytes]", folder: Path, log: IO[bytes]) -> None:
    """Have a warden end its server and itself, and see to it that it does."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(warden.GRACE_SECONDS + 5)
    except subprocess.TimeoutExpired:
        process.kill()  # Its server dies with it, and the workers with that.
        process.wait()
    shutil.rmtree(folder, ignore_errors=True)
    log.close()
