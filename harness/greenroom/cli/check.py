"""`greenroom check`: proves the tasks of an app."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Annotated, Any, cast

import typer

from greenroom.cli.options import SeedOption, SplitOption, UserOption, WorldOption
from greenroom.cli.output import JsonOption, console, errors, report, table

FIGURES = {
    "family": "family",
    "len": "steps",
    "oracle": "oracle",
    "faulty": "faulty",
    "script": "scripted",
    "noop": "noop",
    "rand": "random",
    "other": "shuffled",
    "over": "excess",
    "tools": "tools",
}
"""What a row shows, under which heading."""


def check(
    app: Annotated[str, typer.Argument(help="An installed environment, or several: mail+shop.")],
    tasks: Annotated[int, typer.Option("--tasks", min=1, help="How many tasks of each family.")] = 20,
    first: Annotated[int, typer.Option("--first", min=0, help="The number of the first: long sweeps in batches.")] = 0,
    family: Annotated[list[str] | None, typer.Option("--family", help="This family only; may be repeated.")] = None,
    world: WorldOption = "small",
    split: SplitOption = "train",
    user: UserOption = "goal",
    seed: SeedOption = 0,
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
        _show(found.to_json(), found.violations)
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


def _show(data: dict[str, Any], violations: list[str]) -> None:
    rows = [[_figure(family[name]) for name in FIGURES.values()] for family in data["families"]]
    table(tuple(FIGURES), rows)
    for name, needs in data["left_out"].items():
        console().print(f"not played here: {name} needs {', '.join(needs)}", markup=False, soft_wrap=True)
    for violation in violations:
        console().print(f"- {violation}", markup=False, soft_wrap=True)
    told = f"{len(violations)} violations" if violations else "all proved"
    console().print(f"{data['app']}: {told}")


def _figure(value: Any) -> Any:
    """Of a list, its length; of a score, what matters."""
    if isinstance(value, list):
        return len(cast(list[Any], value))
    return f"{value:.3g}" if isinstance(value, float) else value
