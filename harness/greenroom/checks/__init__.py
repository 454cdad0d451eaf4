"""Checks: the parts of `greenroom.check`: how a task is played, what is reported, the other process."""

from greenroom.checks.playing import Played, play, play_client, with_excess
from greenroom.checks.report import RANDOM_AT_MOST, CheckReport, FamilyReport

__all__ = ["RANDOM_AT_MOST", "CheckReport", "FamilyReport", "Played", "play", "play_client", "with_excess"]
