"""Training runs: from a config to a model, its folder and its record in the store."""

import json
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from greenroom.cli.rollout import load_user
from greenroom.errors import GreenroomError, StoreError, UsageError
from greenroom.rollouts.policies import SloppyPolicy
from greenroom.sandbox import Sandbox
from greenroom.sandboxes import open_sandbox
from greenroom.store import Store
from greenroom_trainer import checkpoint, grpo, warmup
from greenroom_trainer.arena import Arena
from greenroom_trainer.grpo import GRPOConfig
from greenroom_trainer.model import PolicyModel, TinyShape, load_model
from greenroom_trainer.sft import SFTConfig

CONFIG = "run.json"


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """What a training run is made from; kept in its folder, so that it can be resumed."""

    app: str = "mail"
    """An installed environment."""
    families: tuple[str, ...] = ()
    """The task families to learn; empty: all of the app's."""
    world: str = "small"
    """How much data worlds hold."""
    sandbox: str = "local"
    """Where the app runs."""
    isolation: str = "world"
    """What each rollout has for itself there: a world, or a container."""
    user: str = "goal"
    """The user simulator."""
    people: str = ""
    """A file of people's own requests to open episodes with; empty: the simulator's own words."""
    model: str = ""
    """A path or Hugging Face id of a causal LM with a chat template; empty: a tiny model, warmed up."""
    lora: int = 0
    """Rank of a LoRA adapter; 0 trains all weights."""
    demonstrations: int = 5000
    """Conversations that the tiny model's warm start imitates."""
    slips: float = 0.4
    """Share of demonstrations with a plausible mistake."""
    fumbles: float = 0.25
    """Share of demonstrations in which a call is mistyped, refused, and made again."""
    shape: TinyShape = field(default_factory=TinyShape)
    """Shape of the tiny model."""
    sft: SFTConfig = field(default_factory=SFTConfig)
    """The warm start."""
    grpo: GRPOConfig = field(default_factory=GRPOConfig)
    """Learning from rewards."""
    seed: int = 0
    """Everything that is drawn follows from it."""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "RunConfig":
        """The config that `asdict` wrote."""
        parts: dict[str, Any] = {
            "shape": TinyShape(**data["shape"]),
            "sft": SFTConfig(**data["sft"]),
            "grpo": GRPOConfig(**data["grpo"]),
            "families": tuple(data.get("families", ())),
        }
        return cls(**{**data, **parts})


@dataclass
class TrainingRun:
    """A run with its place in the store and on the disk.

    Attributes:
        config: What it is made from.
        arena: Where its policy plays.
        out: Its folder.
        number: Its id in the store.
    """

    config: RunConfig
    arena: Arena
    out: Path
    number: int

    @property
    def store(self) -> Store:
        """Where it is recorded."""
        assert self.arena.store is not None
        return self.arena.store

    def save(self) -> None:
        """Write `run.json`."""
        self.out.mkdir(parents=True, exist_ok=True)
        data = {"run": self.number, "config": asdict(self.config)}
        draft = self.out / f".{CONFIG}"
        draft.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
        draft.rename(self.out / CONFIG)

    def learn(self, model: PolicyModel, report: grpo.Report, resume: Path | None = None) -> None:
        """Run GRPO, and note in the store how it ended."""
        with self.noted():
            grpo.train(model, self.arena, self.config.grpo, self.out, run=self.number, resume=resume, report=report)
        self.store.end_run(self.number)

    def close(self) -> None:
        """Stop its sandbox."""
        self.arena.sandbox.stop()

    @contextmanager
    def noted(self) -> Generator[None]:
        """Note in the store that the run goes on and, when what is done inside ends early, why."""
        self.store.end_run(self.number, "running")
        try:
            yield
        except KeyboardInterrupt:
            self.store.end_run(self.number, "stopped", "interrupted")
            raise
        except GreenroomError as error:
            with suppress(StoreError):
                self.store.end_run(self.number, "stopped", str(error))
            raise


def begin(config: RunConfig, store: Store, out: Path | None) -> TrainingRun:
    """A new run.

    Raises:
        UnknownNameError: There is no such app, or user.
        UsageError: The folder holds another run already, or cannot be made.
    """
    user = load_user(config.user, config.people or None)
    if out is not None:
        _make_free(out)
    arena = Arena(sandbox=_sandbox(config), user=user, store=store, families=config.families)
    number = store.begin_run(
        "train", app=config.app, policy=config.model or "tiny", user=user.name, config=asdict(config)
    )
    run = TrainingRun(config, arena, out or _folder(config, number), number)
    run.save()
    return run


def _make_free(out: Path) -> None:
    """Make the folder of a new run; one that was stopped before its first checkpoint is begun again."""
    if (out / CONFIG).exists() and checkpoint.newest(out / "checkpoints") is not None:
        raise UsageError(f"'{out}' holds a run already: go on with --resume {out}, or choose another --out")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"'{out}' cannot be the folder of a run: {error.strerror}; choose another --out") from error


def reopen(folder: Path, store: Store, steps: int | None = None, **moved: str) -> tuple[TrainingRun, Path]:
    """A run that was stopped, and its newest checkpoint.

    Args:
        folder: The run's folder.
        store: Where it is recorded.
        steps: Train so many steps in all; as many as was said at first when None.
        moved: Another `sandbox`, or `isolation`: where it runs changes nothing about what comes out.

    Raises:
        UsageError: There is no run, or no checkpoint yet.
    """
    if not (folder / CONFIG).exists():
        raise UsageError(f"no run to resume in '{folder}': it has no {CONFIG}")
    try:
        data = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        config = RunConfig.from_json(data["config"])
        number = int(data["run"])
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"'{folder / CONFIG}' cannot be read ({error}): begin the run again") from error
    config = replace(config, **moved)
    if steps:
        config = replace(config, grpo=replace(config.grpo, steps=steps))
    last = checkpoint.newest(folder / "checkpoints")
    if last is None:
        raise UsageError(f"the run in '{folder}' was stopped before its first checkpoint: begin it again")
    stored = store.run(number)
    if stored.kind != "train" or stored.config != json.loads(json.dumps(data["config"])):
        raise UsageError(
            f"run {number} of {store} is not the one in '{folder}': name the store that it was begun in with --store"
        )
    user = load_user(config.user, config.people or None)
    arena = Arena(sandbox=_sandbox(config), user=user, store=store, families=config.families)
    return TrainingRun(config, arena, folder, number), last


def _sandbox(config: RunConfig) -> Sandbox:
    return open_sandbox(config.sandbox, config.app, world=config.world, isolation=config.isolation)


def starting_model(run: TrainingRun, say: Callable[[str], None]) -> tuple[PolicyModel, warmup.Demonstrations | None]:
    """The model to train: loaded, or made and warmed up on recorded demonstrations."""
    config = run.config
    if config.model:
        return load_model(config.model, lora=config.lora, seed=config.seed), None
    made = demonstrations(run, config.slips)
    left_out = f"; {made.invalid} more were invalid" if made.invalid else ""
    say(f"{len(made.rollouts):,} demonstrations recorded, {made.success:.0%} of them right{left_out}")
    model = warmup.tiny_from(made, config.shape, config.seed)
    say(f"a Qwen3 of {sum(p.numel() for p in model.parameters):,} random weights imitates them")
    warmup.imitate(model, made, config.sft, lambda d: say(f"  step {d['step']}: loss {d['loss']:.3f}"))
    if config.lora:
        model = adapted(model, run.out / "base", config.lora, config.seed)
    return model, made


def demonstrations(run: TrainingRun, slips: float) -> warmup.Demonstrations:
    """Record a sloppy colleague at work."""
    config, policy = run.config, SloppyPolicy(slips, run.config.fumbles)
    made_from = {
        "of": run.number,
        "families": list(config.families),
        "world": config.world,
        "people": config.people or None,
        "demonstrations": config.demonstrations,
        "slips": slips,
        "fumbles": config.fumbles,
        "seed": config.seed,
    }
    number = run.store.begin_run(
        "demonstrate", app=config.app, policy=policy.name, user=run.arena.user.name, config=made_from
    )
    made = warmup.record(run.arena, policy, config.demonstrations, seed=config.seed, run=number)
    run.store.end_run(number)
    return made


def adapted(model: PolicyModel, folder: Path, rank: int, seed: int) -> PolicyModel:
    """The model, saved, with a fresh adapter on it."""
    model.save(folder)
    return load_model(str(folder.resolve()), lora=rank, seed=seed)


def set_threads() -> None:
    """One torch thread per core, once; nothing else in the process fights for them."""
    import torch

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", 0)) or max(1, min(os.cpu_count() or 1, 4)))


def _folder(config: RunConfig, number: int) -> Path:
    return Path("runs") / f"{config.app}-{number}"
