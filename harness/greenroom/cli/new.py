"""`greenroom new`: a plugin to start from."""

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from greenroom.cli.output import console


def new(
    name: Annotated[str, typer.Argument(help="The environment's name, such as 'tickets'.")],
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Where it goes; else greenroom-NAME here.", show_default=False)
    ] = None,
) -> None:
    """Make a plugin: a project with an app, its tests and a README, that passes `greenroom check` at once."""
    from greenroom.scaffold import new_plugin

    made = new_plugin(name, folder)
    place = quote(str(made.resolve()))
    for line in (
        f"made {made}: the app is src/greenroom_{name}/app.py. Next, from any folder:",
        f"  pip install -e {place}",
        f"  greenroom check {name}",
        f"  pytest {place}",
    ):
        console().print(line, markup=False, soft_wrap=True)
