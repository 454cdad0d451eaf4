"""Reports of benchmarks: one JSON object, or tables for people."""

import os
import platform
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

Sense = Literal["at most", "at least"]
Row = dict[str, Any]
PACKAGES = ("greenroom", "apsw", "psycopg", "SQLAlchemy", "pydantic", "Faker", "torch", "transformers")


@dataclass(frozen=True)
class Bar:
    """A figure and the limit that it is held against.

    Attributes:
        name: What was measured.
        value: The figure; None where it could not be measured here.
        unit: Its unit, such as "ms", "GB" or "x" for a ratio.
        limit: The bar that was set.
        sense: On which side of the limit the figure should be.
    """

    name: str
    value: float | None
    unit: str
    limit: float
    sense: Sense

    @property
    def holds(self) -> bool:
        """Whether the figure is on the right side; what was not measured does not hold."""
        if self.value is None:
            return False
        return self.value <= self.limit if self.sense == "at most" else self.value >= self.limit

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "limit": self.limit,
            "sense": self.sense,
            "holds": self.holds,
        }


def at_most(name: str, value: float | None, limit: float, unit: str) -> Bar:
    """A bar that the figure should not exceed."""
    return Bar(name, value, unit, limit, "at most")


def at_least(name: str, value: float | None, limit: float, unit: str) -> Bar:
    """A bar that the figure should reach."""
    return Bar(name, value, unit, limit, "at least")


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a benchmark found.

    Attributes:
        title: One line, for people.
        rows: The figures; rows of the same columns are printed as one table.
        bars: The figures that limits were set for.
        machine: Where it ran.
        versions: Of the packages that matter.
        command: What was run.
    """

    title: str
    rows: Sequence[Row]
    bars: Sequence[Bar]
    machine: dict[str, Any] = field(default_factory=lambda: machine())
    versions: dict[str, str] = field(default_factory=lambda: versions())
    command: str = field(default_factory=lambda: shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]))

    def to_json(self) -> dict[str, Any]:
        """As one JSON object."""
        return {
            "machine": self.machine,
            "versions": self.versions,
            "command": self.command,
            "rows": list(self.rows),
            "bars": [bar.to_json() for bar in self.bars],
        }

    def print(self, console: "Console") -> None:
        """Show it as tables."""
        console.print(f"[bold]{self.title}[/bold]")
        console.print(", ".join(f"{name} {value}" for name, value in self.machine.items()), style="dim")
        for rows in _alike(self.rows):
            console.print(_table(rows))
        if self.bars:
            console.print(_table([_bar_row(bar) for bar in self.bars]))


def machine() -> dict[str, Any]:
    """Where this runs: what a reader needs to judge the figures."""
    import psutil

    return {
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "processor": _processor(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def versions() -> dict[str, str]:
    """Versions of the packages that matter, those that are installed."""
    found: dict[str, str] = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _alike(rows: Sequence[Row]) -> list[list[Row]]:
    """Rows in order, those with the same columns together."""
    tables: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        tables.setdefault(tuple(row), []).append(row)
    return list(tables.values())


def _bar_row(bar: Bar) -> Row:
    verdict = "[green]holds[/green]" if bar.holds else "[red]does not hold[/red]"
    return {
        "bar": bar.name,
        "value": bar.value,
        "limit": f"{bar.sense} {_text(float(bar.limit))} {bar.unit}",
        "": verdict,
    }


def _table(rows: Sequence[Row]) -> "Table":
    from rich.table import Table

    # Headings have a word a line, and no lines stand between columns: terminals of 80 columns cut nothing off.
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for name, value in rows[0].items():
        heading = "\n".join(name.split())
        table.add_column(heading, justify="left" if isinstance(value, str) else "right", overflow="fold")
    for row in rows:
        table.add_row(*[_text(value) for value in row.values()])
    return table


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
