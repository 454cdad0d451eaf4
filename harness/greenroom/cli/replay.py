"""`greenroom replay`: plays a stored rollout again."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from greenroom.cli.options import IsolationOption, SandboxOption, StoreOption
from greenroom.cli.output import JsonOption, console, report


def replay(
    rollout: Annotated[str, typer.Argument(help="The rollout: run.group.member, such as 1.0.0.")],
    sandbox: SandboxOption = "local",
    isolation: IsolationOption = "world",
    store: StoreOption = None,
    json: JsonOption = None,
) -> None:
    """Play a stored rollout again, and say at which step, if any, it differs."""
    from greenroom.rollouts.replay import replay as play
    from greenroom.sandboxes import open_sandbox
    from greenroom.store import Store

    with Store(store, create=False) as opened:
        run = opened.run(opened.rollout(rollout).run_id)
        faults, fault_seed = run.config.get("faults", "none"), run.config.get("fault_seed", 0)
        world = run.config.get("world", "small")
        there = open_sandbox(sandbox, run.app, world=world, faults=faults, fault_seed=fault_seed, isolation=isolation)
        try:
            found = play(opened, rollout, there)
        finally:
            there.stop()
    taken = report({**asdict(found), "same": found.same}, json)
    if not taken and found.same:
        console().print(f"{rollout}: the same, all {found.steps} steps")
    elif not taken:
        _show(asdict(found))
    if not found.same:
        raise typer.Exit(1)


def _show(found: dict[str, Any]) -> None:
    first = found["differences"][0]
    console().print(f"{found['rollout']}: differs at step {first['step']} ({first['what']})")
    for difference in found["differences"]:
        console().print(f"step {difference['step']}, {difference['what']}:", markup=False)
        console().print(f"  stored:   {difference['stored']}", markup=False, soft_wrap=True)
        console().print(f"  replayed: {difference['replayed']}", markup=False, soft_wrap=True)
