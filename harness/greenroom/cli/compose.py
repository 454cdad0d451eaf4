"""`greenroom up`, `ps`, `logs`, `down`: apps in containers, by compose; and what killed harnesses have left."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from greenroom.cli.output import JsonOption, console, errors, report, table
from greenroom.errors import SandboxError, UnknownNameError, UsageError

if TYPE_CHECKING:
    from greenroom.containers.engine import Engine
    from greenroom.containers.project import Project

GATEWAY = "gateway"
ServicesArgument = Annotated[list[str] | None, typer.Argument(metavar="[SERVICE…]", help="Which; all when none.")]
ProfileOption = Annotated[list[str] | None, typer.Option("--profile", help="Services of a profile too, such as gpu.")]


def up(
    apps: Annotated[
        list[str] | None,
        typer.Argument(metavar="[APP…]", help="Apps (and other services) to start; all when none is named."),
    ] = None,
    scale: Annotated[list[str] | None, typer.Option("--scale", metavar="APP=N", help="So many replicas.")] = None,
    profile: ProfileOption = None,
    build: Annotated[bool, typer.Option("--build", help="Build images anew, from the sources as they are.")] = False,
    seconds: Annotated[float, typer.Option("--timeout", help="Seconds to wait until all are healthy.")] = 300.0,
    json: JsonOption = None,
) -> None:
    """Start apps in containers, with the gateway, and wait until they are healthy."""
    from greenroom.containers.engine import Engine
    from greenroom.containers.project import Project
    from greenroom.containers.services import wait_until_well

    project, engine = Project.need(), Engine()
    with project.alone(_waiting):
        wanted = _start(engine, project, apps or [], scale or [], profile or [], build=build)
    with errors().status("waiting until all are healthy"):
        found = wait_until_well(engine, project.name, wanted, seconds)
    data = {
        "project": project.name,
        "control": project.gateway,
        "agents": project.agents,
        "services": [one.to_json() for one in found],
    }
    if report(data, json):
        return
    _show(found)
    if GATEWAY in wanted:
        app = next((one.service for one in found if one.service != GATEWAY), "mail")
        console().print(f"\nepisodes are driven at {project.gateway}, agents act at {project.agents}", soft_wrap=True)
        console().print(f"roll out with: greenroom rollout {app} --sandbox compose --policy oracle", soft_wrap=True)


def _waiting() -> None:
    told = "another `greenroom up` or `down` is at work here: waiting until it has ended (Ctrl-C gives up)"
    errors().print(told, markup=False, soft_wrap=True)


def _start(
    engine: "Engine", project: "Project", apps: list[str], scales: list[str], profiles: list[str], *, build: bool
) -> list[str]:
    """Let compose start what is asked for; returns the services that have a container then."""
    from greenroom.containers.ports import need_ports, port_numbers
    from greenroom.containers.project import profile_options
    from greenroom.containers.services import need_own

    _settle(project, _made_here(engine))
    need_own(engine, project.name, project.folder)
    port_numbers(project.settings)  # Compose, which is asked for its services next, would not say what to set.
    wanted = _wanted(project, apps, profiles)
    _need_tokens(project, wanted, profiles)
    options = ["--detach", *(["--build"] if build else []), *_scales(scales, wanted)]
    need_ports(engine, project, wanted)
    try:
        project.run(*profile_options(profiles), "up", *options, *wanted, to=sys.stderr)
    except SandboxError:
        need_ports(engine, project, wanted)  # Images take minutes to build: somebody may have come meanwhile.
        raise
    return [name for name in wanted if f"{name}=0" not in scales]


def _settle(project: "Project", more: dict[str, str]) -> None:
    """See to it that there are settings, with a token for each app."""
    from greenroom.containers.project import SETTINGS
    from greenroom.wire.tokens import warn_of_readers

    file = project.folder / SETTINGS
    if project.settle(more):
        errors().print(f"wrote {file}, with random tokens", markup=False, soft_wrap=True)
    if added := project.add_tokens():
        errors().print(f"added {', '.join(added)} to {file}", markup=False, soft_wrap=True)
    warn_of_readers(file)


def _need_tokens(project: "Project", wanted: list[str], profiles: list[str]) -> None:
    """Check the tokens of what is to be started, where a message can name the setting: a container cannot."""
    from greenroom.containers import tokens

    tokens.check({name: token for name, token in project.given_tokens(profiles).items() if name in wanted})


def _made_here(engine: "Engine") -> dict[str, str]:
    """Settings for a machine where the images to begin with were made, because none can be pulled."""
    from greenroom.containers.images import LOCAL_BASE

    tags = {tag for image in engine.client.images.list() for tag in image.tags}
    made = {"BASE_IMAGE": LOCAL_BASE, "POSTGRES_IMAGE": "greenroom-postgres:latest"}
    found = {name: tag for name, tag in made.items() if tag in tags}
    return {**found, "BUILD_NETWORK": "host"} if "BASE_IMAGE" in found else found


def _wanted(project: "Project", apps: list[str], profiles: list[str]) -> list[str]:
    from greenroom.containers.project import EVERY

    known = project.services(profiles)
    for name in apps:
        if name not in known:
            if name in project.services([EVERY]):
                raise UsageError(f"'{name}' belongs to a profile, which is named with it: --profile gpu, if it is ours")
            raise UnknownNameError("service", name, known)
    return list(dict.fromkeys([*apps, GATEWAY])) if apps else known


def _scales(scales: list[str], wanted: list[str]) -> list[str]:
    for text in scales:
        name, _, count = text.partition("=")
        if name not in wanted or not count.isdecimal():
            raise UsageError(f"'--scale {text}': it takes APP=N, and APP is one of {', '.join(wanted)}")
    return [f"--scale={text}" for text in scales]


def ps(json: JsonOption = None) -> None:
    """List greenroom's containers: those of compose, and those that rollouts have started."""
    from greenroom.containers.engine import Engine
    from greenroom.containers.orphans import found
    from greenroom.containers.project import Project
    from greenroom.containers.services import services

    engine, project = Engine(), Project.find()
    composed = services(engine, project.name) if project else []
    started = [
        {"container": one.name, "status": one.status, "owner": str(one.owner or "unknown"), "orphan": one.orphan}
        for one in found(engine)
    ]
    if report({"services": [one.to_json() for one in composed], "sandboxes": started}, json):
        return
    if composed:
        _show(composed)
    if started:
        rows = [(row["container"], row["status"], _owner(row)) for row in started]
        table(("sandbox", "status", "owner"), rows)
    if not composed and not started:
        console().print("nothing runs; `greenroom up` starts the apps of compose")


def _show(found: list[Any]) -> None:
    columns = ("service", "container", "replica", "status", "health", "restarts")
    table(columns, [[getattr(one, column) for column in columns] for one in found])


def _owner(row: dict[str, Any]) -> str:
    return "gone: `greenroom down` removes it" if row["orphan"] else f"process {row['owner'].split('/')[0]}"


def logs(
    services: ServicesArgument = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as they are written.")] = False,
    tail: Annotated[int, typer.Option("--tail", min=0, help="So many lines of each container.")] = 100,
) -> None:
    """Show what the containers of compose have said."""
    from greenroom.containers.project import EVERY, Project, profile_options

    project = Project.need()
    for name in services or []:
        if name not in (known := project.services([EVERY])):
            raise UnknownNameError("service", name, known)
    options = [f"--tail={tail}", *(["--follow"] if follow else [])]
    project.run(*profile_options([EVERY]), "logs", *options, *(services or []))


def down(
    volumes: Annotated[bool, typer.Option("--volumes", help="Remove the volumes too: store, models, runs.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Remove the sandboxes of rollouts that still run as well.")
    ] = False,
    json: JsonOption = None,
) -> None:
    """Stop what compose runs, and remove the containers and run folders that killed harnesses have left."""
    from greenroom.containers.engine import Engine
    from greenroom.containers.orphans import remove_orphans
    from greenroom.containers.project import Project

    engine = Engine()
    removed, project = remove_orphans(engine, everything=everything), Project.find()
    stopped: list[str] = []
    if project is not None:
        with project.alone(_waiting):
            stopped = _stop(engine, project, volumes)
    if report({"stopped": stopped, "removed": removed}, json):
        return
    for name in removed:
        console().print(f"removed {name}, whose harness is gone" if not everything else f"removed {name}")
    if not stopped and not removed:
        console().print("nothing was running")


def _stop(engine: "Engine", project: "Project", volumes: bool) -> list[str]:
    """Stop a project, if there is anything of it; returns the names of its containers."""
    from greenroom.containers.project import EVERY, profile_options
    from greenroom.containers.services import need_own, services

    need_own(engine, project.name, project.folder)
    names = [one.container for one in services(engine, project.name)]
    if volumes and not names and project.is_named_elsewhere:
        raise UsageError(
            f"the environment calls the project '{project.name}', which nothing shows to be ours: its volumes are "
            f"removed when COMPOSE_PROJECT_NAME in {project.folder / '.env'} says so too"
        )
    if names or volumes:
        if (project.folder / ".env").is_file():
            _settle(project, {})  # Compose reads nothing where a token is missing.
        options = ["--remove-orphans", *(["--volumes"] if volumes else [])]
        project.run(*profile_options([EVERY]), "down", *options, to=sys.stderr)
    return names
