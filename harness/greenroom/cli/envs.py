"""`greenroom envs`: what is installed."""

from typing import Any

from greenroom.cli.output import JsonOption, report, table
from greenroom.errors import PluginError
from greenroom.plugins import ENVS, load_app


def envs(json: JsonOption = None) -> None:
    """List the installed environments."""
    rows = [_describe(name) for name in ENVS.names()]
    if report(rows, json):
        return
    columns = ("name", "summary", "tools", "families", "package")
    shown = [[", ".join(r[c]) if c == "families" else r[c] for c in columns] for r in rows]
    table(columns, shown)


def _describe(name: str) -> dict[str, Any]:
    """One environment; one that does not load is listed with the reason."""
    row: dict[str, Any] = {"name": name, "package": ENVS.distribution(name)}
    try:
        app = load_app(name)
    except PluginError as error:
        return {**row, "summary": str(error), "tools": None, "families": []}
    return {**row, "summary": app.summary, "tools": len(app.tools), "families": sorted(app.families)}
