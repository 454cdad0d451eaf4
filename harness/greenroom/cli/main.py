"""`greenroom`: the command line. One file per group of commands; heavy things are imported where they are used."""

import sys

import typer

from greenroom.cli.check import check
from greenroom.cli.compose import down, logs, ps, up
from greenroom.cli.data import data
from greenroom.cli.doctor import doctor
from greenroom.cli.envs import envs
from greenroom.cli.new import new
from greenroom.cli.output import complain, with_targets
from greenroom.cli.play import play
from greenroom.cli.plugins import BenchGroup, PluginGroup
from greenroom.cli.replay import replay
from greenroom.cli.rollout import rollout
from greenroom.cli.runs import export, runs, show
from greenroom.cli.serve import serve
from greenroom.errors import GreenroomError

app = typer.Typer(
    cls=PluginGroup,
    help="Where AI agents rehearse before they go live.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
bench = typer.Typer(cls=BenchGroup, help="Measure, and hold the figures against their bars.", no_args_is_help=True)


@app.callback()
def _root() -> None:
    """Where AI agents rehearse before they go live."""


@bench.callback()
def _bench() -> None:
    """Measure, and hold the figures against their bars."""


for command in (envs, new, check, data, play, rollout, runs, show, replay, export, serve, up, ps, logs, down, doctor):
    app.command(command.__name__)(command)
app.add_typer(bench, name="bench")


def main() -> None:
    """Run the command line; errors of greenroom end it with one clear message, never with a traceback."""
    try:
        app(with_targets(sys.argv[1:]), prog_name="greenroom")
    except GreenroomError as error:
        sys.exit(complain(error))


if __name__ == "__main__":
    main()
