import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from greenroom.containers.engine import Engine
from greenroom.errors import UsageError
from greenroom.foreign import ContainerApp, ForeignSandbox
from support.containers import need_engine, without

HERE = Path(__file__).parents[3] / "docs" / "foreign"
LOCAL = "greenroom-base:local"
Make = Callable[..., ForeignSandbox]


@pytest.fixture
def described() -> ContainerApp:
    return ContainerApp.load(HERE / "ihatemoney.toml")


@pytest.fixture(scope="session")
def engine() -> Engine:
    """Docker, with the image of the documentation's application as its files are now."""
    engine = need_engine()
    named = os.environ.get("BASE_IMAGE")
    with suppress(UsageError):
        engine.need_image(LOCAL, "compose/base-image makes it")
        named = named or LOCAL
    network = os.environ.get("BUILD_NETWORK", "host")
    base = ["--build-arg", f"BASE_IMAGE={named}"] if named else []
    command = ["docker", "build", "--quiet", "--network", network, "--tag", "ihatemoney", *base, str(HERE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        without(f"image 'ihatemoney' cannot be built here (see compose/base-image): {done.stderr.strip()[-400:]}")
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
