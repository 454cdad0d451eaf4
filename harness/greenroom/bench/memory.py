"""The memory of many forks, measured in a process of its own."""

import gc
import multiprocessing
import random
from pathlib import Path

import sqlalchemy as sa

from greenroom.bench.synthetic import OWNERS, Message, recipe
from greenroom.worlds import Snapshot, World, build_base

LISTS, READS, UPDATES = 15, 30, 10
"""What each fork does before its memory counts: lists of twenty rows, rows read by key, rows updated."""


def memory_of_forks(folder: str, megabytes: int, forks: int) -> float:
    """GB that this many open forks hold privately, each after an episode of ORM statements.

    The base's pages are not in it: they are the kernel's, shared by all processes.
    """
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_measure, (folder, megabytes, forks))


def _measure(folder: str, megabytes: int, forks: int) -> float:
    start = build_base(recipe(megabytes), Path(folder)).snapshot()
    _play(start.open(), 0).close()
    before = _private()
    held = _hold(start, forks)
    after = _private()
    for world in held:
        world.close()
    return (after - before) / 1e9


def _hold(start: Snapshot, forks: int) -> list[World]:
    return [_play(start.open(), seed) for seed in range(forks)]


def _play(world: World, seed: int) -> World:
    draw = random.Random(seed)
    with world.transaction("agent") as session:
        last = session.scalars(sa.select(sa.func.max(Message.id))).one()
        for _ in range(LISTS):
            newest = sa.select(Message).where(Message.owner_id == draw.randint(1, OWNERS))
            session.scalars(newest.order_by(Message.created.desc()).limit(20)).all()
        for _ in range(READS):
            session.get_one(Message, draw.randint(1, last))
    for _ in range(UPDATES):
        with world.transaction("agent") as session:
            session.get_one(Message, draw.randint(1, last)).state = "void"
    return world


def _private() -> int:
    """Bytes of anonymous memory of this process: what no file backs and no other process shares."""
    gc.collect()
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Anonymous:"))
