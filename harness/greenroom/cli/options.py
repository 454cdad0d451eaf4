"""Options that several commands share."""

from typing import Annotated

import typer

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        help="The store: a path or a SQLAlchemy URL; else GREENROOM_STORE, else runs/greenroom.db.",
        show_default=False,
    ),
]
WorldOption = Annotated[str, typer.Option("--world", help="How much data worlds hold: small, medium, large.")]
SplitOption = Annotated[str, typer.Option("--split", help="Which tasks: train, dev, test.")]
FaultsOption = Annotated[
    str, typer.Option("--faults", help="What goes wrong on the way of calls: none, realistic, hostile.")
]
FaultSeedOption = Annotated[int, typer.Option("--fault-seed", help="What goes wrong follows from it.")]
UserOption = Annotated[str, typer.Option("--user", help="The user simulator.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Everything that is drawn follows from it.")]
