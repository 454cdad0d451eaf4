import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from greenroom.worlds import PageSnapshot, build_base
from support.shop import Item, shop_recipe
from support.shop_run import work

TESTS = Path(__file__).parents[2]


@pytest.mark.parametrize("cache_kib", [8, 64, 8000])
def test_the_size_of_the_page_cache_does_not_matter(shop: PageSnapshot, cache_kib: int) -> None:
    assert work(shop, cache_kib) == work(shop)


def test_worlds_in_different_threads_end_alike(shop: PageSnapshot) -> None:
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: work(shop), range(8)))
    assert set(found) == {work(shop)}


@pytest.mark.parametrize("hash_seed", ["0", "1", "random"])
def test_other_processes_build_and_end_alike(shop: PageSnapshot, tmp_path: Path, hash_seed: str) -> None:
    environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(TESTS)}
    command = [sys.executable, "-m", "support.shop_run", str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == work(shop)


def test_a_world_may_be_closed_by_another_thread(shop: PageSnapshot) -> None:
    world = shop.open()
    with world.transaction("agent") as session:
        session.get_one(Item, 1).price = 2
    with ThreadPoolExecutor(1) as threads:
        threads.submit(world.close).result()


def test_the_content_id_tells_rows_and_not_how_they_came(shop: PageSnapshot) -> None:
    with shop.open() as one, shop.open() as other:
        for world, steps in ((one, (1,)), (other, (7, 300, 1))):
            for price in steps:
                with world.transaction("agent") as session:
                    session.get_one(Item, 9).price = price
        assert one.content_id == other.content_id
        assert one.freeze().page_id != other.freeze().page_id
        with other.transaction("agent") as session:
            session.execute(sa.text("INSERT INTO shop_search(shop_search) VALUES ('optimize')"))
        assert one.content_id == other.freeze().content_id != shop.content_id


def test_another_seed_is_another_world(tmp_path: Path) -> None:
    one, other = (build_base(shop_recipe(seed), tmp_path).snapshot() for seed in (1, 2))
    assert one.page_id != other.page_id
    assert one.content_id != other.content_id
