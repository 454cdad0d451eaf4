"""`greenroom bench apps`: CPU per tool call, over all tools, on worlds of several sizes."""

import gc
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from greenroom.app import App, parse_size
from greenroom.bench.report import Bar, Report, Row, at_most
from greenroom.bench.samples import Sample, common_words, rows_of, samples
from greenroom.bench.timing import quantile
from greenroom.errors import PluginError, UnknownNameError
from greenroom.messages import call
from greenroom.plugins import ENVS, load_app
from greenroom.sandboxes.local import LocalSandbox
from greenroom.statements import counting
from greenroom.tasks import Size, Split

SPLIT = Split.TEST
COMMON_WORDS = 20
MILLION = 1_000_000


def bench(*, apps: str = "", sizes: str = "small,medium,large", calls: int = 8, repeats: int = 5) -> Report:
    """Measure CPU per tool call, searches and resets, and how they grow with the world.

    Args:
        apps: Environments, separated by commas; all that are installed and ready when empty.
        sizes: Sizes of worlds, separated by commas.
        calls: How many different calls of each tool, at most.
        repeats: How often each is measured.
    """
    chosen = [parse_size(size) for size in sizes.split(",")]
    found, left_out = ready(ENVS.names()) if not apps else ([load_app(name) for name in apps.split(",")], [])
    figures = [Figures.measured(app, size, calls, repeats) for app in found for size in chosen]
    rows: list[Row] = [*left_out, *(f.summary() for f in figures)]
    rows += [row for f in figures for row in f.rows()]
    rows += [row for name in dict.fromkeys(f.app for f in figures) for row in growth(figures, name)]
    return Report(title="Tools of apps, CPU per call", rows=rows, bars=[bar for f in figures for bar in f.bars()])


def ready(names: Sequence[str]) -> tuple[list[App], list[Row]]:
    """The installed apps that can be made here, and a row with the reason for each that cannot."""
    apps: list[App] = []
    left_out: list[Row] = []
    for name in names:
        try:
            apps.append(load_app(name))
        except (PluginError, UnknownNameError) as error:
            left_out.append({"app": name, "left out": str(error)})
    return apps, left_out


@dataclass
class ToolFigures:
    """What was measured of one tool.

    Attributes:
        tool: Its name.
        calls: How many different calls.
        times: Milliseconds of CPU, of all calls.
        statements: SQL statements of a call, at most.
        repeated: How often one statement ran within a call, at most.
    """

    tool: str
    calls: int = 0
    times: list[float] = field(default_factory=list[float])
    statements: int = 0
    repeated: int = 0

    @property
    def verb(self) -> str:
        """The first word of the function's name."""
        return self.tool.partition("_")[2].split("_")[0]


@dataclass
class Figures:
    """What was measured of one app on worlds of one size.

    Attributes:
        app: Its name.
        size: How much data.
        records: Rows of the apps' tables.
        tools: By tool.
        searches: Milliseconds of full-text searches: queries of tasks, and the commonest words.
        resets: Milliseconds of opening a fork.
    """

    app: str
    size: Size
    records: int
    tools: list[ToolFigures]
    searches: list[float]
    resets: list[float]

    @classmethod
    def measured(cls, app: App, size: Size, calls: int, repeats: int) -> "Figures":
        """Measure."""
        sandbox = LocalSandbox(app, size)
        found = samples(app, sandbox, SPLIT, calls)
        warm = next((s for name, chosen in found.items() for s in chosen if not app.tools[name].writes), None)
        tools = [_tool(app, name, chosen, warm, repeats) for name, chosen in found.items()]
        with sandbox.base(SPLIT).open() as world:
            records = rows_of(world)
        return cls(app.name, size, records, tools, _searches(app, sandbox, found, repeats), _resets(sandbox, app))

    def summary(self) -> Row:
        """The medians over the tools."""
        p50s = [median(t.times) for t in self.tools if t.times]
        return {
            "app": self.app,
            "size": str(self.size),
            "records": self.records,
            "tools": len(self.tools),
            "measured": len(p50s),
            "p50 ms": median(p50s),
            "slowest p50 ms": max(p50s),
            "search p50 ms": median(self.searches) if self.searches else None,
            "search p95 ms": quantile(self.searches, 0.95) if self.searches else None,
            "reset p50 ms": median(self.resets),
        }

    def rows(self) -> Iterator[Row]:
        """A row a tool; those without an accepted call say so."""
        for tool in sorted(self.tools, key=lambda t: -median(t.times or [0.0])):
            yield {
                "tool": tool.tool,
                "size": str(self.size),
                "calls": tool.calls,
                "p50 ms": median(tool.times) if tool.times else None,
                "p95 ms": quantile(tool.times, 0.95) if tool.times else None,
                "statements": tool.statements,
                "repeated": tool.repeated,
            }

    def bars(self) -> Iterator[Bar]:
        """The issue's bars: tools, lists and resets on medium worlds, search on large ones."""
        summary = self.summary()
        if self.size is Size.MEDIUM:
            lists = [median(t.times) for t in self.tools if t.verb == "list" and t.times]
            yield at_most(f"{self.app}: p50 over the tools", summary["p50 ms"], 1.0, "ms")
            yield at_most(f"{self.app}: slowest list", max(lists, default=None), 2.0, "ms")
            yield at_most(f"{self.app}: reset p50", summary["reset p50 ms"], 0.5, "ms")
        if self.size is Size.LARGE and self.searches:
            yield at_most(f"{self.app}: search p50 on {self.records} rows", summary["search p50 ms"], 4.0, "ms")
            yield at_most(f"{self.app}: search p95 on {self.records} rows", summary["search p95 ms"], 15.0, "ms")


def growth(figures: Sequence[Figures], app: str) -> Iterator[Row]:
    """How the median of each tool grows with the world; nothing for one size alone."""
    mine = [f for f in figures if f.app == app]
    if len(mine) < 2:
        return
    for number, tool in enumerate(mine[0].tools):
        p50s = [median(f.tools[number].times) if f.tools[number].times else None for f in mine]
        row: Row = {"growth of": tool.tool}
        row |= {f"at {f.records / mine[0].records:.0f}x": p50 for f, p50 in zip(mine, p50s, strict=True)}
        first, last = p50s[0], p50s[-1]
        yield {**row, "times": last / first if first and last else None}


def _tool(app: App, name: str, chosen: Sequence[Sample], warm: Sample | None, repeats: int) -> ToolFigures:
    figures = ToolFigures(name, len(chosen))
    for sample in chosen:
        figures.times += _timed(app, sample, warm, repeats)
        with sample.snapshot.open() as world, counting(world) as statements:
            app.call(world, sample.call)
        figures.statements = max(figures.statements, len(statements.sql))
        figures.repeated = max(figures.repeated, statements.repeated)
    return figures


def _timed(app: App, sample: Sample, warm: Sample | None, repeats: int) -> list[float]:
    """Milliseconds of CPU of a call, each on a fork of its own that has answered one other call before."""
    times: list[float] = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(repeats):
            with sample.snapshot.open() as world:
                if warm is not None:
                    app.call(world, warm.call)
                begun = time.thread_time_ns()
                app.call(world, sample.call)
                times.append((time.thread_time_ns() - begun) / MILLION)
    finally:
        gc.enable()
    return times


def _searches(app: App, sandbox: LocalSandbox, found: dict[str, list[Sample]], repeats: int) -> list[float]:
    """Full-text searches: tools whose name begins with `search` and that want one text."""
    times: list[float] = []
    base = sandbox.base(SPLIT)
    words = common_words(base, COMMON_WORDS)
    for name, chosen in found.items():
        parameters = app.tools[name].schema["function"]["parameters"]
        required = parameters.get("required", [])
        if ToolFigures(name).verb != "search" or len(required) != 1:
            continue
        if parameters["properties"][required[0]].get("type") != "string":
            continue
        common = [Sample(base, call(name, **{required[0]: word})) for word in words]
        warm = chosen[0] if chosen else None
        times += [t for sample in [*chosen, *common] for t in _timed(app, sample, warm, repeats)]
    return times


def _resets(sandbox: LocalSandbox, app: App, count: int = 200) -> list[float]:
    """Milliseconds of CPU of opening a fork of a task's start, its id proved."""
    task = f"{app.name}/{SPLIT}/{next(iter(app.playable))}/0"
    brief = sandbox.prepare(task)
    times: list[float] = []
    for _ in range(count):
        begun = time.thread_time_ns()
        (opened,) = sandbox.open(brief.snapshot, task)
        times.append((time.thread_time_ns() - begun) / MILLION)
        sandbox.close(opened.episode)
    return times
