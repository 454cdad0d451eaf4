from collections.abc import Iterator
from pathlib import Path

import pytest

from greenroom.sandboxes import LocalSandbox
from greenroom_envs.tau2 import Tau2App, domain_app

CHECKOUT = Path(__file__).parent / "checkout"


@pytest.fixture(scope="session")
def library() -> Tau2App:
    return domain_app("library", CHECKOUT)


@pytest.fixture(scope="session")
def kiosk() -> Tau2App:
    return domain_app("kiosk", CHECKOUT)


@pytest.fixture
def sandboxes(tmp_path: Path, library: Tau2App, kiosk: Tau2App) -> Iterator[dict[str, LocalSandbox]]:
    yield {app.domain.name: LocalSandbox(app, cache_dir=tmp_path) for app in (library, kiosk)}
