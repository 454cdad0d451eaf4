"""Rollouts as rows of the store, and back."""

from typing import cast

from greenroom.policy import TokenRecord
from greenroom.rollouts.failure import Boundary, Failure
from greenroom.rollouts.group import Group
from greenroom.rollouts.rollout import Rollout, Trajectory
from greenroom.store import GroupRow, RolloutRow


def group_row(run: int, group: Group) -> GroupRow:
    """The row of a group."""
    return GroupRow(
        run_id=run,
        number=group.number,
        task=group.spec.task,
        seed=group.spec.seed,
        size=group.spec.size,
        snapshot=group.snapshot,
        state=group.state,
        opening=group.opening,
    )


def rollout_row(run: int, rollout: Rollout) -> RolloutRow:
    """The row of a finished rollout."""
    trajectory, tokens, failure = rollout.trajectory, rollout.trajectory.tokens, rollout.failure
    return RolloutRow(
        run_id=run,
        group_number=rollout.group,
        member=rollout.member,
        seed=rollout.seed,
        messages=trajectory.messages,
        token_ids=tokens.ids if tokens else None,
        token_mask=tokens.mask if tokens else None,
        logprobs=tokens.logprobs if tokens else None,
        reward=trajectory.reward,
        valid=failure is None,
        boundary=failure.boundary if failure else None,
        cause=failure.cause if failure else None,
        findings=list(trajectory.findings),
        acts=trajectory.acts,
        faults=trajectory.faults,
        steps=trajectory.steps,
        truncated=trajectory.truncated,
        content_id=rollout.content_id,
        seconds=rollout.seconds,
    )


def stored_rollout(row: RolloutRow, group: GroupRow) -> Rollout:
    """The rollout that a row holds."""
    return Rollout(
        task=group.task,
        group=row.group_number,
        member=row.member,
        seed=row.seed,
        state=group.state,
        trajectory=_trajectory(row),
        failure=None if row.valid else Failure(cast(Boundary, row.boundary), row.cause or ""),
        content_id=row.content_id,
        seconds=row.seconds,
    )


def _trajectory(row: RolloutRow) -> Trajectory:
    tokens = None
    if row.token_ids is not None:
        tokens = TokenRecord(ids=row.token_ids, mask=row.token_mask or [], logprobs=row.logprobs or [])
    return Trajectory(
        messages=row.messages,
        tokens=tokens,
        reward=row.reward,
        findings=tuple(row.findings),
        acts=row.acts,
        faults=row.faults,
        steps=row.steps,
        truncated=row.truncated,
    )
