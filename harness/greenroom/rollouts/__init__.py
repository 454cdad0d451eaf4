"""Rollouts: groups of episodes played by a policy from identical starts."""

from greenroom.rollouts.engine import Rollouts
from greenroom.rollouts.failure import Failure, StateMismatchError
from greenroom.rollouts.group import Group, GroupSpec
from greenroom.rollouts.recovery import Recovery
from greenroom.rollouts.rollout import Rollout, Trajectory
from greenroom.rollouts.specs import load_policy

__all__ = [
    "Failure",
    "Group",
    "GroupSpec",
    "Recovery",
    "Rollout",
    "Rollouts",
    "StateMismatchError",
    "Trajectory",
    "load_policy",
]
