"""Purity: apps read no wall clock and draw no unseeded randomness.

Two nets, because each has holes: the source is read for forbidden names, and calls are watched while tools run.
"""

import ast
import inspect
import os
import random
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from greenroom.app import App

FORBIDDEN_MODULES = frozenset({"random", "secrets", "uuid", "time"})
FORBIDDEN_CALLS = frozenset(
    {
        "datetime.now",
        "datetime.utcnow",
        "datetime.today",
        "date.today",
        "os.urandom",
        "hash",
    }
)
"""Matched by the last two parts of a dotted name: `dt.datetime.now` too."""
_SEEDED = frozenset({"Random"})
_FORBIDDEN_BUILTINS = frozenset({"now", "utcnow", "today", "urandom", "time", "time_ns", "monotonic", "getrandbits"})
_CLOCKS = (time.time, time.time_ns)


def read_source(files: list[Path]) -> list[str]:
    """Findings in source files: each names file, line and what stands there."""
    findings: list[str] = []
    for file in files:
        tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
        modules = _modules(tree)
        for node in ast.walk(tree):
            what = _forbidden(node, modules)
            if what:
                findings.append(f"{file.name}:{getattr(node, 'lineno', 0)}: {what}; use world.now or world.random")
    return findings


def _modules(tree: ast.AST) -> dict[str, str]:
    """The imported modules by the names that they go by in a file: `world.random` is none of them."""
    imports = [alias for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    return {alias.asname or alias.name: alias.name for alias in imports}


def _forbidden(node: ast.AST, modules: dict[str, str]) -> str | None:
    if isinstance(node, ast.ImportFrom) and node.module in FORBIDDEN_MODULES:
        names = [a.name for a in node.names if a.name not in _SEEDED]
        return f"from {node.module} import {', '.join(names)}" if names else None
    if isinstance(node, ast.Call):
        dotted = ast.unparse(node.func)
        tail = ".".join(dotted.split(".")[-2:])
        if dotted.startswith("world.") or ".world." in dotted:
            return None
        head, _, name = dotted.partition(".")
        if tail in FORBIDDEN_CALLS:
            return f"{dotted}()"
        if modules.get(head) in FORBIDDEN_MODULES and name not in _SEEDED | {""}:
            return f"{dotted}()"
    return None


@dataclass
class Watch:
    """What was called while an app ran; filled by `watching`."""

    findings: set[str] = field(default_factory=set[str])


@contextmanager
def watching(*folders: Path) -> Generator[Watch]:
    """Watch calls of clocks and generators made, at any depth, from code in some folders.

    Args:
        folders: The apps' folders; calls are blamed on the nearest frame within them.
    """
    watch = Watch()
    previous = sys.getprofile()
    sys.setprofile(_profiler(watch, tuple(map(str, folders))))
    try:
        yield watch
    finally:
        sys.setprofile(previous)


def _profiler(watch: Watch, folders: tuple[str, ...]) -> Callable[[FrameType, str, Any], None]:
    def profile(frame: FrameType, event: str, arg: Any) -> None:
        if event != "c_call" or getattr(arg, "__name__", "") not in _FORBIDDEN_BUILTINS | {"random"}:
            return
        if _is_impure(arg):
            blamed = _blame(frame, folders)
            if blamed:
                watch.findings.add(f"{blamed}: calls {arg.__qualname__}")

    return profile


def _is_impure(function: Any) -> bool:
    """A clock, the system's randomness, or the shared generator of `random`; a seeded generator is fine."""
    if function in _CLOCKS or function.__name__ in ("urandom", "now", "utcnow", "today"):
        return True
    shared = getattr(random, "_inst", None)
    return shared is not None and getattr(function, "__self__", None) is shared


def _blame(frame: FrameType | None, folders: tuple[str, ...]) -> str | None:
    """The nearest frame of the app on the stack, if the call goes straight there (not through the framework)."""
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(folders):
            return f"{Path(name).name}:{frame.f_lineno}"
        if "sqlalchemy" in name or f"{Path(__file__).parent}" in name:
            return None
        frame = frame.f_back
    return None


def folders(app: App) -> list[Path]:
    """Where an app's own code lies: the folder that holds its models, tools and families, or the one file.

    Several apps in one world have several.
    """
    return [_folder(one) for one in app.apps]


def _folder(app: App) -> Path:
    functions = [*(tool.function for tool in app.tools.values()), *app.families.values(), app.populating]
    files = {Path(inspect.getfile(made)) for made in (app.models, *map(inspect.unwrap, functions))}
    if len(files) == 1:
        (only,) = files
        return only.parent if (only.parent / "__init__.py").exists() else only
    return Path(os.path.commonpath([file.parent for file in files]))
