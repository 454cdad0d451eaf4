"""The tutorial, followed to the letter: every block of docs/new-environment.md, in order, on a fresh machine."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "new-environment.md"
BLOCK = re.compile(r"```(sh|python)\n(.*?)```", re.DOTALL)
PLACES = {
    "app.py": "greenroom-rooms/src/greenroom_rooms/app.py",
    "test_app.py": "greenroom-rooms/tests/test_app.py",
    "play.py": "play.py",
}


def machine(folder: Path) -> dict[str, str]:
    """A virtual environment that sees the packages of this one, so that nothing is installed here."""
    venv.create(folder / "venv", symlinks=True, with_pip=False)
    inner = folder / "venv" / "lib" / Path(sysconfig.get_path("purelib")).parent.name / "site-packages"
    (inner / "outer.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    python = folder / "venv" / "bin" / "python"
    for name, module in {"pip": "pip", "pytest": "pytest", "greenroom": "greenroom.cli.main"}.items():
        script = python.with_name(name)
        script.write_text(f'#!/bin/sh\nexec "{python}" -m {module} "$@"\n')
        script.chmod(0o755)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GREENROOM", "PYTHONPATH", "PIP_"))}
    pip = {"PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1", "PIP_QUIET": "1"}
    path = os.pathsep.join([str(python.parent), kept["PATH"]])
    return {**kept, **pip, "PATH": path, "XDG_CACHE_HOME": str(folder / "cache"), "COLUMNS": "160"}


def run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.slow
def test_the_tutorial_leads_from_nothing_to_a_group_rollout(tmp_path: Path) -> None:
    environment = machine(tmp_path)
    work = tmp_path / "work"
    work.mkdir()
    begun: set[str] = set()
    shown = ""
    for kind, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if kind == "sh":
            shown += run(["bash", "-euc", text], work, environment)
            continue
        first, _, body = text.partition("\n")
        place = work / PLACES[first.removeprefix("# ")]
        before = place.read_text() + "\n\n" if str(place) in begun else ""
        begun.add(str(place))
        place.write_text(before + body)
        if place.name == "play.py":
            shown += run([str(tmp_path / "venv" / "bin" / "python"), str(place)], work, environment)
    assert shown.count("rooms: all proved") == 2
    assert "2 passed" in shown
    assert "rooms/test/book/" in shown
    assert begun == {str(work / place) for place in PLACES.values()}


def test_the_apps_blocks_are_formatted_as_the_house_formats(tmp_path: Path) -> None:
    blocks = [text.partition("\n")[2] for kind, text in BLOCK.findall(PAGE.read_text("utf-8")) if kind == "python"]
    app = tmp_path / "app.py"
    app.write_text("\n\n".join(block for block in blocks if "greenroom_rooms" not in block and "GroupEnv" not in block))
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent))
    assert ruff
    done = subprocess.run(
        [ruff, "format", "--isolated", "--line-length", "120", "--diff", str(app)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
