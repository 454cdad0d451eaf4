from collections.abc import Iterator
from pathlib import Path

import pytest

from greenroom import Split
from greenroom.sandboxes import LocalSandbox
from greenroom_envs.booking import app
from support.booking import Counter


@pytest.fixture(scope="session")
def sandbox(bases: Path) -> LocalSandbox:
    return LocalSandbox(app, cache_dir=bases)


@pytest.fixture
def counter(sandbox: LocalSandbox) -> Iterator[Counter]:
    counter = Counter(sandbox.base(Split.TRAIN).open())
    yield counter
    counter.world.close()
