import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from greenroom import messages as m
from greenroom.errors import SandboxLostError
from greenroom.sandbox import StepRequest
from greenroom.wire import tokens
from greenroom.wire.client import RemoteSandbox
from greenroom.wire.line import Patience
from support.served import APP, TASK, begin, free_port

TESTS = Path(__file__).parents[2]
PATIENCE = Patience(answer=60, tries=2, connect=60)


def serve(folder: Path, *options: str) -> "subprocess.Popen[str]":
    """`greenroom serve` as people start it, up."""
    command = [sys.executable, "-m", "greenroom.cli.main", "serve", APP, "--dir", str(folder), *options]
    environment = {name: value for name, value in os.environ.items() if name != tokens.VARIABLE}
    process = subprocess.Popen(
        [*command, "--cache-dir", str(folder.parent / "bases")],
        env={**environment, "PYTHONPATH": str(TESTS)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    seen: list[str] = []
    while line := process.stderr.readline():
        seen.append(line)
        if line.startswith("serving"):
            return process
    process.communicate()
    raise AssertionError("".join(seen))


def end(process: "subprocess.Popen[str]") -> str:
    process.terminate()
    _, told = process.communicate(timeout=60)
    return told


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_workers_share_the_work_and_one_that_is_killed_is_started_again(tmp_path: Path) -> None:
    process = serve(tmp_path / "s", "--workers", "2")
    workers = psutil.Process(process.pid).children()
    assert len(workers) == 2

    async def work() -> None:
        sandbox = RemoteSandbox(f"unix:{tmp_path / 's'}", "notes", patience=PATIENCE)
        groups = [await begin(sandbox, 3, f"notes/train/find_number/{n}") for n in range(4)]
        homes = {opened[0].episode.partition(".")[0] for _, opened in groups}
        assert len(homes) == 2
        workers[0].send_signal(signal.SIGKILL)
        lost = 0
        for brief, opened in groups:
            search = [StepRequest(episode=one.episode, calls=[m.call("notes_search", word="x")]) for one in opened]
            try:
                await sandbox.step(search)
            except SandboxLostError:
                lost += 1
                again, others = await begin(sandbox, 3, brief.task)
                assert again == brief and {one.state for one in others} == {one.state for one in opened}
        assert lost == 2
        await sandbox.stop()

    try:
        asyncio.run(work())
        until(lambda: len(psutil.Process(process.pid).children()) == 2)
    finally:
        told = end(process)
    assert process.returncode == 0 and re.search(r"worker \d .* restarted", told)
    assert sorted(path.name for path in (tmp_path / "s").iterdir()) == ["lock", "token"]


def test_workers_end_when_whoever_started_them_is_killed(tmp_path: Path) -> None:
    process = serve(tmp_path / "s")
    (worker,) = psutil.Process(process.pid).children()
    process.kill()
    process.communicate()
    until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)


def test_a_folder_has_one_server_and_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    process = serve(tmp_path / "s")
    try:
        with pytest.raises(AssertionError, match="another server is serving at"):
            serve(tmp_path / "s")
        with pytest.raises(AssertionError, match="'nonsense' is no address"):
            serve(tmp_path / "t", "--tcp", "nonsense")
        (tmp_path / "u").mkdir(mode=0o755)
        (tmp_path / "u").chmod(0o755)
        with pytest.raises(AssertionError, match="open to others"):
            serve(tmp_path / "u")
    finally:
        end(process)


def test_no_token_is_on_a_command_line(tmp_path: Path) -> None:
    process = serve(tmp_path / "s")
    try:
        token = tokens.asking(tmp_path / "s")
        for one in (psutil.Process(process.pid), *psutil.Process(process.pid).children()):
            assert token not in " ".join(one.cmdline()) and token not in str(one.environ())
        assert RemoteSandbox(f"unix:{tmp_path / 's'}", "notes").app == "notes"
        assert asyncio.run(RemoteSandbox(f"unix:{tmp_path / 's'}", "notes").prepare(TASK)).task == TASK
    finally:
        end(process)


def test_a_port_alone_is_served_on_loopback_and_nowhere_else(tmp_path: Path) -> None:
    port = free_port()
    process = serve(tmp_path / "s", "--tcp", str(port))
    try:
        found = {
            connection.laddr
            for worker in psutil.Process(process.pid).children(recursive=True)
            for connection in worker.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
        }
        assert found == {("127.0.0.1", port), ("127.0.0.1", port + 1)}
    finally:
        end(process)
