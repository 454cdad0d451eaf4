from collections.abc import Iterator
from pathlib import Path

import pytest

from greenroom.plugins import load_simulator
from greenroom.sandboxes import LocalSandbox
from greenroom.store import Store
from greenroom.users import UserSimulator
from support.notes import app


@pytest.fixture
def sandbox(tmp_path: Path) -> LocalSandbox:
    return LocalSandbox(app, cache_dir=tmp_path)


@pytest.fixture
def person() -> UserSimulator:
    return load_simulator("goal")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store.db") as opened:
        yield opened


@pytest.fixture
def run(store: Store) -> int:
    return store.begin_run("test", app="notes", policy="scripted", user="asker", config={"world": "small"})
