"""The house keeps its own rules."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

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
