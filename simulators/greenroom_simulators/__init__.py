"""Simulated people: the goal user and people's own words."""

from greenroom_simulators.behaviour import Behaviour
from greenroom_simulators.goal import GoalUser

__all__ = ["Behaviour", "GoalUser"]
