"""Plugins of the command line: a command, a group of commands and a benchmark."""

from typing import Annotated

import typer

from greenroom.bench import Report, at_most


def hello(name: Annotated[str, typer.Option(help="Whom to greet.")] = "world") -> None:
    """Greet somebody.

    At length.
    """
    typer.echo(f"hello {name}")


greetings = typer.Typer(help="Several greetings.", no_args_is_help=True)


@greetings.command("morning")
def morning() -> None:
    """Greet before noon."""
    typer.echo("good morning")


@greetings.command("night")
def night() -> None:
    """Greet late."""
    typer.echo("good night")


def tiny(*, rounds: int = 3, loud: bool = False) -> Report:
    """Measure nothing.

    Args:
        rounds: How often.
        loud: Whether to shout.
    """
    rows = [{"round": i, "loud": loud} for i in range(rounds)]
    return Report(title="Nothing", rows=rows, bars=[at_most("rounds", float(rounds), 3.0, "")])
