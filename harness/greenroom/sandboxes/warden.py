"""The warden: runs a server for a harness, starts it again when it is killed, and lets neither outlive the other.

Run as a script, with the server's folder and command as arguments; it imports nothing of greenroom, so that it starts
in a moment and weighs little. When its standard input closes, because the harness asks for it so or because the
harness is gone, however it died, it ends the server and removes its folder. A server that ends by itself has
something to say, and is not started again: the warden ends with its exit code.
"""

import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import NoReturn

GRACE_SECONDS = 12.0
LOOK_SECONDS = 0.2
SOUND_SECONDS = 10.0
DEATHS = 5
"""So often in a row a server may be killed within `SOUND_SECONDS` of its start."""
PR_SET_PDEATHSIG = 1


def main(folder: str, command: list[str]) -> int:
    """Run the command until it ends by itself or standard input closes; returns its exit code."""
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, ended)
    deaths = 0
    try:
        while True:
            begun = time.monotonic()
            code = run(command)
            deaths = 1 if time.monotonic() - begun > SOUND_SECONDS else deaths + 1
            if code is None or code >= 0 or deaths > DEATHS:
                return 0 if code is None else code if code >= 0 else 128 - code
            sys.stderr.write(f"the server was killed by signal {-code}: it is started again\n")
            sys.stderr.flush()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(command: list[str]) -> int | None:
    """Run a server once; returns how it ended, or None when it was ended because standard input closed."""
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=die_with_parent)
    try:
        while server.poll() is None and not closed():
            pass
        if server.poll() is not None:
            return server.returncode
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(GRACE_SECONDS)
        return None
    finally:
        # The whole group: workers whose supervisor was killed have nobody else.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def ended(number: int, _frame: object) -> NoReturn:
    """Leave in order when a signal says so: the server is ended, the folder removed."""
    sys.exit(128 + number)


def closed() -> bool:
    """Wait for a moment; returns whether standard input has closed."""
    readable, _, _ = select.select([0], [], [], LOOK_SECONDS)
    return bool(readable) and not os.read(0, 4096)


def die_with_parent() -> None:
    """Have Linux kill this process when its parent does not end in order; elsewhere nothing happens."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
