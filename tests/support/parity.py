"""An app whose only task a policy of random weights half solves, and a script that trains on it.

Run it in any process: `parity.py OUT STEPS SANDBOX [resume]`. A reward that random text earns in part lets
GRPO move the weights from the first step on.
"""

import sys
from pathlib import Path

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from greenroom import App, Goal, Size, Split, Task, World
from greenroom import messages as m
from greenroom.plugins import load_simulator
from greenroom.sandboxes import open_sandbox
from greenroom.tasks import Evidence, Verdict


class Base(DeclarativeBase):
    pass


class Row(Base):
    __tablename__ = "parity_row"
    id: Mapped[int] = mapped_column(primary_key=True)


app = App("parity", models=Base, summary="Nothing but talk.", policy="Talk.")


@app.tool
def forget(world: World) -> None:
    """Do nothing at all."""


@app.populate
def populate(world: World, size: Size, split: Split) -> None:
    world.session.add(Row(id=1))


def even(evidence: Evidence) -> Verdict:
    """The share of even characters in what was said first."""
    text = evidence.said[0] if evidence.said else ""
    return Verdict(score=sum(ord(letter) % 2 == 0 for letter in text) / max(1, len(text)))


@app.task_family
def talk(world: World, split: Split) -> Task:
    """Say something even."""
    return Task(
        goal=Goal(intent="talk", requests=("say something", "talk to me")),
        tools=("parity_forget",),
        solution=(m.assistant("bdf"),),
        excess=m.call("parity_forget"),
        verifier=even,
        max_steps=2,
    )


def train(out: Path, steps: int, spec: str, resume: bool) -> None:
    """Train a tiny model, or go on with it."""
    from greenroom_trainer import checkpoint, grpo
    from greenroom_trainer.arena import Arena
    from greenroom_trainer.model import TinyShape, load_model, make_tiny
    from greenroom_trainer.tokenizer import train_tokenizer
    from support.tiny import TEXTS

    sandbox = open_sandbox(spec, app if spec == "local" else app.name, cache_dir=out.parent / "bases")
    arena = Arena(sandbox=sandbox, user=load_simulator("goal"))
    config = grpo.GRPOConfig(steps=steps, groups=3, size=6, lr=1e-2, dev_every=0, keep=100)
    last = checkpoint.newest(out / "checkpoints") if resume else None
    if last:
        model = load_model(str(last))
    else:
        model = make_tiny(train_tokenizer(TEXTS, frequent=0.3), TinyShape(hidden=16, heads=2, feed_forward=32), seed=1)
    model.turn_tokens = 8
    grpo.train(model, arena, config, out, resume=last)
    sandbox.stop()


if __name__ == "__main__":
    train(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], "resume" in sys.argv[4:])
