import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from greenroom import messages as m
from greenroom.errors import StoreError, UnknownNameError, UsageError
from greenroom.store import GroupRow, RolloutRow, Store
from greenroom.store.export import export

MESSAGES = [
    m.system("policy"),
    m.user("naïve?"),
    m.assistant(None, m.call("notes_read", note_id=3)),
    m.tool("call_0", "{}"),
    m.assistant("Done."),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with a run of three rollouts: with tokens, without, and invalid."""
    path = tmp_path / "store.db"
    with Store(path) as store:
        run = store.begin_run("rollout", app="notes", policy="p", user="u", config={})
        group = GroupRow(run_id=run, number=0, task="notes/test/x/0", seed=5, size=3, snapshot="s", state="t")
        store.add_group(group)
        tokens = {"token_ids": [1, 2], "token_mask": [0, 1], "logprobs": [0.0, -0.5]}
        store.add_rollout(row(run, 0, reward=1.0, valid=True, **tokens))
        store.add_rollout(row(run, 1, reward=0.0, valid=True))
        store.add_rollout(row(run, 2, valid=False, boundary="app", cause="AppError: x"))
    return path


def row(run: int, member: int, **values: object) -> RolloutRow:
    return RolloutRow(
        run_id=run,
        group_number=0,
        member=member,
        seed=member,
        messages=MESSAGES,
        findings=[],
        acts=["thank"],
        steps=2,
        truncated=False,
        content_id="c",
        seconds={"total": 0.5},
        **values,
    )


def test_json_lines_hold_messages_tokens_rewards_and_ids(path: Path, tmp_path: Path) -> None:
    with Store(path) as store:
        assert export(store, 1, tmp_path / "out" / "x.jsonl") == 2
    rows = [json.loads(line) for line in (tmp_path / "out" / "x.jsonl").read_text().splitlines()]
    assert [r["rollout"] for r in rows] == ["1.0.0", "1.0.1"]
    assert rows[0]["messages"] == MESSAGES
    assert (rows[0]["token_ids"], rows[0]["token_mask"], rows[0]["logprobs"]) == ([1, 2], [0, 1], [0.0, -0.5])
    assert (rows[0]["task"], rows[0]["snapshot"], rows[0]["state"]) == ("notes/test/x/0", "s", "t")
    assert [r["reward"] for r in rows] == [1.0, 0.0]
    assert list((tmp_path / "out").iterdir()) == [tmp_path / "out" / "x.jsonl"]


def test_parquet_holds_the_same(path: Path, tmp_path: Path) -> None:
    with Store(path) as store:
        assert export(store, 1, tmp_path / "x.parquet", "parquet", invalid=True) == 3
        export(store, 1, tmp_path / "x.jsonl", invalid=True)
    rows = pq.read_table(tmp_path / "x.parquet").to_pylist()
    lines = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines()]
    for stored, line in zip(rows, lines, strict=True):
        messages = [{k: v for k, v in x.items() if v is not None or k == "content"} for x in stored["messages"]]
        assert {**stored, "messages": messages} == line
    assert (rows[2]["reward"], rows[2]["boundary"]) == (None, "app")


def test_an_unknown_format_or_run_is_refused(path: Path, tmp_path: Path) -> None:
    with Store(path) as store:
        with pytest.raises(UnknownNameError, match="no export format 'parket'; did you mean 'parquet'"):
            export(store, 1, tmp_path / "x", "parket")
        with pytest.raises(UsageError, match="no run '2'"):
            export(store, 2, tmp_path / "x")


def test_a_file_that_cannot_be_written_is_an_error(path: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with Store(path) as store, pytest.raises(StoreError, match=r"cannot write .*x\.jsonl"):
        export(store, 1, tmp_path / "file" / "x.jsonl")


WITHOUT = """
import sys
from pathlib import Path
from greenroom.errors import MissingExtraError
from greenroom.store import Store
from greenroom.store.export import export
sys.modules["pyarrow"] = None
try:
    export(Store(sys.argv[1]), 1, Path(sys.argv[2]), "parquet")
except MissingExtraError as error:
    print(error)
"""


def test_parquet_without_pyarrow_says_what_to_install(path: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT, str(path), str(tmp_path / "x.parquet")]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "pip install 'greenroom[export]'" in printed
