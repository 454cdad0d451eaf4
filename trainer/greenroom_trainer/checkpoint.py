"""Checkpoints: written whole or not at all, every step, the last few kept.

OUT/checkpoints/step-000012/   the model as `load_model` reads it, and trainer.pt: optimizer, step, config
"""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from greenroom.errors import StoreError, UsageError

STATE = "trainer.pt"
NAME = re.compile(r"step-(\d{6})")


class Savable(Protocol):
    """What a checkpoint is made of: a policy model."""

    def save(self, folder: Path) -> None:
        """Write everything that it takes to load it again."""
        ...


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds beside the model.

    Attributes:
        step: Optimizer steps done.
        optimizer: The optimizer's state.
        config: The run's config as plain data.
        extra: Whatever else the run needs to go on exactly.
    """

    step: int
    optimizer: dict[str, Any]
    config: dict[str, Any]
    extra: dict[str, Any]


def save(folder: Path, model: Savable, checkpoint: Checkpoint, *, keep: int = 3) -> Path:
    """Write a checkpoint below `folder`, then drop all but the last `keep`.

    It is made under another name, flushed to the disk and renamed: whoever is killed half way leaves no
    checkpoint that looks whole but is not.

    Raises:
        StoreError: The disk is full, or cannot be written.
    """
    try:
        return _write(folder, model, checkpoint, keep)
    except (OSError, RuntimeError) as error:  # torch says that a disk is full by a RuntimeError
        raise StoreError(
            f"checkpoint {checkpoint.step} cannot be written to '{folder}': {error}; earlier ones are kept"
        ) from error


def _write(folder: Path, model: Savable, checkpoint: Checkpoint, keep: int) -> Path:
    import torch

    target = folder / f"step-{checkpoint.step:06d}"
    draft = folder / f".draft-{checkpoint.step:06d}"
    for leftover in folder.glob(".draft-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    draft.mkdir(parents=True)
    model.save(draft)
    torch.save(vars(checkpoint), draft / STATE)
    for file in draft.iterdir():
        _flush(file)
    if target.exists():
        shutil.rmtree(target)
    draft.rename(target)
    _flush(folder)
    for old in sorted(p for p in folder.iterdir() if NAME.fullmatch(p.name))[:-keep]:
        shutil.rmtree(old, ignore_errors=True)
    return target


def newest(folder: Path) -> Path | None:
    """The newest checkpoint below a folder."""
    if not folder.is_dir():
        return None
    found = [p for p in folder.iterdir() if NAME.fullmatch(p.name) and (p / STATE).exists()]
    return max(found, key=lambda p: p.name, default=None)


def load(folder: Path) -> Checkpoint:
    """Read what a checkpoint holds beside the model.

    Raises:
        UsageError: There is none, or it cannot be read.
    """
    import torch

    try:
        return Checkpoint(**torch.load(folder / STATE, weights_only=True))
    except FileNotFoundError:
        raise UsageError(f"no checkpoint to resume from in '{folder}': it has no {STATE}") from None
    except Exception as error:
        raise UsageError(f"the checkpoint '{folder}' cannot be read: {error}; resume from an older one") from error


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
