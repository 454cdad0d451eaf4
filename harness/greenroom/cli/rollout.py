"""`greenroom rollout`: plays groups and records them."""

import asyncio
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from greenroom.cli.options import (
    FaultSeedOption,
    FaultsOption,
    IsolationOption,
    SandboxOption,
    SeedOption,
    SplitOption,
    StoreOption,
    UserOption,
    WorldOption,
    refuse_beside_resume,
)
from greenroom.cli.output import JsonOption, console, errors, progress, report, table
from greenroom.errors import AppError, GreenroomError, StoreError, UnknownNameError, UsageError

if TYPE_CHECKING:
    from greenroom.rollouts import Group, GroupSpec, Rollouts
    from greenroom.sandbox import Sandbox
    from greenroom.store import Store
    from greenroom.users import UserSimulator


@dataclass(frozen=True)
class RolloutConfig:
    """What a run of `greenroom rollout` is made from; kept with the run, so that it can be resumed."""

    app: str
    policy: str = "oracle"
    groups: int = 4
    size: int = 4
    split: str = "test"
    family: str | None = None
    world: str = "small"
    user: str = "goal"
    people: str | None = None
    seed: int = 0
    first: int = 0
    content: bool = True
    faults: str = "none"
    fault_seed: int = 0
    sandbox: str = "local"
    isolation: str = "world"

    def plan(self, families: list[str]) -> "list[GroupSpec]":
        """The groups: task families in turn, their tasks from `first` on.

        Raises:
            UnknownNameError: The app has no such family.
        """
        from greenroom.rollouts import GroupSpec

        if self.family is not None and self.family not in families:
            raise UnknownNameError("task family", self.family, families)
        chosen = [self.family] if self.family else families
        tasks = [
            f"{self.app}/{self.split}/{chosen[i % len(chosen)]}/{self.first + i // len(chosen)}"
            for i in range(self.groups)
        ]
        return [GroupSpec(task, self.size, self.seed) for task in tasks]


def rollout(
    context: typer.Context,
    app: Annotated[str | None, typer.Argument(help="An installed environment (see `greenroom envs`).")] = None,
    policy: Annotated[
        str,
        typer.Option(
            "--policy", help="oracle, sloppy:RATE, random, noop, openai:MODEL@URL, or the PATH of a checkpoint."
        ),
    ] = "oracle",
    groups: Annotated[int, typer.Option("--groups", min=1, help="How many groups.")] = 4,
    size: Annotated[int, typer.Option("--size", min=1, help="How many rollouts a group.")] = 4,
    split: SplitOption = "test",
    family: Annotated[str | None, typer.Option("--family", help="Tasks of this family only.")] = None,
    world: WorldOption = "small",
    user: UserOption = "goal",
    people: Annotated[
        Path | None, typer.Option("--people", help="A file of people's own requests to open episodes with.")
    ] = None,
    seed: SeedOption = 0,
    first: Annotated[int, typer.Option("--first", min=0, help="The first task's number.")] = 0,
    content: Annotated[
        bool, typer.Option(help="Record the content id of each last world; slow where worlds are large.")
    ] = True,
    faults: FaultsOption = "none",
    fault_seed: FaultSeedOption = 0,
    sandbox: SandboxOption = "local",
    isolation: IsolationOption = "world",
    parallel: Annotated[int, typer.Option("--parallel", min=1, help="Episodes played at once.")] = 256,
    resume: Annotated[int | None, typer.Option("--resume", metavar="RUN", help="Go on with a stopped run.")] = None,
    store: StoreOption = None,
    json: JsonOption = None,
) -> None:
    """Play groups of rollouts from identical starts, and record each one as it ends.

    Exit code: 0; 1 when not one rollout is valid or the run was stopped, 2 for bad input, 130 after Ctrl-C.
    """
    from greenroom.store import Store

    if resume is not None:
        given = refuse_beside_resume(context, "app", "parallel", "sandbox", "isolation")
        with Store(store, create=False) as opened:
            config = _stored_config(opened, resume, app)
            # Where it runs changes nothing about what comes out, so it may be moved.
            moved = {"sandbox": sandbox, "isolation": isolation}
            config = replace(config, **{name: value for name, value in moved.items() if name in given})
            _run(config, opened, resume, parallel, json)
        return
    if app is None:
        from greenroom.plugins import ENVS

        raise UsageError(f"say which environment to play; there is: {', '.join(ENVS.names()) or 'none'}")
    config = RolloutConfig(
        app=app,
        policy=policy,
        groups=groups,
        size=size,
        split=split,
        family=family,
        world=world,
        user=user,
        people=str(people) if people else None,
        seed=seed,
        first=first,
        content=content,
        faults=faults,
        fault_seed=fault_seed,
        sandbox=sandbox,
        isolation=isolation,
    )
    _check(config)
    with Store(store) as opened:
        _run(config, opened, None, parallel, json)


def _stored_config(store: "Store", run: int, app: str | None) -> RolloutConfig:
    row = store.run(run)
    if row.kind != "rollout":
        raise UsageError(f"run {run} was started by `greenroom {row.kind}`: resume it with that command")
    if app is not None and app != row.app:
        raise UsageError(f"run {run} is of '{row.app}', not '{app}': leave the name out with --resume")
    return RolloutConfig(**row.config)


def _check(config: RolloutConfig) -> None:
    """Refuse bad input before anything is made."""
    from greenroom.app import parse_size, parse_split
    from greenroom.faults import parse_profile

    parse_profile(config.faults)
    parse_size(config.world)
    parse_split(config.split)


def _run(config: RolloutConfig, store: "Store", resume: int | None, parallel: int, json: str | None) -> None:
    from greenroom.sandboxes import open_sandbox

    sandbox = open_sandbox(
        config.sandbox,
        config.app,
        world=config.world,
        faults=config.faults,
        fault_seed=config.fault_seed,
        isolation=config.isolation,
    )
    try:
        _play_in(sandbox, config, store, resume, parallel, json)
    finally:
        sandbox.stop()


def _play_in(
    sandbox: "Sandbox", config: RolloutConfig, store: "Store", resume: int | None, parallel: int, json: str | None
) -> None:
    from greenroom.rollouts import Rollouts, load_policy

    with errors().status(f"starting {config.app} in sandbox {config.sandbox}"):
        specs = config.plan(sandbox.families())
    user, policy = load_user(config.user, config.people), load_policy(config.policy)
    # A task that cannot be made is an invalid rollout's cause, not the run's.
    with errors().status(f"building the world of {config.app}, {config.world}"), suppress(AppError):
        sandbox.release(sandbox.prepare(specs[0].task).snapshot)
    run = resume
    if run is None:
        run = store.begin_run("rollout", app=config.app, policy=policy.name, user=user.name, config=asdict(config))
    else:
        store.end_run(run, "running")
    total = sum(spec.size for spec in specs)
    with progress(total, "rollouts") as advance:
        engine = Rollouts(
            sandbox,
            user,
            policy,
            store=store,
            run=run,
            parallel=parallel,
            resume=resume is not None,
            content=config.content,
            on_progress=lambda _: advance(),
        )
        groups = _play(engine, specs, store, run, total)
    store.end_run(run)
    _show(groups, run, store, json)
    if not any(rollout.valid for group in groups for rollout in group.rollouts):
        raise typer.Exit(1)


def load_user(name: str, people: str | None) -> "UserSimulator":
    """The user simulator of that name; with a file of people's requests, the one that speaks with them.

    Raises:
        UnknownNameError: There is no such simulator.
        UsageError: The file cannot be read.
    """
    from greenroom.plugins import load_simulator

    return load_simulator("people", path=Path(people)) if people else load_simulator(name)


def _play(engine: "Rollouts", specs: "list[GroupSpec]", store: "Store", run: int, total: int) -> "list[Group]":
    """Play; when it is stopped, say what is kept and how to go on."""
    try:
        return asyncio.run(_play_and_close(engine, specs))
    except KeyboardInterrupt:
        store.end_run(run, "stopped", "interrupted")
        errors().print(f"stopped. {_kept(engine, store, run, total)}", markup=False, soft_wrap=True)
        raise typer.Exit(130) from None
    except GreenroomError as error:
        with suppress(StoreError):
            store.end_run(run, "stopped", str(error))
        if isinstance(error, UsageError):
            raise
        raise type(error)(f"{error}. {_kept(engine, store, run, total)}") from error


async def _play_and_close(engine: "Rollouts", specs: "list[GroupSpec]") -> "list[Group]":
    try:
        return await engine.play(specs)
    finally:
        close: Any = getattr(engine.policy, "aclose", None)
        if close is not None:
            await close()


def _kept(engine: "Rollouts", store: "Store", run: int, total: int) -> str:
    return (
        f"Kept in run {run}: {engine.kept} of {total} rollouts finished by this command."
        f" Go on with: greenroom rollout --resume {run} --store {store}"
    )


def _show(groups: "list[Group]", run: int, store: "Store", json: str | None) -> None:
    from greenroom.rollouts.summary import Summary, by_family

    rollouts = [rollout for group in groups for rollout in group.rollouts]
    families, total = by_family(rollouts), Summary.of(rollouts)
    data = {
        "run": run,
        "store": str(store),
        **total.to_json(),
        "families": {name: summary.to_json() for name, summary in families.items()},
        "groups": [
            {"group": f"{run}.{g.number}", "task": g.spec.task, "state": g.state, "rewards": g.rewards} for g in groups
        ],
    }
    if report(data, json):
        return
    columns = ("family", "rollouts", "invalid", "reward", "success", "steps")
    rows = [
        (name, s.rollouts, s.invalid, s.reward, s.success, s.steps) for name, s in [*families.items(), ("all", total)]
    ]
    table(columns, rows)
    for boundary, count in total.causes.items():
        cause = next(r.failure.cause for r in rollouts if r.failure and r.failure.boundary == boundary)
        console().print(f"{count} invalid by the {boundary}, such as: {cause}", markup=False, soft_wrap=True)
    console().print(f"run {run} in {store}; look closer: greenroom show {run}, greenroom show {run}.0.0")
