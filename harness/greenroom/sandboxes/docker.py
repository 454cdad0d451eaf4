"""The sandbox in containers: hardened, without a network, spoken to over a unix socket."""

import asyncio
import logging
import threading
import weakref
from contextlib import suppress

from greenroom.app import parse_size
from greenroom.containers.container import Container, ContainerSpec
from greenroom.containers.engine import Engine
from greenroom.containers.images import LOCAL_BASE, how_to_build, image_of
from greenroom.containers.orphans import remove_orphans
from greenroom.errors import GreenroomError, SandboxError, SandboxLostError, UsageError
from greenroom.sandbox import Brief
from greenroom.sandboxes.blocking import BlockingSandbox
from greenroom.sandboxes.fleet import Fleet
from greenroom.sandboxes.isolated import Isolated
from greenroom.sandboxes.remote import connected, need_serving
from greenroom.sandboxes.served import Place, ServedSandbox
from greenroom.sandboxes.specs import Setting
from greenroom.tasks import Split, TaskId
from greenroom.worlds.build import build_base, default_cache

log = logging.getLogger("greenroom.containers")
MOST = 64
REACH_SECONDS = 3.0
"""A container that runs answers at once: one that does not for so long is looked after."""


def docker(argument: str, setting: Setting) -> BlockingSandbox:
    """One container, or `docker:N` of them; or one for each rollout, N at most at a time.

    Raises:
        UsageError: N is no number from 1 to 64.
        MissingExtraError: The Docker SDK is not installed, or what talks to servers.
    """
    need_serving()
    if argument and not (argument.isdecimal() and 1 <= int(argument) <= MOST):
        raise UsageError(f"'docker:{argument}': after the colon comes how many containers, 1 to {MOST}")
    engine, count, bases = Engine(), int(argument) if argument else None, SharedBases(setting)
    spec = ContainerSpec(apps=[setting.name], image=image_of(setting.name), bases=bases.folder)

    def member() -> DockerSandbox:
        return DockerSandbox(setting, DockerServer(engine, spec), bases)

    if setting.isolation == "container":
        return BlockingSandbox(Isolated(member(), member, count or MOST))
    return BlockingSandbox(Fleet(setting.name, [member() for _ in range(count or 1)]))


class SharedBases:
    """Bases that are built on this machine once, and read by all of its containers.

    Args:
        setting: What is to run.
    """

    def __init__(self, setting: Setting) -> None:
        self.folder = (setting.cache_dir or default_cache()).resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._setting, self._lock, self._ready = setting, threading.Lock(), set[Split]()

    def need(self, task: str) -> None:
        """See to it that the base of a task is there; where the app is not installed, a container makes its own."""
        setting = self._setting
        with suppress(ValueError, GreenroomError), self._lock:
            split = TaskId.parse(task).split
            if split not in self._ready:
                recipe = setting.here.recipe(parse_size(setting.world), split, setting.seed)
                if recipe.backend == "sqlite":
                    build_base(recipe, self.folder)
                self._ready.add(split)


class DockerSandbox(ServedSandbox):
    """A sandbox in a container.

    Args:
        setting: What is to run there.
        server: The container, started when it is needed.
        bases: What it starts from.
    """

    def __init__(self, setting: Setting, server: "DockerServer", bases: SharedBases) -> None:
        super().__init__(setting.name, server, connected(setting, reach=REACH_SECONDS, alone=True))
        self._docker, self._bases = server, bases

    @property
    def container(self) -> Container | None:
        """Its container, while there is one."""
        return self._docker.container

    async def prepare(self, task: str) -> Brief:
        """Make a task's start and keep its snapshot; the container is started again if it died."""
        await asyncio.to_thread(self._bases.need, task)
        return await super().prepare(task)


class DockerServer:
    """A server in a container, started when it is needed, and again when it died.

    Args:
        engine: Docker.
        spec: What the container is made from.
    """

    def __init__(self, engine: Engine, spec: ContainerSpec) -> None:
        self._engine, self._spec = engine, spec
        self._lock = threading.Lock()
        self._container: Container | None = None
        self._starts = 0
        self._stopped = False
        self._end: weakref.finalize[[Container], DockerServer] | None = None

    @property
    def container(self) -> Container | None:
        """The container, while there is one."""
        return self._container

    def up(self) -> Place:
        """Start the container, unless it runs and answers.

        Raises:
            SandboxError: It does not come up; with what it said.
            UsageError: There is no engine, or no such image.
        """
        with self._lock:
            if self._stopped:
                raise SandboxError(f"the container of '{self._spec.image}' was stopped")
            running = self._container
            if running is None or not (running.runs() and running.serves()):
                running = self._start(running)
            return Place(address=running.address, token=running.token, start=self._starts)

    def _start(self, dead: Container | None) -> Container:
        if dead is None:
            self._need_image()
            remove_orphans(self._engine)
        else:
            log.warning("%s is lost (%s), another takes its place; it said:\n%s", dead.name, dead.cause(), dead.words())
            self._let_go()
        try:
            started = Container.start(self._engine, self._spec)
        except SandboxError as error:
            # One that was up before may be up again at the next try.
            raise SandboxLostError(str(error)) if self._starts else error from error
        self._container, self._starts = started, self._starts + 1
        self._end = weakref.finalize(self, Container.stop, started)
        return started

    def _need_image(self) -> None:
        pulls = not self._engine.has_image(LOCAL_BASE)
        how = how_to_build("+".join(self._spec.apps), self._spec.image, pulls=pulls)
        self._engine.need_image(self._spec.image, how)

    def down(self) -> None:
        """Stop the container and remove it. Stopping twice is no error."""
        with self._lock:
            self._stopped = True
            if self._container is not None and self._end is not None:
                self._end()
            self._container = None

    def _let_go(self) -> None:
        container, self._container = self._container, None
        if self._end is not None:
            self._end.detach()
        if container is not None:
            container.remove()
