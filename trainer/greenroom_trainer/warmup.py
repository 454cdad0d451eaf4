"""The warm start: demonstrations of a sloppy colleague, a tokenizer and a tiny model that imitates them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from greenroom.messages import text_of
from greenroom.policy import Policy
from greenroom.rollouts import Rollout
from greenroom_trainer import sft
from greenroom_trainer.arena import Arena, success
from greenroom_trainer.codec import Example, Tools, example
from greenroom_trainer.compact import result_text, short_name, turn_text
from greenroom_trainer.model import PolicyModel, TinyShape, make_tiny
from greenroom_trainer.rename import Renamer
from greenroom_trainer.tokenizer import train_tokenizer


@dataclass(frozen=True)
class Demonstrations:
    """Recorded conversations, and what they were worth.

    Attributes:
        rollouts: The conversations.
        tools: The tools that were offered.
        invalid: How many others were left out because something failed.
    """

    rollouts: Sequence[Rollout]
    tools: Tools
    invalid: int = 0

    @property
    def success(self) -> float:
        """The share of demonstrations that did everything right."""
        return success(self.rollouts)

    def examples(self, model: PolicyModel) -> list[Example]:
        """The conversations as the model reads them."""
        return [example(model.codec, r.trajectory.messages, self.tools) for r in self.rollouts]

    def texts(self) -> list[str]:
        """The conversations as compact text, for the tokenizer."""
        offered = {short_name(t["function"]["name"]): t["function"] for t in self.tools}
        return [_text(r, offered) for r in self.rollouts]


def record(arena: Arena, policy: Policy, count: int, *, seed: int, run: int | None = None) -> Demonstrations:
    """Have a policy play `count` train tasks, by the same code that rollouts go through."""
    tasks = arena.tasks("train", count)
    played = arena.episodes(policy, tasks, seed=seed, run=run, parallel=64)
    brief = arena.sandbox.prepare(tasks[0])
    arena.sandbox.release(brief.snapshot)
    valid = [r for r in played if r.valid]
    return Demonstrations(valid, brief.tools, len(played) - len(valid))


def tiny_from(demonstrations: Demonstrations, shape: TinyShape, seed: int) -> PolicyModel:
    """A tiny model with random weights, and a tokenizer that knows the demonstrations' template words."""
    tokenizer = train_tokenizer(demonstrations.texts()[:3000])
    return make_tiny(tokenizer, shape, seed)


def imitate(
    model: PolicyModel,
    demonstrations: Demonstrations,
    config: sft.SFTConfig,
    report: Callable[[dict[str, Any]], None] = lambda _: None,
) -> None:
    """Train the model on demonstrations; a tiny one on renamed ones too."""
    rename = Renamer(model.tokenizer.get_vocab()) if model.compact else None
    sft.train(model, demonstrations.examples(model), config, rename, report)
    model.network.refresh()


def _text(rollout: Rollout, offered: dict[str, Any]) -> str:
    lines: list[str] = []
    for message in rollout.trajectory.messages:
        if message["role"] == "assistant":
            lines.append(turn_text(message, offered))
        elif message["role"] == "tool":
            lines.append(result_text(text_of(message)))
        elif message["role"] == "user":
            lines.append(text_of(message))
    return "\n ".join(lines)
