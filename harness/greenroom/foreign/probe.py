"""The state probe: what the author names of an application's state, as rows; the hash of them, and how they differ."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from greenroom.errors import AppError, SandboxError
from greenroom.foreign.spec import ContainerApp, Sql, Table
from greenroom.foreign.stack import Stack
from greenroom.worlds import Change, net

Row = dict[str, Any]
REFUSED = "refused with status"
"""The one column of the one row of a path that is refused."""
State = Mapping[str, Sequence[Row]]
"""Rows by table, in canonical order."""


def read_state(app: ContainerApp, stack: Stack) -> State:
    """The state of a fork, as the probe sees it. A path that is refused is a state too: an agent may bring it about.

    Raises:
        SandboxError: A query or a command fails.
    """
    return {name: sorted(_rows(app, stack, table), key=canonical) for name, table in app.probe.items()}


def check_start(app: ContainerApp, state: State) -> None:
    """See that the probe works where an episode starts.

    Raises:
        AppError: A path is refused.
    """
    for name, rows in state.items():
        for row in rows:
            if REFUSED in row:
                raise AppError(f"probe '{name}': GET {app.probe[name].http} answers {row[REFUSED]} at the start")


def state_id(app: ContainerApp, state: State) -> str:
    """SHA-256 of the rows: equal ids prove, as far as the probe sees, an identical state."""
    digest = hashlib.sha256(f"greenroom foreign 1 {app.name}\n".encode())
    for name in sorted(state):
        for row in state[name]:
            digest.update(f"{name} {canonical(row)}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def changes(app: ContainerApp, before: State, after: State) -> list[Change]:
    """What has become of the rows. Whose doing it was nobody knows: it counts as the agent's."""
    found: list[Change] = []
    for name, table in app.probe.items():
        old, new = [canonical(row) for row in before[name]], [canonical(row) for row in after[name]]
        gone, come = _left(before[name], new), _left(after[name], old)
        found += [Change("agent", "delete", name, _key(name, table, row), row, None) for row in gone]
        found += [Change("agent", "insert", name, _key(name, table, row), None, row) for row in come]
    return net(found)


def _left(rows: Sequence[Row], others: Sequence[str]) -> list[Row]:
    """The rows that have no equal among others, each of which is equal to one only."""
    rest, left = list(others), list[Row]()
    for row in rows:
        text = canonical(row)
        if text in rest:
            rest.remove(text)
        else:
            left.append(row)
    return left


def _key(name: str, table: Table, row: Row) -> tuple[Any, ...]:
    if REFUSED in row:
        return (REFUSED,)
    missing = [column for column in table.key if column not in row]
    if missing:
        raise SandboxError(f"probe '{name}': its rows have no column '{missing[0]}' for the key, but {', '.join(row)}")
    return tuple(_hashable(row[column]) for column in table.key) or (canonical(row),)


def _hashable(value: Any) -> Any:
    return canonical(value) if isinstance(value, list | dict) else value


def canonical(value: Any) -> str:
    """One text for equal data."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _rows(app: ContainerApp, stack: Stack, table: Table) -> list[Row]:
    if table.sql:
        return query(app, stack, table.sql)
    if table.run:
        return [{"line": line} for line in stack.run(table.run).splitlines()]
    answer = stack.ask("GET", table.http)
    if not answer.ok:
        return [{REFUSED: answer.status}]
    body = answer.body
    rows = cast(list[Any], body) if isinstance(body, list) else [body]
    return [cast(Row, row) if isinstance(row, dict) else {"value": row} for row in rows]


def query(app: ContainerApp, stack: Stack, text: str) -> list[Row]:
    """The rows of a query: objects as they are, lists by position.

    Raises:
        SandboxError: It fails, or prints no JSON.
    """
    sql = cast(Sql, app.sql)
    printed = stack.run([*sql.command, text], sql.service).strip()
    try:
        rows: Any = json.loads(printed) if printed else []
    except ValueError:
        raise SandboxError(
            f"{sql.command[0]!r} must print JSON rows; for {text!r} it printed {printed[:200]!r}"
        ) from None
    return [_row(row) for row in rows]


def _row(row: Any) -> Row:
    if isinstance(row, dict):
        return cast(Row, row)
    values = cast(list[Any], row) if isinstance(row, list) else [row]
    return {str(number): value for number, value in enumerate(values)}
