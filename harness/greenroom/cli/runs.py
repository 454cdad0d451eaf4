"""`greenroom runs`, `show`, `export`: what the store holds."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from greenroom.cli.conversation import plain, show_conversation
from greenroom.cli.options import StoreOption
from greenroom.cli.output import JsonOption, console, report, table
from greenroom.errors import UsageError

if TYPE_CHECKING:
    from greenroom.store import Store

SHOWN = 50


def runs(store: StoreOption = None, json: JsonOption = None) -> None:
    """List the runs of the store."""
    from greenroom.store import Store

    with Store(store, create=False) as opened:
        rows = [_run_json(opened, run.id) for run in opened.runs()]
    if report(rows, json):
        return
    columns = ("id", "kind", "app", "policy", "started", "status")
    figures = ("rollouts", "invalid", "reward")
    shown = [{**row, "started": row["started"][5:16].replace("T", " ")} for row in rows]
    table((*columns, *figures), [[row[c] for c in (*columns, *figures)] for row in shown])


def show(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A run (1), a group (1.0) or a rollout (1.0.0); else the last run."),
    ] = None,
    store: StoreOption = None,
    json: JsonOption = None,
) -> None:
    """Show a run, a group, or a rollout with its whole conversation."""
    from greenroom.store import Store

    parts = name.split(".") if name else []
    if len(parts) > 3 or not all(part.isdecimal() for part in parts):
        raise UsageError(f"'{name}' is no run, group or rollout: write 1, 1.0 or 1.0.0 (see `greenroom runs`)")
    with Store(store, create=False) as opened:
        if name is None:
            _show_run(opened, str(last_run(opened)), json)
            return
        (_show_run, _show_group, _show_rollout)[len(parts) - 1](opened, name, json)


def export(
    run: Annotated[int | None, typer.Argument(help="The run; else the last.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="The file; else run-ID.FORMAT here.")] = None,
    format: Annotated[str, typer.Option("--format", help="jsonl or parquet.")] = "jsonl",
    invalid: Annotated[bool, typer.Option("--invalid", help="Write invalid rollouts too.")] = False,
    store: StoreOption = None,
) -> None:
    """Write a run's rollouts to a file: messages, token ids, rewards, snapshot ids."""
    from greenroom.store import Store
    from greenroom.store.export import export as write

    with Store(store, create=False) as opened:
        number = last_run(opened) if run is None else run
        path = out or Path(f"run-{number}.{format}")
        count = write(opened, number, path, format, invalid=invalid)
    console().print(f"{count} rollouts written to {path}", soft_wrap=True)


def last_run(store: "Store") -> int:
    """The id of the run that was begun last.

    Raises:
        UsageError: There is none.
    """
    found = store.runs()
    if not found:
        raise UsageError(f"the store {store} has no runs: play some rollouts first (`greenroom rollout APP`)")
    return found[-1].id


def _run_json(store: "Store", run: int) -> dict[str, Any]:
    row = store.run(run)
    return {
        "id": row.id,
        "kind": row.kind,
        "app": row.app,
        "policy": row.policy,
        "user": row.user,
        "config": row.config,
        "versions": row.versions,
        "status": row.status,
        "cause": row.cause,
        "started": row.started.isoformat(timespec="seconds"),
        "ended": row.ended.isoformat(timespec="seconds") if row.ended else None,
        **asdict(store.counts(run)),
    }


def _show_run(store: "Store", name: str, json: str | None) -> None:
    data = _run_json(store, int(name))
    groups: dict[int, dict[str, Any]] = {
        g.number: {"group": f"{g.run_id}.{g.number}", "task": g.task, "state": g.state, "rewards": []}
        for g in store.groups(data["id"])
    }
    for number, reward in store.rewards(data["id"]):
        groups[number]["rewards"].append(reward)
    if report({**data, "group_list": list(groups.values())}, json):
        return
    for key, value in data.items():
        if value is not None:
            console().print(f"[bold]{key}[/]: ", end="")
            console().print(plain(value), markup=False, soft_wrap=True)
    rows = [[g["group"], g["task"], g["state"][:12], _rewards(g["rewards"])] for g in groups.values()]
    table(("group", "task", "state", "rewards"), rows[:SHOWN])
    if len(rows) > SHOWN:
        console().print(f"… and {len(rows) - SHOWN} groups more: see them all with --json")


def _show_group(store: "Store", name: str, json: str | None) -> None:
    run, number = (int(part) for part in name.split("."))
    group = store.group(run, number)
    rows: list[dict[str, Any]] = [
        {
            "rollout": r.name,
            "seed": r.seed,
            "steps": r.steps,
            "reward": r.reward,
            "cause": f"{r.boundary}: {r.cause}" if not r.valid else "",
            "findings": r.findings,
        }
        for r in store.rollouts(run, number)
    ]
    head = {
        "task": group.task,
        "seed": group.seed,
        "snapshot": group.snapshot,
        "state": group.state,
        "opening": group.opening,
    }
    if report({**head, "rollouts": rows}, json):
        return
    for key, value in head.items():
        console().print(f"{key}: {value}", markup=False, soft_wrap=True)
    columns = ("rollout", "seed", "steps", "reward", "cause")
    table(columns, [[row[c] for c in columns] for row in rows])
    for row in rows:
        for finding in row["findings"]:
            console().print(f"- {row['rollout']} {finding}", markup=False, soft_wrap=True)


def _show_rollout(store: "Store", name: str, json: str | None) -> None:
    from greenroom.store.export import record

    row = store.rollout(name)
    data = record(row, store.group(row.run_id, row.group_number))
    if not report(data, json):
        show_conversation(data)


def _rewards(rewards: list[float | None]) -> str:
    return " ".join("×" if r is None else f"{r:g}" for r in rewards)
