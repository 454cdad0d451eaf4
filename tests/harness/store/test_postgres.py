"""The store on a real Postgres server, started for these tests where its programs and psycopg are installed."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from greenroom.store import GroupRow, RolloutRow, Store
from greenroom.store.models import StoreBase


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'greenroom[postgres]'")
    if not shutil.which("initdb") or not shutil.which("pg_ctl"):
        pytest.skip("no Postgres server is installed")
    home = tmp_path_factory.mktemp("postgres")
    # Postgres refuses to run as root.
    user = "nobody" if os.geteuid() == 0 else None
    if user:
        home = Path("/tmp") / f"greenroom-postgres-{os.getpid()}"
        home.mkdir()
        shutil.chown(home, user)
    port = free_port()
    options = f"-p {port} -k {home} -c listen_addresses=127.0.0.1"
    data = str(home / "data")
    quiet = {"user": user, "check": True, "stdout": subprocess.DEVNULL, "cwd": home, "timeout": 60}
    try:
        subprocess.run(["initdb", "-D", data, "-A", "trust", "-U", "me"], **quiet)
        subprocess.run(["pg_ctl", "-D", data, "-o", options, "-l", str(home / "log"), "-w", "start"], **quiet)
        yield f"postgresql+psycopg://me@127.0.0.1:{port}/postgres"
        subprocess.run(["pg_ctl", "-D", data, "-m", "fast", "-w", "stop"], **quiet)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_a_store_on_postgres_gives_back_what_was_written(url: str) -> None:
    rollout = RolloutRow(
        run_id=1,
        group_number=0,
        member=0,
        seed=2**62,
        messages=[{"role": "user", "content": "naïve \U0001f600"}],
        token_ids=[1, 2],
        token_mask=[0, 1],
        logprobs=[0.0, -1e-9],
        reward=0.1,
        valid=True,
        findings=[],
        acts=["thank"],
        steps=1,
        truncated=False,
        seconds={"total": 0.1},
    )
    with Store(url) as store:
        run = store.begin_run("rollout", app="notes", policy="p", user="u", config={"a": 1})
        group = GroupRow(run_id=run, number=0, task="t", seed=2**62, size=1, snapshot="s", state="t")
        store.add_rollout(rollout, group)
        store.add_metrics(run, 0, {"reward": 0.5})
        store.add_metrics(run, 0, {"reward": 0.1})
        store.end_run(run)
    with Store(url) as store:
        read = store.rollout("1.0.0")
        assert (read.logprobs, read.reward, read.seed) == ([0.0, -1e-9], 0.1, 2**62)
        assert read.messages == [{"role": "user", "content": "naïve \U0001f600"}]
        assert [m.value for m in store.metrics(run)] == [0.1]
        assert (store.counts(run).reward, store.run(run).status) == (0.1, "finished")


def test_migrations_make_the_schema_of_the_models_on_postgres(url: str) -> None:
    with Store(url) as store, store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), StoreBase.metadata) == []
