"""`greenroom doctor`: what this machine has, and what to do about the rest."""

from greenroom.cli.output import JsonOption, console, report, table


def doctor(json: JsonOption = None) -> None:
    """Look at this machine: Docker, compose, disk, browser, torch, GPU, PostgreSQL; say what to do about each."""
    from greenroom.containers.engine import Engine
    from greenroom.doctor import docker, machine
    from greenroom.doctor.finding import examine

    findings = examine([*machine.CHECKS, *docker.checks(Engine())])
    if report([finding.to_json() for finding in findings], json):
        return
    table(("what", "status", "found"), [(one.name, one.status, one.found) for one in findings])
    todo = [one for one in findings if one.todo]
    if todo:
        console().print("\nwhat to do:")
    for one in todo:
        needed = f" (for {one.needed})" if one.needed else ""
        console().print(f"- {one.name}: {one.todo}{needed}", markup=False, soft_wrap=True)
