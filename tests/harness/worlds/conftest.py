from collections.abc import Iterator
from pathlib import Path

import pytest

from greenroom.worlds import PageSnapshot, World, build_base
from support.shop import shop_recipe


@pytest.fixture(scope="session")
def shop_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bases")


@pytest.fixture
def shop(shop_cache: Path) -> PageSnapshot:
    return build_base(shop_recipe(), shop_cache).snapshot()


@pytest.fixture
def world(shop: PageSnapshot) -> Iterator[World]:
    with shop.open() as world:
        yield world
