"""Simulated people: the goal user and people's own words."""

from greenroom_simulators.bank import Bank, Request
from greenroom_simulators.behaviour import Behaviour
from greenroom_simulators.goal import GoalUser
from greenroom_simulators.people import PeopleUser

__all__ = ["Bank", "Behaviour", "GoalUser", "PeopleUser", "Request"]
