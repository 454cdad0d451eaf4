"""`greenroom foreign`: proves the tasks of a foreign application."""

from pathlib import Path
from typing import Annotated

import typer

from greenroom.cli.options import SeedOption, SplitOption, UserOption
from greenroom.cli.output import JsonOption, console, errors, report


def foreign(
    file: Annotated[Path, typer.Argument(help="The file of TOML that describes it; see docs/foreign.md.")],
    tasks: Annotated[int, typer.Option("--tasks", min=1, help="How many tasks of each family.")] = 1,
    family: Annotated[list[str] | None, typer.Option("--family", help="This family only; may be repeated.")] = None,
    split: SplitOption = "train",
    user: UserOption = "goal",
    seed: SeedOption = 0,
    json: JsonOption = None,
) -> None:
    """Prove tasks of a foreign application: solvable, not won by accident, reproducible. Takes a minute a task.

    Exit code: 0 when all is proved, 1 when not, 2 for bad input.
    """
    from greenroom.app import parse_split
    from greenroom.errors import UnknownNameError
    from greenroom.foreign import ContainerApp, ForeignSandbox, prove
    from greenroom.plugins import load_simulator

    part, simulator = parse_split(split), load_simulator(user)
    sandbox = ForeignSandbox(ContainerApp.load(file))
    try:
        for name in family or ():
            if name not in sandbox.families():
                raise UnknownNameError("task family", name, sandbox.families())
        names = [f"{sandbox.app}/{part}/{one}/{i}" for one in family or sandbox.families() for i in range(tasks)]
        with errors().status(f"proving {len(names)} tasks of {sandbox.app}"):
            proof = prove(sandbox, simulator, names, seed)
    finally:
        sandbox.stop()
    if not report(proof.to_json(), json):
        for violation in proof.violations:
            console().print(violation, markup=False, soft_wrap=True)
        console().print(f"{len(proof.tasks)} tasks, {len(proof.violations)} violations")
    if not proof.ok:
        raise typer.Exit(1)
