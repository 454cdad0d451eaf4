"""`greenroom new` makes a plugin that works at once."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from greenroom.errors import UsageError
from greenroom.plugins import ENVS
from greenroom.scaffold import check_name, new_plugin
from greenroom.scaffold.plugin import suggestion


def files_of(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}


def run(*command: str, cwd: Path, site: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(site), "XDG_CACHE_HOME": str(site.parent / "cache")}
    python = [sys.executable, "-m"]
    return subprocess.run([*python, *command], cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_new_plugin_installs_passes_check_and_its_own_tests(tmp_path: Path) -> None:
    project, site = new_plugin("lost_keys", tmp_path / "project"), tmp_path / "site"
    pip = ("pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(site), ".")
    installed = run(*pip, cwd=project, site=site)
    assert installed.returncode == 0, installed.stderr
    checked = run("greenroom.cli.main", "check", "lost_keys", "--tasks", "10", "--json", cwd=tmp_path, site=site)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert json.loads(checked.stdout)["families"][0]["oracle"] == 1.0
    listed = run("greenroom.cli.main", "envs", "--json", cwd=tmp_path, site=site)
    row = next(r for r in json.loads(listed.stdout) if r["name"] == "lost_keys")
    assert (row["package"], row["families"], row["problem"]) == ("greenroom-lost-keys 0.1.0", ["close_item"], None)
    tested = run("pytest", "-q", "-W", "error", "-p", "no:cacheprovider", cwd=project, site=site)
    assert tested.returncode == 0, tested.stdout
    assert "4 passed" in tested.stdout


def test_a_new_plugin_is_clean_and_leaves_no_placeholder(tmp_path: Path) -> None:
    project = new_plugin("tickets", tmp_path / "project")
    assert not [name for name, text in files_of(project).items() if "%%" in text]
    ruff = [str(Path(sys.executable).parent / "ruff")]
    for arguments in (["check"], ["format", "--check", "--line-length", "120"]):
        done = subprocess.run(
            [*ruff, *arguments, "--isolated", "."], capture_output=True, text=True, check=False, cwd=project
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_first_app_fits_one_screen(tmp_path: Path) -> None:
    app = new_plugin("tickets", tmp_path / "project") / "src" / "greenroom_tickets" / "app.py"
    assert len(app.read_text().splitlines()) <= 100


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("My App", "'my_app' would do"),
        ("helpDesk", "'help_desk' would do"),
        ("help-desk", "'help_desk' would do"),
        ("2fast", "'fast' would do"),
        ("class", "'class_app' would do"),
        ("a__b", "'a_b' would do"),
        ("../evil", "'evil' would do"),
        ("x" * 31, "30 characters at most"),
        ("", "is no name for an environment"),
        ("日本", "is no name for an environment"),
    ],
)
def test_a_bad_name_is_refused_with_a_hint(tmp_path: Path, name: str, hint: str) -> None:
    with pytest.raises(UsageError, match=hint):
        new_plugin(name, tmp_path / "project")
    assert not (tmp_path / "project").exists()


@pytest.mark.parametrize("name", ["My App", "helpDesk", "2fast", "class", "../evil", "x" * 31])
def test_a_suggested_name_is_a_good_one(name: str) -> None:
    assert check_name(suggestion(name)) == suggestion(name)


def test_the_name_of_an_installed_environment_is_refused() -> None:
    with pytest.raises(
        UsageError, match=r"'mail' is installed already \(greenroom .*\): choose another name; taken: .*mail"
    ):
        check_name(ENVS.names()[ENVS.names().index("mail")])


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    project = new_plugin("tickets", tmp_path / "project")
    (project / "README.md").write_text("mine")
    before = files_of(tmp_path)
    with pytest.raises(UsageError, match="is there already, and nothing is overwritten"):
        new_plugin("tickets", project)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is there already"):
        new_plugin("tickets", tmp_path / "file")
    assert files_of(tmp_path) == before | {"file": ""}


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write"):
        new_plugin("tickets", tmp_path / "file" / "inside")
