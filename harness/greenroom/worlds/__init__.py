"""Worlds: databases that fork (SQLite: copy-on-write, in microseconds) and are named by their hash."""

from greenroom.worlds.backends import populated
from greenroom.worlds.build import build_base
from greenroom.worlds.changes import Change, net
from greenroom.worlds.difference import diff
from greenroom.worlds.fork import Fork
from greenroom.worlds.pages import Base, PageDatabase, PageSnapshot, load_snapshot, paged
from greenroom.worlds.recipe import Recipe
from greenroom.worlds.schema import Backend, Schema
from greenroom.worlds.state import Event
from greenroom.worlds.world import Database, Snapshot, World

__all__ = [
    "Backend",
    "Base",
    "Change",
    "Database",
    "Event",
    "Fork",
    "PageDatabase",
    "PageSnapshot",
    "Recipe",
    "Schema",
    "Snapshot",
    "World",
    "build_base",
    "diff",
    "load_snapshot",
    "net",
    "paged",
    "populated",
]
