from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from greenroom.containers.engine import Engine
from greenroom.errors import UsageError
from greenroom.foreign import ContainerApp, ForeignSandbox

HERE = Path(__file__).parents[3] / "docs" / "foreign"
BASE = "greenroom-base:local"
Make = Callable[..., ForeignSandbox]


@pytest.fixture
def described() -> ContainerApp:
    return ContainerApp.load(HERE / "ihatemoney.toml")


@pytest.fixture(scope="session")
def engine() -> Engine:
    """Docker, with the image of the documentation's application; skips, with the reason, where there can be none."""
    engine = Engine()
    try:
        engine.client.version()
    except UsageError as error:
        pytest.skip(str(error))
    try:
        engine.need_image(BASE, "compose/base-image makes it")
    except UsageError as error:
        with suppress(UsageError):
            engine.need_image("ihatemoney", "")
            return engine
        pytest.skip(str(error))
    engine.client.images.build(path=str(HERE), tag="ihatemoney", buildargs={"BASE_IMAGE": BASE}, rm=True)
    return engine


@pytest.fixture
def make(engine: Engine, described: ContainerApp) -> Iterator[Make]:
    """Makes sandboxes of the application, described otherwise where a test says so."""
    made: list[ForeignSandbox] = []

    def sandbox(**changed: Any) -> ForeignSandbox:
        app = ContainerApp.model_validate({**described.model_dump(), **changed})
        made.append(ForeignSandbox(app, engine))
        return made[-1]

    yield sandbox
    for one in made:
        one.stop()
