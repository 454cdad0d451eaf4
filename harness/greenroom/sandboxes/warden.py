"""The warden: runs a server for a harness, and lets neither outlive what it should not.

Run as a script, with the server's folder and command as arguments; it imports nothing of greenroom, so that it starts
in a moment and weighs little. It ends the server and removes its folder when its standard input closes: because the
harness asks for it so, or because the harness is gone, however it died. It ends with the server's exit code when the
server ends by itself, and takes along what that has left behind.
"""

import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
from contextlib import suppress

GRACE_SECONDS = 8.0
LOOK_SECONDS = 0.2
PR_SET_PDEATHSIG = 1


def main(folder: str, command: list[str]) -> int:
    """Run the command until it ends or standard input does; returns its exit code."""
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: os.close(0))
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=die_with_parent)
    try:
        while server.poll() is None and not _closed():
            pass
        if server.poll() is None:
            server.terminate()
            with suppress(subprocess.TimeoutExpired):
                server.wait(GRACE_SECONDS)
    finally:
        # The whole group: workers whose supervisor was killed have nobody else.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)
    return server.returncode if server.returncode >= 0 else 128 - server.returncode


def _closed() -> bool:
    """Wait for a moment; returns whether standard input has closed."""
    try:
        readable, _, _ = select.select([0], [], [], LOOK_SECONDS)
        return bool(readable) and not os.read(0, 4096)
    except (OSError, ValueError):
        return True


def die_with_parent() -> None:
    """Have Linux kill this process when its parent's thread ends; elsewhere nothing happens."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
