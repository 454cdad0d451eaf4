"""A real engine and real images for tests of containers; where there is none, they are skipped and say why."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from greenroom.containers.container import PYTHON
from greenroom.containers.engine import Engine
from greenroom.errors import UsageError
from support.plugins import POINTS

ROOT = Path(__file__).parents[2]
IMAGE = "greenroom-test-plugins"
RECIPE = """
FROM greenroom-mail
COPY . /plugins
ENV PYTHONPATH=/plugins
"""


def need_engine() -> Engine:
    """Docker, or skip the test; CI has an engine, so there it is a failure."""
    engine = Engine()
    try:
        _ = engine.client
    except UsageError as error:
        without(str(error))
    return engine


def need_images(*names: str) -> Engine:
    """Docker, with images as the sources are now."""
    engine = need_engine()
    for name in names or ("mail",):
        if told := _built(name):
            without(f"image '{name}' cannot be built here (see compose/base-image): {told}")
    return engine


def without(why: str) -> None:
    """Skip the test, with the reason; CI has an engine, so there it is a failure."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


@cache
def _built(name: str) -> str:
    """Build an image, once in a test run; returns what went wrong, or nothing."""
    done = subprocess.run([ROOT / "scripts/images", name], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"{done.stderr.strip()[-400:]}"


@cache
def plugins_image(notes: str = "support.notes:app") -> str:
    """The image of an app with the tests' small plugins in it, `notes` and `parity` among them."""
    tag = f"{IMAGE}:{notes.replace(':', '-')}"
    with TemporaryDirectory() as home:
        info = Path(home) / "small_plugins-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: small-plugins\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(POINTS.format(notes=notes))
        shutil.copytree(ROOT / "tests/support", Path(home) / "support", ignore=shutil.ignore_patterns("__pycache__"))
        (Path(home) / "Dockerfile").write_text(RECIPE)
        command = ["docker", "build", "--quiet", "--tag", tag, home]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return tag


def inside(engine: Engine, name: str, code: str) -> str:
    """What Python prints in a container; an error of the system is printed by its name."""
    body = "\n".join(f"    {line}" for line in code.strip().splitlines())
    program = f"import os, errno\ntry:\n{body}\nexcept OSError as error:\n    print(errno.errorcode[error.errno])"
    done = engine.client.containers.get(name).exec_run([PYTHON, "-c", program])
    return done.output.decode().strip() or f"exit {done.exit_code}"


def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for something; a test that waits for what never comes fails."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not so after {seconds:g} s"
        time.sleep(0.05)
