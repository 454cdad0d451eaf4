import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import greenroom.store
from greenroom.errors import StoreError, UsageError
from greenroom.store import GroupRow, RolloutRow, Store, default_url
from greenroom.store.migrate import SCHEMA
from greenroom.store.models import StoreBase
from greenroom.store.store import RunCounts


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "deep" / "store.db") as opened:
        yield opened


def begin(store: Store, **config: Any) -> int:
    return store.begin_run("rollout", app="notes", policy="oracle", user="goal", config=config)


def group(run: int, number: int = 0) -> GroupRow:
    return GroupRow(
        run_id=run, number=number, task="notes/test/x/1", seed=2**62, size=2, snapshot="s", state="t", opening="o"
    )


def rollout(run: int, number: int = 0, member: int = 0, **values: Any) -> RolloutRow:
    defaults: dict[str, Any] = {
        "seed": 2**62,
        "messages": [{"role": "user", "content": "naïve – 漢字 \U0001f600"}],
        "reward": 1.0,
        "valid": True,
        "findings": ["all well"],
        "acts": ["open"],
        "faults": [{"step": 1, "kind": "latency", "tool": "notes_read", "call": 1, "detail": {"seconds": 0.25}}],
        "steps": 3,
        "truncated": False,
        "seconds": {"total": 0.25},
    }
    return RolloutRow(run_id=run, group_number=number, member=member, **{**defaults, **values})


def columns(row: Any) -> dict[str, Any]:
    return {c.key: getattr(row, c.key) for c in row.__table__.columns}


def test_what_is_written_is_read_again_exactly(store: Store) -> None:
    run = begin(store, groups=2)
    tokens = {"token_ids": [0, 151_935, 7], "token_mask": [0, 1, 1], "logprobs": [0.0, -0.1, -1e-9]}
    written = rollout(run, content_id="c", **tokens)
    store.add_rollout(written, group(run))

    read = store.rollout(f"{run}.0.0")
    assert {**columns(read)} == {**columns(written), "boundary": None, "cause": None}
    assert read.name == f"{run}.0.0"
    assert columns(store.group(run, 0)) == columns(group(run))
    assert store.run(run).config == {"groups": 2}
    assert store.run(run).versions["greenroom"]


def test_a_store_opened_again_holds_everything(tmp_path: Path) -> None:
    with Store(tmp_path / "x.db") as store:
        run = begin(store)
        store.add_rollout(rollout(run), group(run))
        store.end_run(run)
    with Store(f"sqlite:///{tmp_path}/x.db", create=False) as store:
        assert store.run(run).status == "finished"
        assert store.run(run).ended is not None
        assert len(list(store.rollouts(run))) == 1


def test_counts_leave_invalid_rollouts_out_of_the_figures(store: Store) -> None:
    run = begin(store)
    store.add_rollout(rollout(run, member=0, reward=1.0), group(run))
    store.add_rollout(rollout(run, member=1, reward=0.5))
    store.add_rollout(rollout(run, member=2, reward=None, valid=False, boundary="app", cause="x"))
    assert store.counts(run) == RunCounts(groups=1, rollouts=3, invalid=1, reward=0.75, success=0.5)
    assert store.rewards(run) == [(0, 1.0), (0, 0.5), (0, None)]
    assert store.counts(begin(store)) == RunCounts(0, 0, 0, None, None)


def test_rollouts_come_in_order_and_by_group(store: Store) -> None:
    run = begin(store)
    for number in (1, 0):
        store.add_group(group(run, number))
        for member in (1, 0):
            store.add_rollout(rollout(run, number, member))
    assert [r.name for r in store.rollouts(run, batch=2)] == [f"{run}.{k}" for k in ("0.0", "0.1", "1.0", "1.1")]
    assert [r.name for r in store.rollouts(run, 1)] == [f"{run}.1.0", f"{run}.1.1"]


def test_a_step_that_is_done_again_replaces_its_metrics(store: Store) -> None:
    run = begin(store)
    store.add_metrics(run, 0, {"reward": 0.1, "loss": 2.0})
    store.add_metrics(run, 1, {"reward": 0.2})
    store.add_metrics(run, 0, {"reward": 0.3})
    found = [(m.step, m.name, m.value) for m in store.metrics(run)]
    assert found == [(0, "loss", 2.0), (0, "reward", 0.3), (1, "reward", 0.2)]
    assert [m.value for m in store.metrics(run, "reward")] == [0.3, 0.2]


def test_a_rollout_is_never_written_twice(store: Store) -> None:
    run = begin(store)
    store.add_rollout(rollout(run), group(run))
    with pytest.raises(StoreError, match=r"cannot write the store .*UNIQUE"):
        store.add_rollout(rollout(run, reward=0.0))
    assert store.rollout(f"{run}.0.0").reward == 1.0


@pytest.mark.parametrize("name", ["1.0", "one", "1.0.0.0", "-1.0.0"])
def test_a_malformed_name_is_refused(store: Store, name: str) -> None:
    with pytest.raises(UsageError, match=r"is no rollout: write run\.group\.member"):
        store.rollout(name)


def test_what_is_not_there_is_said_with_what_is(store: Store) -> None:
    with pytest.raises(UsageError, match=r"no run '7' .*it has none"):
        store.run(7)
    run = begin(store)
    with pytest.raises(UsageError, match=f"no run '7' .*the last is {run}"):
        store.run(7)
    with pytest.raises(UsageError, match=f"no rollout '{run}.3.1'"):
        store.rollout(f"{run}.3.1")
    with pytest.raises(UsageError, match=f"no group '{run}.3'"):
        store.group(run, 3)


def test_the_store_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GREENROOM_STORE", raising=False)
    assert default_url() == str(Path("runs") / "greenroom.db")
    monkeypatch.setenv("GREENROOM_STORE", "/somewhere/x.db")
    assert default_url() == "/somewhere/x.db"


def test_migrations_make_the_schema_of_the_models(store: Store) -> None:
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), StoreBase.metadata) == []


def test_the_newest_migration_is_the_one_that_opening_looks_for() -> None:
    folder = Path(str(greenroom.store.__file__)).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == SCHEMA


def test_a_store_from_before_openings_were_kept_opens_with_its_groups(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with Store(path) as store:
        run = begin(store)
        store.add_rollout(rollout(run), group(run))
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE rollout_groups DROP COLUMN opening")
        connection.execute("UPDATE alembic_version SET version_num = '0002'")
    connection.close()
    with Store(path) as store:
        assert columns(store.group(run, 0)) == {**columns(group(run)), "opening": ""}
        store.add_group(group(run, 1))
        assert store.group(run, 1).opening == "o"


def test_a_store_of_a_newer_greenroom_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    Store(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match=r"schema 9999, written by a newer greenroom.*update greenroom"):
        Store(path)


def test_a_database_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE runs (distance REAL)")
    connection.close()
    with pytest.raises(StoreError, match="is no greenroom store"):
        Store(path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_text("my diary\n" * 200)
    with pytest.raises(StoreError, match=r"cannot open the store .*x.db: file is not a database"):
        Store(path)
    assert path.read_text().startswith("my diary")


def test_a_store_that_must_exist_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no store at .*play some rollouts first"):
        Store(tmp_path / "none.db", create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["file/x.db", "folder"])
def test_a_place_that_cannot_hold_a_store_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match=r"cannot (make|open)"):
        Store(tmp_path / name)


def test_a_store_that_may_only_be_read_says_so_when_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Store(tmp_path / "x.db").close()
    with Store(f"sqlite:///file:{tmp_path}/x.db?mode=ro&uri=true") as store:
        with pytest.raises(StoreError, match=r"cannot write the store .*readonly database"):
            begin(store)
        assert store.runs() == []
    assert not (tmp_path / "file:").exists()


@pytest.mark.parametrize(
    ("url", "message"), [("nosql://x/y", "driver that is not installed"), ("://", "is no address of a store")]
)
def test_an_address_that_cannot_be_used_is_refused(url: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Store(url)


def test_a_password_is_never_shown(tmp_path: Path) -> None:
    with pytest.raises((StoreError, UsageError)) as error:
        Store("postgresql+psycopg://me:secret@127.0.0.1:9/x")
    assert "secret" not in str(error.value)


WRITE = """
import sys
from greenroom.store import Store, GroupRow
with Store(sys.argv[1]) as store:
    run = store.begin_run("rollout", app="notes", policy="p", user="u", config={})
    for number in range(50):
        store.add_group(GroupRow(run_id=run, number=number, task="t", seed=0, size=1, snapshot="", state=""))
    store.end_run(run)
"""


def test_processes_that_make_and_fill_one_store_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    command = [sys.executable, "-W", "error", "-c", WRITE, str(path)]
    writers = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    for writer in writers:
        _, errors = writer.communicate(timeout=60)
        assert writer.returncode == 0, errors.decode()
    with Store(path) as store:
        assert [len(store.groups(run.id)) for run in store.runs()] == [50, 50, 50]


FILL = """
import sys
from greenroom.errors import StoreError
from greenroom.store import Store, GroupRow
store = Store(sys.argv[1])
run = store.begin_run("rollout", app="notes", policy="p", user="u", config={})
for number in range(10_000):
    try:
        store.add_group(GroupRow(run_id=run, number=number, task="t" * 300, seed=0, size=1, snapshot="", state=""))
    except StoreError as error:
        print(number, error)
        break
"""


def test_a_disk_that_is_full_is_an_error_and_what_was_written_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    limit = 1_000_000
    filled = subprocess.run(
        [sys.executable, "-c", FILL, str(path)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        capture_output=True,
        text=True,
        timeout=60,
    )
    written, _, message = filled.stdout.partition(" ")
    assert message.startswith(f"cannot write the store {path}: "), filled.stderr
    assert os.path.getsize(path) <= limit  # noqa: PTH202
    with Store(path) as store:
        assert len(store.groups(1)) == int(written) > 10
