import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.plugins import with_plugins

Greenroom = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a machine on which a distribution with small plugins is installed."""
    return with_plugins(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def driver(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A process that runs one command line after the other, so that Python starts once for all tests."""
    command = [sys.executable, "-W", "error", "-m", "support.driver"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True) as process:
        yield process
        assert process.stdin
        process.stdin.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the commands run."""
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def greenroom(driver: subprocess.Popen[str], folder: Path) -> Greenroom:
    """Runs a command line; `typed` is its standard input."""

    def run(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        assert driver.stdin
        assert driver.stdout
        driver.stdin.write(json.dumps({"folder": str(folder), "arguments": arguments, "typed": typed}) + "\n")
        driver.stdin.flush()
        return subprocess.CompletedProcess(arguments, **json.loads(driver.stdout.readline()))

    return run


@pytest.fixture
def result(greenroom: Greenroom) -> Callable[..., Any]:
    """Runs a command that must succeed, with `--json`; returns what it printed."""

    def run(*arguments: str) -> Any:
        done = greenroom(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
