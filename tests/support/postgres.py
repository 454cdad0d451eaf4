"""A PostgreSQL server of the tests' own: made in a folder, reached by a socket there, gone afterwards."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

FAST = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=200 -c shared_buffers=64MB"


@contextmanager
def cluster() -> Iterator[str]:
    """The address of a server; skips the test, with the reason, where there can be none."""
    with mortal_cluster() as (address, _, _):
        yield address


@contextmanager
def mortal_cluster() -> Iterator[tuple[str, Callable[[], None], Callable[[], None]]]:
    """The address of a server, what kills it, and what starts it again; skips the test where there can be none."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'greenroom[postgres]'")
    initdb, pg_ctl = _program("initdb"), _program("pg_ctl")
    if not initdb or not pg_ctl:
        pytest.skip("no PostgreSQL server is installed: there is no initdb or no pg_ctl")
    # Not below pytest's folder: a socket's path may have 107 bytes, and PostgreSQL refuses to run as root.
    # In memory where there is such a folder: forks are copies of files.
    memory = Path("/dev/shm")
    home = Path(tempfile.mkdtemp(prefix="greenroom-pg-", dir=memory if os.access(memory, os.W_OK) else None))
    user = "nobody" if os.geteuid() == 0 else None
    if user:
        shutil.chown(home, user)
    data = str(home / "data")

    def run(*command: str) -> None:
        subprocess.run(command, user=user, check=True, stdout=subprocess.DEVNULL, cwd=home, timeout=60)

    try:
        run(initdb, "-D", data, "-A", "trust", "-U", "me", "-E", "UTF8", "--no-sync")
        options = f"-k {home} -c listen_addresses='' {FAST}"

        def start() -> None:
            run(pg_ctl, "-D", data, "-o", options, "-l", str(home / "log"), "-w", "start")

        def kill() -> None:
            pid = int((home / "data" / "postmaster.pid").read_text().split()[0])
            family = psutil.Process(pid).children(recursive=True)
            os.kill(pid, signal.SIGKILL)
            psutil.wait_procs(family, timeout=30)

        start()
        address = f"postgresql://me@/postgres?host={home}"
        yield address, kill, start
        from greenroom.worlds.postgres import Server

        Server.of(address).close()
        run(pg_ctl, "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _program(name: str) -> str | None:
    """Where a program of PostgreSQL is; Debian does not put it on the path."""
    here = shutil.which(name)
    return here or next((str(path) for path in Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), None)
