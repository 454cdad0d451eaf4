from pathlib import Path

import pytest

from greenroom.sandboxes import LocalSandbox
from support import rollouts as support


@pytest.fixture
def broken(tmp_path: Path) -> LocalSandbox:
    return LocalSandbox(support.broken, cache_dir=tmp_path)
