"""A plugin as `greenroom new` writes it, in an image of its own."""

import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from greenroom.containers.container import PYTHON
from greenroom.scaffold import new_plugin
from support.containers import ROOT, need_images, without

pytestmark = [pytest.mark.docker, pytest.mark.slow]
NEEDED = (
    "pyproject.toml",
    "constraints.txt",
    "README.md",
    "LICENSE",
    ".dockerignore",
    "scripts/images",
    "compose/requirements",
)
FOLDERS = ("harness", "simulators", "envs", "trainer", "compose/app", "compose/wheels")


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what images are built from: a wheel of ours must not get into others' builds."""
    copy = tmp_path_factory.mktemp("clone")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.whl"))
    for name in NEEDED:
        (copy / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def image(sources: Path) -> Iterator[str]:
    engine, name = need_images("mail"), f"tickets{secrets.token_hex(2)}"
    plugin = new_plugin(name, sources.parent / f"greenroom-{name}")
    wheel = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "-w",
        str(sources / "compose/wheels"),
        str(plugin),
    ]
    made = subprocess.run(wheel, capture_output=True, text=True, check=False)
    if made.returncode:
        without(f"no wheel can be built here: {made.stderr.strip()[-300:]}")
    command = ["env", f"PLUGINS=greenroom-{name}", str(sources / "scripts/images"), name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    yield f"greenroom-{name}"
    engine.client.images.remove(f"greenroom-{name}", force=True)


def test_a_new_plugin_is_built_in_beside_the_greenroom_that_is_there(image: str) -> None:
    name = image.removeprefix("greenroom-")
    code = (
        "import importlib.metadata as m, importlib.util as u; from greenroom.plugins import load_app; "
        f"print(load_app('{name}').name, u.find_spec('matplotlib'), u.find_spec('openai'), m.version('greenroom'))"
    )
    run = ["docker", "run", "--rm", "--network", "none", "--entrypoint", PYTHON, image, "-c", code]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert done.stdout.split()[:3] == [name, "None", "None"]
