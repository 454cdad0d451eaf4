"""`greenroom train` and `greenroom demo`."""

import os
from contextlib import closing
from dataclasses import fields, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from greenroom.cli.options import (
    IsolationOption,
    SandboxOption,
    SeedOption,
    StoreOption,
    UserOption,
    WorldOption,
    refuse_beside_resume,
)
from greenroom.cli.output import JsonOption, console, errors, report
from greenroom.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from greenroom.store import Store
    from greenroom_trainer.run import RunConfig, TrainingRun

WARM_SECONDS, LEARNING_SECONDS = 225.0, 260.0
PeopleOption = Annotated[
    Path | None,
    typer.Option("--people", envvar="GREENROOM_PEOPLE", help="People's own requests, to score with their words too."),
]
ModelOption = Annotated[
    str, typer.Option("--model", help="A path or Hugging Face id of a causal LM with a chat template; else a tiny one.")
]
LoraOption = Annotated[int, typer.Option("--lora", min=0, help="Rank of a LoRA adapter; 0 trains all weights.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Folder of the run; else runs/APP-NUMBER.")]
StepsOption = Annotated[int | None, typer.Option("--steps", min=1, help="GRPO steps.")]
FamiliesOption = Annotated[
    str, typer.Option("--families", metavar="A,B", help="Task families to learn, by commas; else all of the app's.")
]
ResumeOption = Annotated[
    Path | None, typer.Option("--resume", metavar="OUT", help="Go on with the stopped run in this folder.")
]


def train(
    context: typer.Context,
    app: Annotated[str, typer.Argument(help="An installed environment (see `greenroom envs`).")] = "mail",
    model: ModelOption = "",
    lora: LoraOption = 0,
    families: FamiliesOption = "",
    steps: StepsOption = None,
    groups: Annotated[int, typer.Option("--groups", min=1, help="Tasks per step.")] = 16,
    size: Annotated[int, typer.Option("--size", min=2, help="Rollouts per task.")] = 8,
    lr: Annotated[float | None, typer.Option("--lr", min=0.0, help="Learning rate of GRPO.")] = None,
    demonstrations: Annotated[
        int, typer.Option("--demonstrations", min=1, help="For a tiny model's start; not with --model.")
    ] = 5000,
    imitate: Annotated[
        int | None, typer.Option("--imitate", min=1, help="Supervised steps of that start; likewise.")
    ] = None,
    dev_every: Annotated[int, typer.Option("--dev-every", min=0, help="Score on dev tasks so often.")] = 20,
    user: UserOption = "goal",
    people: Annotated[
        Path | None, typer.Option("--people", help="People's own requests to open episodes with.")
    ] = None,
    world: WorldOption = "small",
    sandbox: SandboxOption = "local",
    isolation: IsolationOption = "world",
    seed: SeedOption = 0,
    resume: ResumeOption = None,
    out: OutOption = None,
    store: StoreOption = None,
    json: JsonOption = None,
) -> None:
    """Train a policy with GRPO on groups of rollouts from identical starts."""
    _need_extra()
    from greenroom.store import Store
    from greenroom_trainer.run import RunConfig, begin, reopen, set_threads, starting_model

    set_threads()
    with Store(store) as opened:
        if resume is not None:
            given = refuse_beside_resume(context, "steps", "sandbox", "isolation")
            from greenroom_trainer.model import load_model

            places = {"sandbox": sandbox, "isolation": isolation}
            moved = {name: place for name, place in places.items() if name in given}
            run, last = reopen(resume, opened, steps, **moved)
            with closing(run):
                _learn(run, load_model(str(last)), json, last)
            return
        if model:
            _refuse_warm_start(context)
        config = RunConfig(
            app=app,
            families=_listed(families),
            world=world,
            sandbox=sandbox,
            isolation=isolation,
            user=user,
            people=str(people) if people else "",
            model=model,
            lora=lora,
            demonstrations=demonstrations,
            seed=seed,
        )
        config = _tuned(config, steps=steps, groups=groups, size=size, lr=lr, dev_every=dev_every, imitate=imitate)
        if model:
            from greenroom_trainer.model import resolve

            resolve(model)
        with closing(begin(config, opened, out)) as run:
            try:
                with run.noted():
                    made, _ = starting_model(run, _say)
            except KeyboardInterrupt:
                _stopped(run, opened)
            _learn(run, made, json, None)


def demo(
    app: Annotated[str, typer.Argument(help="An installed environment (see `greenroom envs`).")] = "mail",
    steps: StepsOption = None,
    demonstrations: Annotated[int, typer.Option("--demonstrations", min=1, help="Conversations to imitate.")] = 5000,
    imitate: Annotated[int | None, typer.Option("--imitate", min=1, help="Supervised steps.")] = None,
    tasks: Annotated[int, typer.Option("--tasks", min=1, help="Held-out test tasks, the same before and after.")] = 240,
    people: PeopleOption = None,
    seed: SeedOption = 0,
    out: OutOption = None,
    store: StoreOption = None,
    json: JsonOption = None,
) -> None:
    """Watch a tiny model outgrow its teachers: demonstrations with slips, then GRPO, scored on held-out tasks."""
    _need_extra()
    from greenroom.store import Store
    from greenroom_trainer.demo import LESSONS, closing, play_demo
    from greenroom_trainer.run import RunConfig, begin, set_threads

    if people is not None and not people.exists():
        raise UsageError(f"no file '{people}' with people's requests: leave --people (or GREENROOM_PEOPLE) out")
    set_threads()
    config = RunConfig(app=app, families=LESSONS.get(app, ()), demonstrations=demonstrations, seed=seed)
    config = _tuned(config, steps=steps, imitate=imitate)
    # A slow machine learns for fewer steps rather than for more than ten minutes.
    sft, grpo = replace(config.sft, seconds=WARM_SECONDS), replace(config.grpo, seconds=LEARNING_SECONDS)
    config = replace(config, sft=sft, grpo=grpo)
    with Store(store) as opened:
        run = begin(config, opened, out)
        try:
            outcome = play_demo(run, str(people) if people else None, tasks, _say)
        except KeyboardInterrupt:
            _stopped(run, opened)
        if not report(outcome.to_json(), json):
            for line in closing(outcome, str(opened)):
                console().print(line, soft_wrap=True)


def _refuse_warm_start(context: typer.Context) -> None:
    """A model that is given is trained as it is: nothing is demonstrated to it.

    Raises:
        UsageError: An option of the tiny model's warm start was given.
    """
    names = ("demonstrations", "imitate")
    given = [f"--{n}" for n in names if getattr(context.get_parameter_source(n), "name", "") == "COMMANDLINE"]
    if given:
        raise UsageError(
            f"{' and '.join(given)} is for the warm start of the tiny model that is made without --model; a model"
            " that is given is trained as it is: leave out one or the other"
        )


def _tuned(config: "RunConfig", *, imitate: int | None = None, **given: Any) -> "RunConfig":
    """The config with what was said on the command line; the seed reaches every part."""
    known = {field.name for field in fields(config.grpo)}
    chosen = {name: value for name, value in given.items() if value is not None and name in known}
    if config.model and "lr" not in chosen:
        chosen["lr"] = 1e-5 if not config.lora else 1e-4
    grpo = replace(config.grpo, seed=config.seed, **chosen)
    sft = replace(config.sft, seed=config.seed, **({"steps": imitate} if imitate else {}))
    return replace(config, grpo=grpo, sft=sft)


def _listed(families: str) -> tuple[str, ...]:
    return tuple(name for name in (part.strip() for part in families.split(",")) if name)


def _learn(run: "TrainingRun", model: Any, json: str | None, resume: Path | None) -> None:
    last: dict[str, float] = {}

    def told(step: int, metrics: dict[str, float]) -> None:
        last.clear()
        last.update({"step": float(step), **metrics})
        dev = f"  dev {metrics['dev']:.3f}" if "dev" in metrics else ""
        _say(f"step {step:4d}  reward {metrics['reward']:.3f}  kl {metrics.get('kl', 0.0):.3f}{dev}")

    try:
        run.learn(model, told, resume)
    except KeyboardInterrupt:
        _stopped(run, run.store)
    data = {"run": run.number, "out": str(run.out), "store": str(run.store), **last}
    if not report(data, json):
        console().print(
            f"run {run.number} in {run.out}; play it: greenroom rollout {run.config.app} --policy {run.out}",
            markup=False,
            soft_wrap=True,
        )


def _stopped(run: "TrainingRun", store: "Store") -> NoReturn:
    begun = (run.out / "checkpoints").is_dir()
    further = f"Go on with: greenroom train --resume {run.out} --store {store}"
    errors().print(
        f"stopped; what was finished is kept in run {run.number} of {store}."
        f" {further if begun else 'It was before the first checkpoint: begin it again.'}",
        markup=False,
        soft_wrap=True,
    )
    raise typer.Exit(130)


def _say(line: str) -> None:
    """The story goes to standard error, so that `--json` has standard output to itself."""
    errors().print(line, soft_wrap=True)


def _need_extra() -> None:
    """Refuse at once, not after minutes, where a package of the extra is missing."""
    if not all(find_spec(name) for name in ("peft", "safetensors", "tokenizers", "torch", "transformers")):
        raise MissingExtraError("training", "train")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
