"""Worlds: copy-on-write SQLite databases that fork in microseconds and are named by their hash."""

from greenroom.worlds.build import build_base
from greenroom.worlds.changes import Change, net
from greenroom.worlds.fork import Fork
from greenroom.worlds.recipe import Recipe
from greenroom.worlds.schema import Schema
from greenroom.worlds.state import Event
from greenroom.worlds.world import Base, Snapshot, World, diff, load_snapshot

__all__ = [
    "Base",
    "Change",
    "Event",
    "Fork",
    "Recipe",
    "Schema",
    "Snapshot",
    "World",
    "build_base",
    "diff",
    "load_snapshot",
    "net",
]
