from collections.abc import Iterator
from pathlib import Path

import pytest

from greenroom.sandboxes import LocalSandbox
from greenroom.store import Store
from support import rollouts as support


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store.db") as opened:
        yield opened


@pytest.fixture
def run(store: Store) -> int:
    return store.begin_run("test", app="notes", policy="scripted", user="asker", config={"world": "small"})


@pytest.fixture
def broken(tmp_path: Path) -> LocalSandbox:
    return LocalSandbox(support.broken, cache_dir=tmp_path)
