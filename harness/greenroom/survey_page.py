"""The data page: what surveys found, as Markdown and as one picture."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from greenroom.survey import Season, Survey

SHOWN = 6
"""So many distributions of a kind are shown of an app: those with the most rows."""


def page(surveys: Sequence[Survey], command: str, picture: str) -> str:
    """The page.

    Args:
        surveys: One an app.
        command: What it was made by.
        picture: The picture's address, as seen from the page.
    """
    parts = [
        "# Data",
        f"How the worlds are filled, read from their tables. Made by `{command}`; make it again after a change.",
        f"![Distributions of the worlds]({picture})",
    ]
    return "\n\n".join([*parts, *(part for survey in surveys for part in _section(survey))]) + "\n"


def _section(survey: Survey) -> Iterator[str]:
    total = sum(survey.tables.values())
    yield f"## {survey.app}, {survey.size}"
    listed = ", ".join(f"{name.partition('_')[2]} {count:,}" for name, count in _largest(survey.tables.items()))
    yield f"{total:,} rows in {len(survey.tables)} tables: {listed}."
    shares = sorted(survey.shares, key=lambda s: -sum(s.counts))[:SHOWN]
    yield "How unevenly rows fall to what they belong to:"
    yield _table(
        ("rows", "things", "p50", "p90", "most", "the busiest tenth has"),
        [(s.rows, f"{s.things:,}", s.p50, s.p90, f"{s.most:,}", f"{s.top_tenth:.0%}") for s in shares],
    )
    if survey.spreads:
        yield "How numbers spread (money in cents):"
        rows = [(s.column, f"{s.p5:,}", f"{s.p50:,}", f"{s.p95:,}", f"{s.most:,}") for s in survey.spreads]
        yield _table(("column", "p5", "p50", "p95", "most"), rows[: 2 * SHOWN])
    if survey.kinds:
        yield "How often what occurs:"
        kinds = sorted(survey.kinds, key=lambda k: -sum(k.counts.values()))[: 2 * SHOWN]
        yield "\n".join(f"- `{k.column}`: {_parts(k.counts)}" for k in kinds)


def _largest(items: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted(items, key=lambda item: -item[1])


def _parts(counts: dict[str, int]) -> str:
    total = sum(counts.values())
    return ", ".join(f"{name or '–'} {count / total:.0%}" for name, count in counts.items())


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def draw(surveys: Sequence[Survey], path: Path) -> None:
    """One row an app: how rows fall to things (rank against count), how numbers spread, and the months."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as any_pyplot

    pyplot: Any = any_pyplot

    figure, axes = pyplot.subplots(len(surveys), 2, figsize=(11, 3.4 * len(surveys)), squeeze=False)
    for survey, (left, right) in zip(surveys, axes, strict=True):
        for share in sorted(survey.shares, key=lambda s: -sum(s.counts))[:SHOWN]:
            left.loglog(range(1, len(share.counts) + 1), share.counts, label=share.rows)
        left.set(title=f"{survey.app}: rows of the n-th busiest", xlabel="n", ylabel="rows")
        _draw_months(right, sorted(survey.seasons, key=lambda s: -sum(s.months.values()))[:SHOWN])
        right.set(title=f"{survey.app}: rows a month", yscale="log")
        for axis in (left, right):
            if axis.lines:
                axis.legend(fontsize=7)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80, metadata={"Software": None})
    pyplot.close(figure)


def _draw_months(axis: Any, seasons: Sequence[Season], most: int = 9) -> None:
    """All on one calendar, of which so many months are written down that they can be read."""
    months = sorted({month for season in seasons for month in season.months})
    for season in seasons:
        axis.plot([months.index(month) for month in season.months], list(season.months.values()), label=season.column)
    step = max(1, len(months) // most)
    axis.set_xticks(range(0, len(months), step), months[::step], rotation=40, ha="right")
