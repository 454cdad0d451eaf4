"""The store on a real PostgreSQL server."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from greenroom.store import GroupRow, RolloutRow, Store
from greenroom.store.models import StoreBase


@pytest.fixture
def url(postgres: str) -> str:
    return postgres.replace("postgresql://", "postgresql+psycopg://")


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
