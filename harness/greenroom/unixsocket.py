"""Reaching a unix socket in a folder that others may write: what stands there is looked at before it is believed."""

import errno
import os
import socket
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

EXACT = hasattr(os, "O_PATH") and Path("/proc/self/fd").is_dir()
"""Whether what was looked at can be held, so that it cannot be exchanged before it is connected to: on Linux."""


@contextmanager
def socket_path(path: Path) -> Generator[str]:
    """A path that leads to the socket of this name itself, as long as the context lasts.

    A container may put a link into its folder, to a socket of the host that it cannot reach itself: the harness would
    follow it. So the name is opened without following, what was opened is looked at, and that is what the path names.

    Raises:
        OSError: There is nothing, a link, or something else that is no socket.
    """
    if not EXACT:
        _need_socket(path, os.lstat(path))
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        held = os.open(path.name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    finally:
        os.close(folder)
    try:
        _need_socket(path, os.fstat(held))
        yield f"/proc/self/fd/{held}"
    finally:
        os.close(held)


def connect(path: Path, seconds: float | None) -> socket.socket:
    """Connect to the socket of this name.

    Args:
        path: Where it is.
        seconds: How long connecting, and each reading and writing, may take; None for any time.

    Raises:
        OSError: There is no socket, or nobody answers.
    """
    plug = socket.socket(socket.AF_UNIX)
    try:
        plug.settimeout(seconds)
        with socket_path(path) as exact:
            plug.connect(exact)
    except BaseException:
        plug.close()
        raise
    return plug


def _need_socket(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISSOCK(found.st_mode):
        kind = "a link, which is not followed" if stat.S_ISLNK(found.st_mode) else "no socket"
        raise OSError(errno.ENOTSOCK, f"what is there is {kind}", str(path))
