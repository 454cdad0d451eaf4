"""Export of rollouts for others to learn from: JSON lines or Parquet."""

import json
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from greenroom.errors import MissingExtraError, StoreError, UnknownNameError
from greenroom.store.models import GroupRow, RolloutRow
from greenroom.store.store import Store

FORMATS = ("jsonl", "parquet")
BATCH = 1000


def export(store: Store, run: int, path: Path, format: str = "jsonl", *, invalid: bool = False) -> int:
    """Write a run's rollouts to a file; returns how many.

    Args:
        store: Where they are.
        run: Which run.
        path: The file; appears only when it is whole.
        format: `jsonl` or `parquet`.
        invalid: Whether to write invalid rollouts too.

    Raises:
        UnknownNameError: No such format.
        UsageError: No such run.
        MissingExtraError: Parquet without pyarrow.
        StoreError: The file cannot be written.
    """
    if format not in FORMATS:
        raise UnknownNameError("export format", format, FORMATS)
    store.run(run)
    write = _write_jsonl if format == "jsonl" else _write_parquet
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        count = write(records(store, run, invalid=invalid), part)
        part.replace(path)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return count


def records(store: Store, run: int, *, invalid: bool = False) -> Iterator[dict[str, Any]]:
    """A run's rollouts as plain data, one at a time."""
    groups = {group.number: group for group in store.groups(run)}
    for row in store.rollouts(run):
        if row.valid or invalid:
            yield record(row, groups[row.group_number])


def record(row: RolloutRow, group: GroupRow) -> dict[str, Any]:
    """One rollout as plain data."""
    return {
        "rollout": row.name,
        "run": row.run_id,
        "group": row.group_number,
        "member": row.member,
        "task": group.task,
        "snapshot": group.snapshot,
        "state": group.state,
        "opening": group.opening,
        "group_seed": group.seed,
        "policy_seed": row.seed,
        "messages": row.messages,
        "token_ids": row.token_ids,
        "token_mask": row.token_mask,
        "logprobs": row.logprobs,
        "reward": row.reward,
        "valid": row.valid,
        "boundary": row.boundary,
        "cause": row.cause,
        "findings": row.findings,
        "acts": row.acts,
        "faults": row.faults,
        "steps": row.steps,
        "truncated": row.truncated,
        "content_id": row.content_id,
        "seconds": row.seconds.get("total"),
    }


def _write_jsonl(rows: Iterator[dict[str, Any]], path: Path) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def _write_parquet(rows: Iterator[dict[str, Any]], path: Path) -> int:
    try:
        pa: Any = import_module("pyarrow")
        pq: Any = import_module("pyarrow.parquet")
    except ImportError:
        raise MissingExtraError("export as Parquet", "export") from None
    schema: Any = _schema(pa)
    count = 0
    with pq.ParquetWriter(str(path), schema) as writer:
        batch: list[dict[str, Any]] = []
        for row in rows:
            batch.append(_flat(row))
            if len(batch) == BATCH:
                writer.write_table(pa.Table.from_pylist(batch, schema=schema))
                count, batch = count + len(batch), []
        writer.write_table(pa.Table.from_pylist(batch, schema=schema))
    return count + len(batch)


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Messages of one shape: Parquet has columns where JSON has optional keys; faults as JSON texts."""
    messages = [
        {
            "role": m["role"],
            "content": m["content"],
            "tool_calls": m.get("tool_calls"),
            "tool_call_id": m.get("tool_call_id"),
        }
        for m in row["messages"]
    ]
    return {**row, "messages": messages, "faults": [json.dumps(fault) for fault in row["faults"]]}


def _schema(pa: Any) -> Any:
    text, number, long = pa.string(), pa.float64(), pa.int64()
    function = pa.struct([("name", text), ("arguments", text)])
    call = pa.struct([("id", text), ("type", text), ("function", function)])
    message = pa.struct([("role", text), ("content", text), ("tool_calls", pa.list_(call)), ("tool_call_id", text)])
    columns = [("rollout", text), ("run", long), ("group", long), ("member", long), ("task", text)]
    columns += [("snapshot", text), ("state", text), ("opening", text), ("group_seed", long), ("policy_seed", long)]
    columns += [("messages", pa.list_(message)), ("token_ids", pa.list_(pa.int32()))]
    columns += [("token_mask", pa.list_(pa.int8())), ("logprobs", pa.list_(number))]
    columns += [("reward", number), ("valid", pa.bool_()), ("boundary", text), ("cause", text)]
    columns += [("findings", pa.list_(text)), ("acts", pa.list_(text)), ("faults", pa.list_(text)), ("steps", long)]
    columns += [("truncated", pa.bool_()), ("content_id", text), ("seconds", number)]
    return pa.schema(columns)
