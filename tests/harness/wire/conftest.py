from collections.abc import Generator
from pathlib import Path

import pytest

from support.served import Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    """A server that the tests of a file share."""
    with serving(tmp_path_factory.mktemp("s")) as server:
        yield server


@pytest.fixture
def fresh(tmp_path: Path) -> Generator[Served]:
    """A server of one's own."""
    with serving(tmp_path / "s") as server:
        yield server
