"""Rewards: verifiers that score an episode."""

from greenroom.rewards.expectations import Expectation, Wanted, deleted, expect, inserted, mentions, updated

__all__ = ["Expectation", "Wanted", "deleted", "expect", "inserted", "mentions", "updated"]
