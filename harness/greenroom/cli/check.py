"""`greenroom check`: proves the tasks of an app."""

from typing import Annotated, Any, cast

import typer

from greenroom.cli.options import SeedOption, SplitOption, UserOption, WorldOption
from greenroom.cli.output import JsonOption, console, errors, report, table

FIGURES = ("family", "oracle", "faulty", "noop", "random", "shuffled", "excess", "slips", "steps", "tools")


def check(
    app: Annotated[str, typer.Argument(help="An installed environment.")],
    tasks: Annotated[int, typer.Option("--tasks", min=1, help="How many tasks of each family.")] = 20,
    world: WorldOption = "small",
    split: SplitOption = "train",
    user: UserOption = "goal",
    seed: SeedOption = 0,
    json: JsonOption = None,
) -> None:
    """Prove a sample of an app's tasks: solvable, not won by accident, reproducible."""
    from greenroom.app import parse_size, parse_split
    from greenroom.check import check_app
    from greenroom.plugins import load_app, load_simulator

    size, part = parse_size(world), parse_split(split)
    loaded, simulator = load_app(app), load_simulator(user)
    with errors().status("checking") as status:
        found = check_app(
            loaded,
            simulator,
            tasks=tasks,
            size=size,
            split=part,
            seed=seed,
            on_task=lambda task: status.update(f"checking {task}"),
        )
    data = found.to_json()
    if not report(data, json):
        _show(data)
    if not found.ok:
        raise typer.Exit(1)


def _show(data: dict[str, Any]) -> None:
    table(FIGURES, [[_figure(family[name]) for name in FIGURES] for family in data["families"]])
    troubles = [*data["impure"], *(v for family in data["families"] for v in family["violations"])]
    for trouble in troubles:
        console().print(f"- {trouble}", markup=False, soft_wrap=True)
    console().print(f"{data['app']}: {len(troubles)} violations" if troubles else f"{data['app']}: all proved")


def _figure(value: Any) -> Any:
    """Of a list, its length."""
    return len(cast(list[Any], value)) if isinstance(value, list) else value
