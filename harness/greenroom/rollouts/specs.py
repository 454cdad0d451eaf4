"""Policies by what people write: `oracle`, `sloppy:0.25`, `openai:MODEL@URL`, or the path of a checkpoint."""

import inspect
from pathlib import Path
from typing import Any

from greenroom.errors import UnknownNameError, UsageError
from greenroom.plugins import POLICIES
from greenroom.policy import Policy


def load_policy(spec: str) -> Policy:
    """The policy that a spec names: NAME or NAME:ARGUMENT of an installed one, or the path of a checkpoint.

    A name goes before a path: write `./oracle` for a checkpoint in a folder of that name.

    Raises:
        UnknownNameError: There is no such policy or path; says which there are.
        UsageError: The argument is missing, or does not fit.
        PluginError: The policy is installed but does not load.
    """
    name, _, argument = spec.partition(":")
    if name in POLICIES.names():
        return _make(name, POLICIES.load(name), argument)
    if Path(spec).exists():
        return _make("checkpoint", POLICIES.load("checkpoint"), spec)
    if "/" in spec or spec.startswith((".", "~")):
        raise _no_such_path(spec)
    known = [known for known in POLICIES.names() if known != "checkpoint"]
    raise UnknownNameError("policy", name, [*known, "the PATH of a checkpoint"])


def _make(name: str, factory: Any, argument: str) -> Policy:
    given = (argument,) if argument else ()
    try:
        inspect.signature(factory).bind(*given)
    except TypeError:
        usage = (inspect.getdoc(factory) or "").split("\n")[0]
        trouble = f"takes no argument, but got '{argument}'" if argument else "needs an argument"
        raise UsageError(f"policy '{name}' {trouble}. {usage}") from None
    return factory(*given)


def _no_such_path(spec: str) -> UsageError:
    """Says how far the path exists, and what is there."""
    path = Path(spec).expanduser()
    folder = next(parent for parent in path.parents if parent.exists())
    missing = path.relative_to(folder).parts[0]
    known = [child.name for child in folder.iterdir()] if folder.is_dir() else []
    error = UnknownNameError("file or folder", missing, known)
    return UsageError(f"no checkpoint at '{spec}': in '{folder}', {error}")
