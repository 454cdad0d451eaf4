from pathlib import Path

import pytest

from greenroom.plugins import load_simulator
from greenroom.sandboxes import LocalSandbox
from greenroom.users import UserSimulator
from support.notes import app


@pytest.fixture
def sandbox(tmp_path: Path) -> LocalSandbox:
    return LocalSandbox(app, cache_dir=tmp_path)


@pytest.fixture
def person() -> UserSimulator:
    return load_simulator("goal")
