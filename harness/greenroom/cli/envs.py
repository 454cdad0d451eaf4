"""`greenroom envs`: what is installed."""

from typing import Any

from greenroom.cli.output import JsonOption, console, report, table
from greenroom.errors import GreenroomError, NotReadyError, PluginError
from greenroom.plugins import ENVS, load_app

COLUMNS = ("name", "summary", "tools", "families", "package")


def envs(json: JsonOption = None) -> None:
    """List the installed environments; those that cannot be used are listed with the reason."""
    rows = [_describe(name) for name in ENVS.names()]
    if report(rows, json):
        return
    table(COLUMNS, [[_shown(row[column]) for column in COLUMNS] for row in rows if row["problem"] is None])
    broken = [row for row in rows if row["problem"] is not None and row["needs"] is None]
    if broken:
        console().print("\nnot usable:")
    for row in broken:
        console().print(f"- {row['name']} ({row['package']}): {row['problem']}", markup=False, soft_wrap=True)
    _show_waiting([row for row in rows if row["needs"] is not None])


def _show_waiting(rows: list[dict[str, Any]]) -> None:
    """Those that must be told something first: once for all that need the same."""
    if rows:
        console().print("\ninstalled, and to be set up before use:")
    for package, needs in dict.fromkeys((row["package"], row["needs"]) for row in rows):
        names = [row["name"] for row in rows if (row["package"], row["needs"]) == (package, needs)]
        about = ENVS.about(names[0])
        for line in (f"- {', '.join(names)} ({package})", *([f"  {about}"] if about else ()), f"  {needs}"):
            console().print(line, markup=False, soft_wrap=True)


def _describe(name: str) -> dict[str, Any]:
    """One environment; `problem` says why it cannot be used (`needs`: what it must be told), None where it can."""
    row: dict[str, Any] = {
        "name": name,
        "package": ENVS.distribution(name),
        "summary": None,
        "tools": None,
        "families": [],
        "needs": None,
    }
    try:
        app = load_app(name)
        row |= {"summary": app.summary, "tools": len(app.tools), "families": sorted(app.families)}
        return {**row, "problem": _problem(name)}
    except NotReadyError as error:
        return {**row, "problem": str(error), "needs": error.needs}
    except PluginError as error:
        return {**row, "problem": str(error)}


def _problem(name: str) -> str | None:
    """What would stop an app that loads from being played."""
    app = load_app(name)
    try:
        _ = app.populating
        _ = [tool.schema for tool in app.tools.values()]
    except GreenroomError as error:
        return str(error)
    except Exception as error:  # A plugin's annotations may fail in any way; the others are still listed.
        return f"a tool cannot be described: {type(error).__name__}: {error}"
    return None if app.families else "it has no @app.task_family: write one"


def _shown(value: Any) -> Any:
    """A list as how many it holds: dozens of families would fill the screen; `--json` names them."""
    return len(value) if isinstance(value, list) else value  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
