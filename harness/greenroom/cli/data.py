"""`greenroom data`: how the worlds of apps are filled."""

from pathlib import Path
from typing import Annotated

import typer

from greenroom.cli.options import SeedOption, SplitOption, WorldOption
from greenroom.cli.output import JsonOption, console, errors, report


def data(
    apps: Annotated[list[str], typer.Argument(help="Installed environments.")],
    world: WorldOption = "small",
    split: SplitOption = "train",
    seed: SeedOption = 0,
    out: Annotated[Path | None, typer.Option("--out", help="Write the page there, its picture beside it.")] = None,
    json: JsonOption = None,
) -> None:
    """Show how the data of apps is distributed: rows, activity, prices, seasons, kinds."""
    from greenroom.app import parse_size, parse_split
    from greenroom.plugins import load_app
    from greenroom.survey import Survey, survey
    from greenroom.survey_page import draw, page

    size, part, found = parse_size(world), parse_split(split), list[Survey]()
    for name in apps:
        with errors().status(f"surveying {name}, {size}"):
            found.append(survey(load_app(name), size, part, seed))
    if report([one.to_json() for one in found], json):
        return
    command = f"greenroom data {' '.join(apps)} --world {size}" + (f" --out {out}" if out else "")
    if out is None:
        console().print(page(found, command, "data.png"), markup=False, soft_wrap=True)
        return
    picture = out.with_suffix(".png")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page(found, command, picture.name), encoding="utf-8")
    draw(found, picture)
    console().print(f"wrote {out} and {picture}", markup=False)
