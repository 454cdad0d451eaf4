"""Containers begin, live and end with their harness."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from greenroom.containers.container import Container, ContainerSpec
from greenroom.containers.engine import Engine
from greenroom.containers.limits import ContainerLimits
from greenroom.containers.orphans import found, remove_orphans
from greenroom.containers.owner import FOLDER, Owner
from greenroom.errors import SandboxError, UsageError
from support.containers import plugins_image, until

pytestmark = pytest.mark.docker
Start = Callable[..., Container]

HARNESS = """
import sys, time
from greenroom.containers.container import Container, ContainerSpec
from greenroom.containers.engine import Engine
container = Container.start(Engine(), ContainerSpec(apps=["notes"], image=sys.argv[1], start_seconds=120))
print(container.name, container.address, flush=True)
time.sleep(600)
"""


def ours(engine: Engine) -> set[str]:
    """The containers of this process: others may use the engine too."""
    return {one.name for one in found(engine) if one.owner == Owner.this()}


def test_what_does_not_come_up_says_why_and_leaves_nothing(engine: Engine) -> None:
    before = ours(engine)
    with pytest.raises(SandboxError, match=r"ended before it served \(.*exit code 1\).*(?s:.)*no environment 'nots'"):
        Container.start(engine, ContainerSpec(apps=["nots"], image=plugins_image(), start_seconds=120))
    with pytest.raises(SandboxError, match=r"out of memory|exit code"):
        limits = ContainerLimits(memory="16m")
        Container.start(engine, ContainerSpec(apps=["notes"], image=plugins_image(), limits=limits, start_seconds=120))
    assert ours(engine) <= before


def test_an_image_that_is_not_there_is_named_with_how_to_get_it(engine: Engine) -> None:
    with pytest.raises(UsageError, match="no image 'greenroom-nothing': build it"):
        engine.need_image("greenroom-nothing", "build it")


def test_it_is_stopped_with_its_folder(engine: Engine, start: Start) -> None:
    container = start()
    folder = engine.client.api.inspect_container(container.name)["Config"]["Labels"][FOLDER]
    assert container.serves() and container.runs() and Path(folder).exists()
    # The harness looks after it: no check of the image's says that it is not well.
    assert "Health" not in engine.client.api.inspect_container(container.name)["State"]
    container.stop()
    container.stop()
    assert not container.serves() and not container.runs() and not Path(folder).exists()
    assert container.name not in {one.name for one in found(engine)}


def test_a_killed_harness_takes_its_containers_along_and_down_removes_what_is_left(engine: Engine) -> None:
    command = [sys.executable, "-c", HARNESS, plugins_image()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as harness:
        assert harness.stdout is not None
        name, address = harness.stdout.readline().split()
        (mine,) = [one for one in found(engine) if one.name == name]
        assert mine.status == "running" and not mine.orphan
        assert mine.owner is not None and mine.owner.pid == harness.pid
        assert name not in remove_orphans(engine)
        harness.send_signal(signal.SIGKILL)
    # Its input has closed: it ends by itself, before anybody looks.
    until(lambda: [one.status for one in found(engine) if one.name == name] == ["exited"])
    assert Path(address.removeprefix("unix:")).exists()
    assert name in remove_orphans(engine)
    assert name not in {one.name for one in found(engine)}
    assert not Path(address.removeprefix("unix:")).exists()
