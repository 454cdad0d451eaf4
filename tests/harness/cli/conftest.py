import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

POINTS = """
[greenroom.envs]
notes = support.notes:app
hollow = nowhere.at_all:app

[greenroom.simulators]
asker = support.rollouts:Asker

[greenroom.policies]
slow = support.rollouts:SlowPolicy

[greenroom.commands]
hello = support.commands:hello
greetings = support.commands:greetings
hollow = nowhere.at_all:command

[greenroom.benches]
tiny = support.commands:tiny
"""

Greenroom = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a machine on which a distribution with small plugins is installed."""
    home = tmp_path_factory.mktemp("home")
    info = home / "site" / "small_plugins-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: small-plugins\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(POINTS)
    tests = Path(__file__).parents[2]
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GREENROOM")}
    paths = os.pathsep.join([str(info.parent), str(tests), kept.get("PYTHONPATH", "")])
    return {**kept, "PYTHONPATH": paths, "XDG_CACHE_HOME": str(home / "cache"), "COLUMNS": "160"}


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
