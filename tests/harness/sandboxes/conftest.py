import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from greenroom.app import App
from greenroom.containers.container import ContainerSpec
from greenroom.faults import parse_profile
from greenroom.sandbox import Sandbox
from greenroom.sandboxes import BlockingSandbox
from greenroom.sandboxes.docker import DockerSandbox, DockerServer, SharedBases
from greenroom.sandboxes.isolated import Isolated
from greenroom.sandboxes.process import ProcessServer
from greenroom.sandboxes.remote import FixedServer, connected
from greenroom.sandboxes.served import Place, ServedSandbox, Server
from greenroom.sandboxes.specs import Setting, local
from support.containers import need_images, plugins_image
from support.kinds import KINDS
from support.notes import app
from support.plugins import with_plugins
from support.rollouts import broken
from support.served import free_port

Make = Callable[..., Sandbox]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def environment(home: Path) -> dict[str, str]:
    return with_plugins(home)


@pytest.fixture(scope="session")
def processes(environment: dict[str, str]) -> Iterator[ProcessServer]:
    """Two child processes that serve `notes`."""
    server = ProcessServer(["notes"], 2, environment=environment)
    yield server
    server.down()


@pytest.fixture(scope="session")
def over_tcp(environment: dict[str, str], home: Path) -> Iterator[FixedServer]:
    """A server that somebody else has started, at a TCP address."""
    port = free_port()
    folder, log = home / "served", home / "log"
    command = [sys.executable, "-m", "greenroom.cli.main", "serve", "notes"]
    with log.open("w") as out:
        serving = subprocess.Popen(
            [*command, "--dir", str(folder), "--tcp", f"127.0.0.1:{port}"], env=environment, stderr=out
        )
    try:
        while "serving notes at" not in log.read_text():
            assert serving.poll() is None, log.read_text()
        token = (folder / "token").read_text().strip()
        yield FixedServer(Place(address=f"ws://127.0.0.1:{port}", token=token))
    finally:
        serving.terminate()
        serving.wait(20)


@pytest.fixture(scope="session")
def broken_processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessServer]:
    """A child process that serves the app whose tasks are broken."""
    environment = with_plugins(tmp_path_factory.mktemp("broken"), "support.rollouts:broken")
    server = ProcessServer(["notes"], environment=environment)
    yield server
    server.down()


@pytest.fixture(scope="session")
def containers() -> Iterator[DockerServer]:
    """A container that serves `notes`."""
    yield from in_container("support.notes:app")


@pytest.fixture(scope="session")
def broken_containers() -> Iterator[DockerServer]:
    """A container that serves the app whose tasks are broken."""
    yield from in_container("support.rollouts:broken")


def in_container(notes: str) -> Iterator[DockerServer]:
    engine = need_images("mail")
    server = DockerServer(engine, ContainerSpec(apps=["notes"], image=plugins_image(notes), start_seconds=120))
    yield server
    server.down()


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest, home: Path) -> Iterator[Make]:
    """Makes sandboxes of one kind, with options as those of `Setting`."""
    with ExitStack() as stack:

        def made(chosen: App = app, **options: object) -> Sandbox:
            faults = parse_profile(str(options.pop("faults", "none")))
            setting = Setting(app=chosen, cache_dir=home / "here", faults=faults, **options)  # pyright: ignore
            sandbox = _sandbox(request, setting)
            stack.callback(sandbox.stop)
            return sandbox

        yield made


def _sandbox(request: pytest.FixtureRequest, setting: Setting) -> Sandbox:
    if request.param == "local":
        return local("", setting)
    if request.param == "isolated":
        return _isolated(request.getfixturevalue("containers"), setting)
    name = {"remote": "over_tcp", "docker": "containers", "process": "processes"}[request.param]
    if setting.app is broken:
        name = "broken_containers" if request.param == "docker" else "broken_processes"
    server: Server = request.getfixturevalue(name)
    return BlockingSandbox(ServedSandbox(setting.name, _Lent(server), connected(setting)))


def _isolated(source: Server, setting: Setting) -> Sandbox:
    engine, bases = need_images("mail"), SharedBases(setting)
    spec = ContainerSpec(apps=["notes"], image=plugins_image(), bases=bases.folder, start_seconds=120)
    lent = ServedSandbox(setting.name, _Lent(source), connected(setting))
    return BlockingSandbox(Isolated(lent, lambda: DockerSandbox(setting, DockerServer(engine, spec), bases), 8))


class _Lent:
    """A server that several tests share: none of them stops it."""

    def __init__(self, server: Server) -> None:
        self.up = server.up

    def down(self) -> None:
        pass


@pytest.fixture
def twin(home: Path) -> Make:
    """Makes the sandbox that others are compared with."""

    def made(chosen: App = app, **options: object) -> Sandbox:
        faults = parse_profile(str(options.pop("faults", "none")))
        return local("", Setting(app=chosen, cache_dir=home / "here", faults=faults, **options))  # pyright: ignore

    return made
