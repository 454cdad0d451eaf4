"""The house keeps its own rules."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
SOURCES = [p for folder in ("harness", "simulators", "envs", "trainer") for p in (ROOT / folder).rglob("*.py")]


def test_imports_run_one_way() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_file_is_a_wall(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 600


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_init_files_only_re_export(path: Path) -> None:
    if path.name == "__init__.py" and path.parent.name != "greenroom":
        lines = path.read_text(encoding="utf-8").splitlines()
        assert not [line for line in lines if line.startswith(("def ", "class ", "async def "))]


def test_every_entry_point_loads() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    targets = [t for group in project["entry-points"].values() for t in group.values()]
    code = "import sys, importlib\nfor t in sys.argv[1:]:\n m, a = t.split(':'); getattr(importlib.import_module(m), a)"
    subprocess.run([sys.executable, "-c", code, *targets], check=True, capture_output=True)


def test_the_readme_is_short_and_starts_with_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 150
    assert text.index("make demo") < 1200
    assert text.index("make test") < 1200


def pinned() -> set[str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    return {canonicalize_name(line.partition("==")[0]) for line in lines}


def needed(wanted: list[Requirement]) -> set[str]:
    """What is installed because of some packages, those of extras too; what torch brings depends on its build."""
    found: set[str] = set()
    seen: set[str] = set()
    while wanted:
        one = wanted.pop()
        if str(one) in seen:
            continue
        seen.add(str(one))
        try:
            lines = requires(one.name) or []
        except PackageNotFoundError:
            continue  # An extra that is not installed here.
        found.add(canonicalize_name(one.name))
        more = [Requirement(line) for line in lines if canonicalize_name(one.name) != "torch"]
        extras = one.extras or {""}
        wanted += [r for r in more if r.marker is None or any(r.marker.evaluate({"extra": e}) for e in extras)]
    return found


def test_everything_that_is_installed_is_pinned() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    found = needed([Requirement(f"greenroom[{','.join(extras)}]")]) - {"greenroom"}
    assert {"torch", "fastapi", "pytest"} <= found
    assert found - pinned() == set()


@pytest.mark.parametrize("image", ["app", "trainer"])
def test_what_builds_greenroom_is_pinned_too_also_in_images(image: str) -> None:
    backend = {
        re.split(r"[^\w-]", line)[0]
        for line in tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    }
    text = (ROOT / f"compose/{image}/Dockerfile").read_text()
    (removed,) = re.findall(r"pip uninstall --yes --quiet (.*) pip\b", text)
    assert backend <= set(removed.split())
    assert set(removed.split()) - {"setuptools"} <= pinned()
    for line in re.findall(r"pip install .*", text.replace("\\\n", "")):
        assert "-c constraints.txt" in line or "--no-deps --no-build-isolation" in line
