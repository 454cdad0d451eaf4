"""`greenroom play`: be the agent, or the user, in a terminal. See `greenroom.cli.seats`."""

from typing import TYPE_CHECKING, Annotated

import typer

from greenroom.cli.lines import lines
from greenroom.cli.options import FaultSeedOption, FaultsOption, SeedOption, SplitOption, UserOption, WorldOption
from greenroom.cli.seats import Agent, Person
from greenroom.errors import UnknownNameError

if TYPE_CHECKING:
    from greenroom.sandbox import Sandbox

ROLES = ("agent", "user")


def play(
    app: Annotated[str, typer.Argument(help="An installed environment, or several: mail+shop.")],
    role: Annotated[str, typer.Option("--as", help="Whom to be: agent or user.")] = "agent",
    task: Annotated[str | None, typer.Option("--task", help="A task's id, such as mail/train/forward/3.")] = None,
    family: Annotated[str | None, typer.Option("--family", help="A task of this family.")] = None,
    split: SplitOption = "train",
    world: WorldOption = "small",
    user: UserOption = "goal",
    policy: Annotated[str, typer.Option("--policy", help="Who is the agent when you are the user.")] = "oracle",
    all_tools: Annotated[bool, typer.Option("--all-tools", help="Offer all tools, not only the task's.")] = False,
    faults: FaultsOption = "none",
    fault_seed: FaultSeedOption = 0,
    seed: SeedOption = 0,
) -> None:
    """Play one episode by hand: as the agent, with the tools, or as the user, with a goal.

    Exit code: 0 when it was solved, 1 when not, 2 for bad input.
    """
    from greenroom.app import parse_split
    from greenroom.episode import Episode
    from greenroom.plugins import load_app, load_simulator
    from greenroom.rollouts import load_policy
    from greenroom.sandboxes.local import LocalSandbox

    if role not in ROLES:
        raise UnknownNameError("role", role, ROLES)
    sandbox = LocalSandbox(load_app(app), world, faults=faults, fault_seed=fault_seed, all_tools=all_tools)
    brief = sandbox.prepare(task or _draw(sandbox, str(parse_split(split)), family, seed))
    if role == "agent":
        seat = Agent(Episode.start(sandbox, brief, load_simulator(user), seed), lines("agent> "))
    else:
        seat = Person(sandbox, brief, load_policy(policy), seed, lines("user> ", keep_empty=True))
    if not seat.play():
        raise typer.Exit(1)


def _draw(sandbox: "Sandbox", split: str, family: str | None, seed: int) -> str:
    """The task with the seed's number, of the family or of each in turn."""
    families = sandbox.families()
    if family is not None and family not in families:
        raise UnknownNameError("task family", family, families)
    name = family or families[seed % len(families)]
    return f"{sandbox.app}/{split}/{name}/{seed if family else seed // len(families)}"
