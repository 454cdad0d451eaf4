"""What commands print: tables and sentences for people, JSON for programs, one clear message for errors."""

import json
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from greenroom.errors import GreenroomError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

STDOUT = "-"
NARROW = 20
"""Columns up to this width are never wrapped."""
GAP = 2
"""Blanks between columns."""

JsonOption = Annotated[
    str | None,
    typer.Option("--json", metavar="[FILE]", help="Write the result as JSON, to FILE or else to standard output."),
]


@cache
def console() -> "Console":
    """Standard output."""
    from rich.console import Console

    return Console(highlight=False)


@cache
def errors() -> "Console":
    """Standard error."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def report(data: Any, target: str | None) -> bool:
    """Write a result as JSON if that was asked for; returns whether standard output is taken by it.

    Raises:
        UsageError: The file cannot be written.
    """
    if target is None:
        return False
    text = json.dumps(data, indent=2, ensure_ascii=False, default=str)
    if target == STDOUT:
        sys.stdout.write(text + "\n")
        return True
    path = Path(target)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write '{target}': {error.strerror or error}") from error
    return False


def with_targets(arguments: Sequence[str]) -> list[str]:
    """Command-line arguments where each `--json` has its file: `-` if none follows."""
    filled: list[str] = []
    for i, argument in enumerate(arguments):
        if argument == "--":
            return [*filled, *arguments[i:]]
        filled.append(argument)
        following = arguments[i + 1] if i + 1 < len(arguments) else None
        if argument == "--json" and (following is None or (following.startswith("-") and following != STDOUT)):
            filled.append(STDOUT)
    return filled


def table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str | None = None, spare: Sequence[str] = ()
) -> list[str]:
    """Print a table; numbers to the right, the first column (names) never broken.

    Args:
        columns: The headings.
        rows: The values.
        title: Stands above it.
        spare: Columns that are left out, the first first, until the others fit the terminal's width.

    Returns:
        What was left out.
    """
    from rich.table import Table

    cells = [[cell(value) for value in row] for row in rows]
    widths = {name: max(len(name), *(len(row[i]) for row in cells), 0) for i, name in enumerate(columns)}
    dropped = _too_many(widths, spare, console().width)
    shown = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    kept = [i for i, name in enumerate(columns) if name not in dropped]
    for i in kept:
        right = bool(cells) and all(row[i][:1].isdigit() or row[i] in ("–", "") for row in cells)
        whole = i == 0 or widths[columns[i]] <= NARROW
        shown.add_column(columns[i], justify="right" if right else "left", overflow="fold", no_wrap=whole)
    for row in cells:
        shown.add_row(*(row[i] for i in kept))
    console().print(shown)
    return dropped


def _too_many(widths: dict[str, int], spare: Sequence[str], room: int) -> list[str]:
    """Which of the spare columns must go, two blanks lying between columns."""
    left = dict(widths)
    for name in spare:
        if sum(left.values()) + GAP * (len(left) - 1) <= room:
            break
        del left[name]
    return [name for name in widths if name not in left]


def cell(value: Any) -> str:
    """A value as people read it."""
    from rich.markup import escape

    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.3f}"
    return escape(str(value))


def complain(error: GreenroomError) -> int:
    """Print one clear message; returns the exit code: 2 for bad input, 1 for everything else."""
    from rich.markup import escape

    errors().print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True)
    return 2 if isinstance(error, UsageError) else 1


@contextmanager
def progress(total: int, what: str) -> Generator[Callable[[], None]]:
    """A bar on standard error while something is done `total` times; the function moves it on by one."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors(), transient=True, disable=not errors().is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)
