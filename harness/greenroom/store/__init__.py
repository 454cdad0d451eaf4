"""The store: runs, groups, rollouts and metrics in a database of your choice."""

from greenroom.store.models import GroupRow, Metric, RolloutRow, Run
from greenroom.store.store import Store, default_url

__all__ = ["GroupRow", "Metric", "RolloutRow", "Run", "Store", "default_url"]
