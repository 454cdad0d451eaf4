"""`greenroom check`: proves the tasks of an app."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Annotated, Any, cast

import typer

from greenroom.cli.options import SeedOption, SplitOption, UserOption, WorldOption
from greenroom.cli.output import JsonOption, console, errors, report, table

FIGURES = {
    "family": ("family", ""),
    "len": ("steps", "length: assistant messages of the solution"),
    "tools": ("tools", "different tools that the solutions use (--tools names them)"),
    "levels": ("levels", "tasks of level 1/2/3…: how hard they are within the family"),
    "oracle": ("oracle", "score of the task's own solution; must be 1"),
    "faulty": ("faulty", "the same under realistic faults, by a careful client with all the time it wants; must be 1"),
    "script": ("scripted", "a strong scripted agent: that client under hostile faults, within the task's own steps"),
    "noop": ("noop", "doing nothing; must be 0"),
    "over": ("excess", "the solution and one destructive act; must be below 1"),
    "other": ("shuffled", "solution of the next task of the family; at most 0.02, or one task"),
    "rand": ("random", "random calls that fit the schemas; at most 0.02"),
}
"""What a row shows, under which heading, and what that means."""
SPARE = ("rand", "other", "noop", "over", "levels", "tools")
"""What is left out first where the terminal is narrow; `--json` has it all."""


def check(
    app: Annotated[str, typer.Argument(help="An installed environment, or several: mail+shop.")],
    tasks: Annotated[int, typer.Option("--tasks", min=1, help="How many tasks of each family.")] = 20,
    first: Annotated[int, typer.Option("--first", min=0, help="The number of the first: long sweeps in batches.")] = 0,
    family: Annotated[list[str] | None, typer.Option("--family", help="This family only; may be repeated.")] = None,
    world: WorldOption = "small",
    split: SplitOption = "train",
    user: UserOption = "goal",
    seed: SeedOption = 0,
    tools: Annotated[bool, typer.Option("--tools", help="Name the tools that each family's solutions use.")] = False,
    json: JsonOption = None,
) -> None:
    """Prove a sample of an app's tasks: solvable, not won by accident, reproducible.

    Exit code: 0 when all is proved, 1 when not, 2 for bad input.
    """
    from greenroom.app import parse_size, parse_split
    from greenroom.check import check_app
    from greenroom.plugins import load_app, load_simulator

    size, part = parse_size(world), parse_split(split)
    loaded, simulator = load_app(app), load_simulator(user)
    families = tuple(family or ())
    with _progress(tasks * len(families or loaded.playable)) as on_task:
        found = check_app(
            loaded,
            simulator,
            tasks=tasks,
            first=first,
            families=families,
            size=size,
            split=part,
            seed=seed,
            on_task=on_task,
        )
    if not report(found.to_json(), json):
        _show(found.to_json(), found.violations, tools)
    if not found.ok:
        raise typer.Exit(1)


@contextmanager
def _progress(total: int) -> Generator[Callable[[str], None]]:
    """A bar on standard error, with the task and the time that is left; nothing where that is no terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=errors(), transient=True, disable=not errors().is_terminal) as progress:
        bar, begun = progress.add_task("", total=total), False

        def on_task(task: str) -> None:
            nonlocal begun
            progress.update(bar, description=task, advance=int(begun))
            begun = True

        yield on_task


def _show(data: dict[str, Any], violations: list[str], tools: bool) -> None:
    rows = [[_figure(family[name]) for name, _ in FIGURES.values()] for family in data["families"]]
    _explain(table(tuple(FIGURES), rows, spare=SPARE))
    for family in data["families"] if tools else ():
        console().print(f"{family['family']}: {', '.join(family['tools']) or 'no tools'}", markup=False, soft_wrap=True)
    for name, needs in data["left_out"].items():
        console().print(f"not played here: {name} needs {', '.join(needs)}", markup=False, soft_wrap=True)
    for violation in violations:
        console().print(f"- {violation}", markup=False, soft_wrap=True)
    told = f"{len(violations)} violations" if violations else "all proved"
    console().print(f"{data['app']}: {told}")


def _explain(dropped: list[str]) -> None:
    """The legend of the columns that are shown, and what there was no room for."""
    console().print()
    for name, (_, meaning) in FIGURES.items():
        if meaning and name not in dropped:
            console().print(f"{name:<6} {meaning}", markup=False, style="dim", soft_wrap=True)
    if dropped:
        console().print(f"left out for want of room: {', '.join(dropped)} (a wider terminal or --json)", style="dim")
    console().print()


def _figure(value: Any) -> Any:
    """Of a list, its length; of levels, how many tasks each has; of a score, what matters."""
    if isinstance(value, dict):
        levels = cast(dict[int, int], value)
        return "/".join(str(levels.get(level, 0)) for level in range(1, max(levels, default=1) + 1))
    if isinstance(value, list):
        return len(cast(list[Any], value))
    return f"{value:.3g}" if isinstance(value, float) else value
