"""The tables of the store."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Double, ForeignKey, ForeignKeyConstraint, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from greenroom.store.columns import Packed, UtcDateTime


class StoreBase(DeclarativeBase):
    """The declarative base of the store's tables."""


class Run(StoreBase):
    """Rollouts that were started together, by one command.

    Attributes:
        id: Counts from 1 in each store.
        kind: What started it: `rollout`, `train`, `bench`…
        config: Everything that is needed to start it again.
        versions: Of greenroom, Python, the app and what identity depends on.
        status: `running`, `finished` or `stopped`.
        cause: Why it was stopped.
    """

    __tablename__ = "runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    app: Mapped[str] = mapped_column(String(200))
    policy: Mapped[str] = mapped_column(Text)
    user: Mapped[str] = mapped_column(String(200))
    config: Mapped[dict[str, Any]] = mapped_column(JSON)
    versions: Mapped[dict[str, str]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(16), default="running")
    cause: Mapped[str | None] = mapped_column(Text, default=None)
    started: Mapped[datetime] = mapped_column(UtcDateTime)
    ended: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)


class GroupRow(StoreBase):
    """A group: rollouts of one task from one snapshot, with one user seed.

    Attributes:
        number: Counts from 0 in each run.
        snapshot: The id of the world that all members started from; empty if it could not be made.
        state: The id that all forks proved at reset; empty likewise.
        opening: The id of the episode snapshot that all members proved before the first step: world, user and
            messages; empty if no member had begun when the group was written, or it was written before 0003.
    """

    __tablename__ = "rollout_groups"

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    task: Mapped[str] = mapped_column(String(300), index=True)
    seed: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column()
    snapshot: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(200))
    opening: Mapped[str] = mapped_column(String(200), default="", server_default="")


class RolloutRow(StoreBase):
    """A finished rollout: exactly the messages that the policy saw and wrote, and what came of them.

    Attributes:
        member: Counts from 0 in each group.
        seed: The policy's seed.
        messages: The conversation, OpenAI chat messages.
        token_ids: All tokens in order, where the policy has tokens; likewise `token_mask` and `logprobs`.
        reward: The verifier's score; None when the rollout is invalid.
        boundary: What failed when it is invalid: sandbox, app, user, policy, verifier or store.
        cause: The error's text.
        findings: What the verifier found.
        acts: What kind of turns the user took.
        faults: What went wrong on the way of its calls, each with its step.
        content_id: Of the last world.
        seconds: Wall-clock time by part: `policy`, `step` and `total`.
    """

    __tablename__ = "rollouts"
    __table_args__ = (
        ForeignKeyConstraint(["run_id", "group_number"], ["rollout_groups.run_id", "rollout_groups.number"]),
    )

    run_id: Mapped[int] = mapped_column(primary_key=True)
    group_number: Mapped[int] = mapped_column(primary_key=True)
    member: Mapped[int] = mapped_column(primary_key=True)
    seed: Mapped[int] = mapped_column(BigInteger)
    messages: Mapped[list[Any]] = mapped_column(JSON)
    token_ids: Mapped[list[int] | None] = mapped_column(Packed("i"), default=None)
    token_mask: Mapped[list[int] | None] = mapped_column(Packed("b"), default=None)
    logprobs: Mapped[list[float] | None] = mapped_column(Packed("d"), default=None)
    reward: Mapped[float | None] = mapped_column(Double, default=None)
    valid: Mapped[bool] = mapped_column()
    boundary: Mapped[str | None] = mapped_column(String(16), default=None)
    cause: Mapped[str | None] = mapped_column(Text, default=None)
    findings: Mapped[list[str]] = mapped_column(JSON)
    acts: Mapped[list[str]] = mapped_column(JSON)
    faults: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list, server_default="[]")
    steps: Mapped[int] = mapped_column()
    truncated: Mapped[bool] = mapped_column()
    content_id: Mapped[str | None] = mapped_column(String(200), default=None)
    seconds: Mapped[dict[str, float]] = mapped_column(JSON)

    @property
    def name(self) -> str:
        """How people call it: `run.group.member`, such as `3.0.12`."""
        return f"{self.run_id}.{self.group_number}.{self.member}"


class Metric(StoreBase):
    """One number of one step of a run, such as a training step's mean reward."""

    __tablename__ = "metrics"

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    value: Mapped[float] = mapped_column(Double)
