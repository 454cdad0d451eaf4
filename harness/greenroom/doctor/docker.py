"""Docker: whether an engine answers, whether it holds containers as it should, compose, images, orphans."""

import os
import shutil
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from greenroom.containers.engine import Engine
from greenroom.containers.folder import place
from greenroom.containers.images import LOCAL_BASE
from greenroom.containers.orphans import left
from greenroom.containers.project import compose_command
from greenroom.doctor.finding import Check, Finding
from greenroom.doctor.machine import installed, said, space
from greenroom.errors import UsageError

OLDEST_API = (1, 41)
SOCKET = Path("/var/run/docker.sock")
PREFIX, LATEST = "greenroom-", ":latest"
LIMITS = {"MemoryLimit": "memory", "SwapLimit": "swap", "PidsLimit": "processes", "CpuCfsQuota": "cpu"}
NEEDED = "sandbox docker, `greenroom up`"


def checks(engine: Engine) -> tuple[Check, ...]:
    """The checks, each on its own."""
    named: list[Check] = []
    for check in (answers, hardening, rooms, images, orphans):
        bound: Any = partial(check, engine)
        bound.__name__ = f"docker {check.__name__}"
        named.append(bound)
    return (*named, compose)


def trouble(engine: Engine) -> str:
    """Why it cannot be used; empty when it can."""
    if not installed("docker"):
        return "the Docker SDK is not installed"
    try:
        _ = engine.client
    except UsageError as error:
        return str(error).removesuffix("; `greenroom doctor` says what to do")[:300]
    return ""


def answers(engine: Engine) -> Iterator[Finding]:
    """Whether it is there, lets us in, and is new enough."""
    if why := trouble(engine):
        yield Finding(name="docker", status="missing", found=why, needed=NEEDED, todo=_how())
        return
    told: dict[str, Any] = engine.client.version()
    new = tuple(map(int, told["ApiVersion"].split("."))) >= OLDEST_API
    yield Finding(
        name="docker",
        status="ok" if new else "problem",
        found=f"engine {told['Version']}, API {told['ApiVersion']}",
        needed=NEEDED,
        todo="" if new else "engine 20.10 (API 1.41) is the oldest that was tried: upgrade it",
    )


def _how() -> str:
    if not installed("docker"):
        return "pip install 'greenroom[docker]'"
    if not shutil.which("dockerd") and not SOCKET.exists() and not os.environ.get("DOCKER_HOST"):
        return "install an engine: apt-get install docker.io docker-compose, or Docker Desktop; then `dockerd &`"
    if SOCKET.exists() and not os.access(SOCKET, os.W_OK):
        return "you may not use it: `sudo usermod -aG docker $USER`, then log in again (the group is as good as root)"
    return "the engine does not run: `systemctl start docker`, or as root `dockerd &`; see also DOCKER_HOST"


def hardening(engine: Engine) -> Iterator[Finding]:
    """Whether limits are limits, seccomp filters, and what containers write stays in memory."""
    if trouble(engine):
        return
    info: dict[str, Any] = engine.client.info()
    lacking = [name for key, name in LIMITS.items() if not info.get(key)]
    yield Finding(
        name="docker limits",
        status="problem" if lacking else "ok",
        found=f"no limit of: {', '.join(lacking)}" if lacking else f"cgroup v{info.get('CgroupVersion', '1')}, all",
        needed="one container must not take the machine",
        todo="boot with cgroup_enable=memory swapaccount=1, or move to cgroup v2" if lacking else "",
    )
    options = " ".join(info.get("SecurityOptions") or [])
    filters = "seccomp" in options and "profile=unconfined" not in options
    yield Finding(
        name="docker seccomp",
        status="ok" if filters else "problem",
        found=options or "none",
        needed="containers may make only system calls that programs need",
        todo="" if filters else "the engine runs without a seccomp profile: take --seccomp-profile=unconfined away",
    )
    folder, memory = place()
    yield Finding(
        name="run folders",
        status="ok" if memory else "problem",
        found=f"{folder}{'' if memory else ', which is on disk'}",
        needed="containers put their sockets there; in memory, what they write counts against their limit",
        todo="" if memory else "set XDG_RUNTIME_DIR to a folder in memory (tmpfs) that you may write",
    )


def rooms(engine: Engine) -> Iterator[Finding]:
    """Room for images."""
    if trouble(engine):
        return
    folder = Path(engine.client.info().get("DockerRootDir", "/var/lib/docker"))
    while not folder.exists():
        folder = folder.parent
    yield space("disk of docker", folder, "images: an app's takes 0.3 GB, the trainer's more")


def images(engine: Engine) -> Iterator[Finding]:
    """Which of greenroom's are there."""
    if trouble(engine):
        return
    tags = sorted(tag for image in engine.client.images.list() for tag in image.tags if tag.startswith(PREFIX))
    names = named(tags)
    yield Finding(
        name="images",
        status="ok" if names else "missing",
        found=", ".join(names) or "none of greenroom's",
        needed="each app runs from its own",
        todo="" if names else "`greenroom up` builds them; where none can be pulled, compose/base-image goes first",
    )


def named(tags: Iterable[str]) -> list[str]:
    """Images as people know them; of what foreign images and tests made, each with a tag of its own, only how many."""
    known = [tag.removeprefix(PREFIX).removesuffix(LATEST) for tag in tags if tag.endswith(LATEST) or tag == LOCAL_BASE]
    others = [tag for tag in tags if not tag.endswith(LATEST) and tag != LOCAL_BASE]
    return [*known, *([f"and {len(others)} made of foreign images and for tests"] if others else [])]


def orphans(engine: Engine) -> Iterator[Finding]:
    """Containers and run folders of harnesses that are gone."""
    if trouble(engine):
        return
    names = left(engine)
    yield Finding(
        name="orphans",
        status="problem" if names else "ok",
        found=f"left by harnesses that are gone: {', '.join(names)}" if names else "none",
        needed="",
        todo="`greenroom down` removes them" if names else "",
    )


def compose() -> Iterator[Finding]:
    """The program, version 2 or 1."""
    command = compose_command()
    yield Finding(
        name="compose",
        status="ok" if command else "missing",
        found=f"{' '.join(command)} {said(*command, 'version', '--short')}" if command else "no compose",
        needed="`greenroom up`",
        todo="" if command else "apt-get install docker-compose, or docker's compose plugin",
    )
