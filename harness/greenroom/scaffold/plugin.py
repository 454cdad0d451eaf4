"""Making a new plugin out of the templates beside this file."""

import keyword
import re
from importlib.metadata import version
from pathlib import Path

from greenroom.errors import UsageError
from greenroom.plugins import ENVS

TEMPLATES = Path(__file__).parent / "templates"
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LONGEST = 30


def check_name(name: str) -> str:
    """The name, if an environment may be called so.

    Raises:
        UsageError: It may not; the message says why, and what would do.
    """
    if not NAME.fullmatch(name) or keyword.iskeyword(name) or len(name) > LONGEST:
        hint = suggestion(name)
        near = f"; '{hint}' would do" if hint else ""
        raise UsageError(
            f"'{name}' is no name for an environment: its tools and tables begin with it, so it takes lower-case "
            f"letters, digits and single underscores, begins with a letter, is no Python keyword, and has "
            f"{LONGEST} characters at most{near}"
        )
    if name in ENVS.names():
        raise UsageError(
            f"an environment '{name}' is installed already ({ENVS.distribution(name)}): choose another name; "
            f"taken: {', '.join(ENVS.names())}"
        )
    return name


def suggestion(name: str) -> str:
    """The nearest allowed name, or nothing where there is none."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    near = re.sub(r"[^a-z0-9]+", "_", snake).lstrip("_0123456789")[:LONGEST].strip("_")
    return f"{near}_app" if keyword.iskeyword(near) else near


def new_plugin(name: str, folder: Path | None = None) -> Path:
    """Write a plugin: a project of its own with an app, its tests and a README.

    Args:
        name: The environment's name.
        folder: Where the project goes; a folder `greenroom-NAME` here when None.

    Returns:
        The project's folder.

    Raises:
        UsageError: The name is not allowed, something is there already, or the folder cannot be written.
    """
    check_name(name)
    target = folder or Path(f"greenroom-{name.replace('_', '-')}")
    if target.is_file() or (target.is_dir() and any(target.iterdir())):
        raise UsageError(f"'{target}' is there already, and nothing is overwritten: choose another with --folder")
    values = {
        "name": name,
        "dashed": name.replace("_", "-"),
        "title": name.replace("_", " ").capitalize(),
        "version": version("greenroom"),
    }
    try:
        for source in sorted(TEMPLATES.rglob("*.tmpl")):
            _write(target / _place(source, name), source.read_text(encoding="utf-8"), values)
    except OSError as error:
        raise UsageError(f"cannot write '{target}': {error.strerror or error}") from error
    return target


def _place(source: Path, name: str) -> Path:
    """Where a template goes: `src/app.py.tmpl` is for the package, the rest lies as it is."""
    inner = source.relative_to(TEMPLATES).with_suffix("")
    return Path("src", f"greenroom_{name}", inner.name) if inner.parts[0] == "src" else inner


def _write(path: Path, text: str, values: dict[str, str]) -> None:
    for key, value in values.items():
        text = text.replace(f"%%{key}%%", value)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
