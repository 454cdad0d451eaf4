import multiprocessing
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from greenroom.errors import PopulateError, WorldError
from greenroom.worlds import World, build_base
from greenroom.worlds.recipe import Recipe
from support.shop import Base, Item, populate, shop_recipe
from support.shop_run import build_slowly

processes = multiprocessing.get_context("spawn")


def bases(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


def test_a_base_is_built_once(tmp_path: Path) -> None:
    calls: list[World] = []

    def counted(world: World) -> None:
        calls.append(world)
        populate(world)

    first = build_base(shop_recipe(populate=counted), tmp_path)
    again = build_base(shop_recipe(populate=counted), tmp_path)
    assert len(calls) == 1
    assert (first.id, first.path) == (again.id, again.path)
    assert len(bases(tmp_path)) == 1


def test_whatever_a_base_is_made_from_is_in_its_key() -> None:
    other_tables = sa.MetaData()
    sa.Table("shop_item", other_tables, sa.Column("id", sa.Integer, primary_key=True))
    made_from: dict[str, Any] = dict(vars(shop_recipe()))
    variants: list[dict[str, Any]] = [
        {},
        {"name": "store"},
        {"size": "large"},
        {"split": "test"},
        {"seed": 1},
        {"source_digest": "2"},
        {"tables": [other_tables]},
        {"tables": [Base.metadata, other_tables]},
    ]
    assert len({Recipe(**made_from | variant).key() for variant in variants}) == len(variants)
    assert shop_recipe().key() == shop_recipe().key()


def test_a_populate_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def broken(world: World) -> None:
        populate(world)
        raise ZeroDivisionError("no stock")

    with pytest.raises(PopulateError, match=r"'shop' \(small, train, seed 0\).*ZeroDivisionError: no stock"):
        build_base(shop_recipe(populate=broken), tmp_path)
    assert bases(tmp_path) == []


def test_a_world_being_populated_records_nothing_and_cannot_be_frozen(tmp_path: Path) -> None:
    def freezing(world: World) -> None:
        populate(world)
        with pytest.raises(WorldError, match="a transaction is running"):
            world.freeze()
        assert world.changes() == []

    with build_base(shop_recipe(populate=freezing), tmp_path).snapshot().open() as world:
        assert world.changes() == []
        with world.transaction("agent") as session:
            assert session.get_one(Item, 5).name == "item 5"


def test_a_build_killed_half_way_leaves_no_bad_file(tmp_path: Path) -> None:
    begun, never = processes.Event(), processes.Event()
    child = processes.Process(target=build_slowly, args=(tmp_path, begun, never))
    child.start()
    assert begun.wait(60)
    assert child.pid
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert bases(tmp_path)
    assert not [name for name in bases(tmp_path) if name.endswith(".sqlite")]
    base = build_base(shop_recipe(), tmp_path)
    assert bases(tmp_path) == [base.path.name]
    with base.snapshot().open() as world:
        assert world.connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_two_processes_building_the_same_leave_one_good_file(tmp_path: Path) -> None:
    begun, go_on = processes.Event(), processes.Event()
    children = [processes.Process(target=build_slowly, args=(tmp_path, begun, go_on)) for _ in range(2)]
    for child in children:
        child.start()
    assert begun.wait(60)
    go_on.set()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0, 0]
    assert bases(tmp_path) == [build_base(shop_recipe(), tmp_path).path.name]


def test_a_cached_base_that_was_cut_short_is_built_again(tmp_path: Path) -> None:
    base = build_base(shop_recipe(), tmp_path)
    whole = base.path.read_bytes()
    base.path.write_bytes(whole[: len(whole) // 8192 * 4096])
    assert build_base(shop_recipe(), tmp_path).id == base.id
    assert base.path.read_bytes() == whole


def test_a_cache_that_cannot_be_written_says_where(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("")
    with pytest.raises(WorldError, match=r"base 'shop' cannot be kept in .*taken.*pass another cache_dir"):
        build_base(shop_recipe(), taken)


def test_a_table_of_many_indexes_has_the_same_pages_in_every_process(tmp_path: Path) -> None:
    tables = sa.MetaData()
    columns = [sa.Column(f"c{n}", sa.Integer, index=True) for n in range(12)]
    sa.Table("shop_wide", tables, sa.Column("id", sa.Integer, primary_key=True), *columns)
    recipe = replace(shop_recipe(), tables=[tables], populate=lambda world: None)
    with build_base(recipe, tmp_path).snapshot().reading() as db:
        made = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'index' ORDER BY rowid")]
    assert made == sorted(made)
    assert len(made) == 12
