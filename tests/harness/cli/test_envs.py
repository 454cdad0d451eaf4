"""`greenroom envs` and `greenroom new`, as they are typed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Greenroom = Callable[..., subprocess.CompletedProcess[str]]
MODULES = {
    "ends": "raise SystemExit(3)",
    "fails": "1 / 0",
    "imports": "import nowhere.at_all",
    "nothing": "app = 7",
    "renamed": "from support.notes import app",
    "bare": "\n".join(
        (
            "from sqlalchemy.orm import DeclarativeBase",
            "from greenroom import App",
            "class Base(DeclarativeBase): pass",
            "app = App('bare', models=Base, summary='Nothing yet.')",
        )
    ),
    "unready": '"""It lies elsewhere."""\nfrom greenroom.errors import UsageError\n'
    "def app(): raise UsageError('say where it is')",
    "raises": "def app(): return {}['x']",
}
PROBLEMS = {
    "ends": "(plugin_ends:app) does not load: SystemExit: 3; it came with odd 2.5: mend, reinstall or uninstall that",
    "fails": "ZeroDivisionError: division by zero",
    "imports": "ModuleNotFoundError: No module named 'nowhere'",
    "nothing": "environment 'nothing' is a int, not an App: export the App itself",
    "renamed": "environment 'renamed' is an app named 'notes': its entry point must be called so too",
    "bare": "app 'bare' has no @app.populate function: write one",
    "unready": "environment 'unready' is not ready: say where it is",
    "raises": "environment 'raises' cannot be made: KeyError: 'x'",
    "twice": "environment 'twice' comes from odd 2.5 and other 1.0: uninstall all but one",
}


def install(site: Path, package: str, version: str, points: list[str]) -> None:
    info = site / f"{package}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text("[greenroom.envs]\n" + "\n".join(points) + "\n")


def test_every_way_to_be_broken_is_explained_and_the_rest_is_listed(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    site = tmp_path / "site"
    install(site, "odd", "2.5", [*(f"{name} = plugin_{name}:app" for name in MODULES), "twice = support.notes:app"])
    install(site, "other", "1.0", ["twice = support.notes:app"])
    for name, text in MODULES.items():
        (site / f"plugin_{name}.py").write_text(text + "\n")
    paths = os.pathsep.join([str(site), environment["PYTHONPATH"]])
    command = [sys.executable, "-W", "error", "-m", "greenroom.cli.main", "envs"]
    environment = {**environment, "PYTHONPATH": paths}
    done = subprocess.run([*command, "--json"], env=environment, capture_output=True, text=True, check=True)
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    for name, problem in PROBLEMS.items():
        assert problem in rows[name]["problem"]
    for name in ("mail", "notes"):
        assert rows[name]["problem"] is None
        assert rows[name]["tools"] > 3
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert "not usable:\n" in shown
    for name, problem in PROBLEMS.items():
        assert name == "unready" or problem in shown.replace("\n", ""), name
    assert "to be set up before use:\n" in shown
    assert "- unready (odd 2.5)\n  It lies elsewhere.\n  say where it is\n" in shown


def test_what_is_installed_is_listed_with_its_version(greenroom: Greenroom, result: Callable[..., Any]) -> None:
    found = {row["name"]: row for row in result("envs")}
    assert found["notes"]["families"] == ["find_number", "replace"]
    assert found["notes"]["package"] == "small-plugins 1.0"
    assert found["mail"]["package"].startswith("greenroom ")
    assert "does not load" in found["hollow"]["problem"]
    assert "small-plugins 1.0" in greenroom("envs").stdout


def test_new_says_what_to_do_next(greenroom: Greenroom, folder: Path) -> None:
    done = greenroom("new", "help_desk")
    assert done.returncode == 0, done.stderr
    place = folder.resolve() / "greenroom-help-desk"
    assert done.stdout.splitlines()[1:] == [
        f"  pip install -e {place}",
        "  greenroom check help_desk",
        f"  pytest {place}",
    ]
    assert (folder / "greenroom-help-desk" / "src" / "greenroom_help_desk" / "app.py").exists()
    other = greenroom("new", "help_desk", "--folder", "another place")
    assert f"  pip install -e '{folder.resolve() / 'another place'}'" in other.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Help Desk"], "'help_desk' would do"),
        (["mail"], "an environment 'mail' is installed already"),
    ],
)
def test_a_bad_name_gets_one_clear_message(
    greenroom: Greenroom, folder: Path, arguments: list[str], message: str
) -> None:
    done = greenroom("new", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not list(folder.iterdir())
