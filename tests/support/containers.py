"""A real engine and real images for tests of containers; where there is none, they are skipped and say why."""

import os
import subprocess
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from greenroom.containers.engine import Engine
from greenroom.errors import UsageError
from support.plugins import POINTS

ROOT = Path(__file__).parents[2]
NOTES = "greenroom-test-plugins"


def need_engine() -> Engine:
    """Docker, or skip the test; CI has an engine, so there it is a failure."""
    engine = Engine()
    try:
        _ = engine.client
    except UsageError as error:
        _without(str(error))
    return engine


def need_images(*names: str) -> Engine:
    """Docker, with images as the sources are now."""
    engine = need_engine()
    for name in names or ("mail",):
        if told := _built(name):
            _without(f"image '{name}' cannot be built here (see compose/base-image): {told}")
    return engine


def _without(why: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


@cache
def _built(name: str) -> str:
    """Build an image, once in a test run; returns what went wrong, or nothing."""
    done = subprocess.run([ROOT / "scripts/images", name], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"{done.stderr.strip()[-400:]}"


@cache
def plugins_image() -> str:
    """The image of an app with the tests' small plugins in it, `notes` and `parity` among them."""
    context = ROOT / "tests"
    info = "\n".join(POINTS.format(notes="support.notes:app").strip().splitlines())
    recipe = f"""
FROM greenroom-mail
COPY support /plugins/support
ENV PYTHONPATH=/plugins
USER root
RUN mkdir /plugins/small_plugins-1.0.dist-info \\
 && printf 'Metadata-Version: 2.1\\nName: small-plugins\\nVersion: 1.0\\n' > /plugins/small_plugins-1.0.dist-info/METADATA \\
 && printf '%b' '{info.encode("unicode_escape").decode()}' > /plugins/small_plugins-1.0.dist-info/entry_points.txt
USER 10001:10001
"""
    command = ["docker", "build", "--quiet", "--file", "-", "--tag", NOTES, str(context)]
    done = subprocess.run(command, input=recipe, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return NOTES


def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for something; a test that waits for what never comes fails."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not so after {seconds:g} s"
        time.sleep(0.05)
