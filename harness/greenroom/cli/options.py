"""Options that several commands share."""

from typing import Annotated

import typer

from greenroom.errors import UsageError

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
SandboxOption = Annotated[
    str,
    typer.Option(
        "--sandbox", metavar="SPEC", help="Where the app runs: local, process[:N], docker, unix:DIR, ws://HOST:PORT …"
    ),
]
IsolationOption = Annotated[
    str, typer.Option("--isolation", help="What each rollout has for itself: a world, or a container.")
]
UserOption = Annotated[str, typer.Option("--user", help="The user simulator.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Everything that is drawn follows from it.")]


def refuse_beside_resume(context: typer.Context, *allowed: str) -> set[str]:
    """Refuse options that a resumed run would ignore: it goes on with what it was begun with.

    Returns:
        The names of the options that were given.

    Raises:
        UsageError: One of them was given; they are all named.
    """
    sources = {name: context.get_parameter_source(name) for name in context.params}
    given = [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]
    ignored = [f"--{name.replace('_', '-')}" for name in given if name not in ("resume", "store", "json", *allowed)]
    if ignored:
        raise UsageError(f"a resumed run goes on with what it was begun with: leave out {', '.join(sorted(ignored))}")
    return set(given)
