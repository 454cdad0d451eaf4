from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from greenroom.containers.container import Container, ContainerSpec
from greenroom.containers.engine import Engine
from greenroom.containers.limits import ContainerLimits
from support.containers import need_images, plugins_image

Start = Callable[..., Container]


@pytest.fixture(scope="session")
def engine() -> Engine:
    return need_images("mail")


@pytest.fixture(scope="module")
def start(engine: Engine) -> Iterator[Start]:
    """Starts containers that serve `notes`, within limits as those of `ContainerLimits`; they end with the module."""
    with ExitStack() as stack:

        def started(**limits: object) -> Container:
            spec = ContainerSpec(
                apps=["notes"],
                image=plugins_image(),
                limits=ContainerLimits(**limits),  # pyright: ignore[reportArgumentType]
                start_seconds=120,
            )
            container = Container.start(engine, spec)
            stack.callback(container.stop)
            return container

        yield started
