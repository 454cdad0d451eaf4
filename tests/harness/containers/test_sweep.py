"""A container closes folders to others: a harness that is not root has them removed by the container's own user."""

from collections.abc import Iterator

import pytest

from greenroom.containers.engine import Engine
from greenroom.containers.folder import RunFolder
from greenroom.containers.limits import SOCKETS, ContainerLimits, hardened
from greenroom.containers.sweep import empty

pytestmark = pytest.mark.docker
IMAGE = "greenroom-mail"
CLOSED = f"cd {SOCKETS}; mkdir -p a/b .hidden; touch a/b/c; ln -s / away; chmod 0 a/b a .hidden"


@pytest.fixture
def folder() -> Iterator[RunFolder]:
    made = RunFolder.make()
    yield made
    made.remove()


def test_what_a_container_has_closed_to_others_is_removed(engine: Engine, folder: RunFolder) -> None:
    options = hardened(ContainerLimits(), folder.sockets, None)
    engine.client.containers.run(IMAGE, ["-c", CLOSED], entrypoint=["/bin/sh"], remove=True, **options)
    assert {path.name for path in folder.sockets.iterdir()} == {"a", ".hidden", "away"}
    empty(folder.sockets, engine.client, IMAGE)
    assert list(folder.sockets.iterdir()) == []
