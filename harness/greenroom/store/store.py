"""The store: one database for runs, groups, rollouts and metrics."""

import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from greenroom.errors import StoreError, UsageError
from greenroom.store.address import engine, make_room, parse
from greenroom.store.migrate import migrate
from greenroom.store.models import GroupRow, Metric, RolloutRow, Run, StoreBase

DEFAULT_PATH = Path("runs") / "greenroom.db"


def default_url() -> str:
    """Where rollouts go when nobody says: `GREENROOM_STORE`, or runs/greenroom.db below the current folder."""
    return os.environ.get("GREENROOM_STORE") or str(DEFAULT_PATH)


@dataclass(frozen=True)
class RunCounts:
    """How a run stands.

    Attributes:
        groups: Groups that have at least one rollout.
        rollouts: Finished rollouts, the invalid ones included.
        invalid: Of those, how many are invalid.
        reward: Mean reward of the valid ones; None without any.
        success: Share of the valid ones whose reward is 1.
    """

    groups: int
    rollouts: int
    invalid: int
    reward: float | None
    success: float | None


class Store:
    """Runs, groups, rollouts and metrics in one database.

    Each write is a transaction of its own, committed before the call returns. Use from one thread.

    Args:
        url: A SQLAlchemy URL, or the path of a SQLite file.
        create: Whether to make a SQLite file that does not exist.

    Raises:
        UsageError: The URL is none, or names a database whose driver is not installed.
        StoreError: It cannot be opened, or was written by a newer greenroom.
    """

    def __init__(self, url: str | Path | None = None, *, create: bool = True) -> None:
        self.url = parse(str(url or default_url()))
        make_room(self.url, create)
        self.engine = engine(self.url)
        self._writer = self.engine.execution_options(greenroom_begin="BEGIN IMMEDIATE")
        try:
            with self._guard("open"):
                migrate(self._writer)
        except BaseException:
            self.engine.dispose()
            raise

    def __str__(self) -> str:
        """The URL without its password, or the path of a SQLite file."""
        if self.url.get_backend_name() == "sqlite" and self.url.database:
            return self.url.database
        return self.url.render_as_string(hide_password=True)

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def begin_run(self, kind: str, *, app: str, policy: str, user: str, config: Mapping[str, Any]) -> int:
        """Record the beginning of a run; returns its id."""
        from greenroom.store.versions import versions

        run = Run(
            kind=kind,
            app=app,
            policy=policy,
            user=user,
            config=dict(config),
            versions=versions(app),
            started=datetime.now(UTC),
        )
        with self._writing() as session:
            session.add(run)
            session.flush()
            return run.id

    def end_run(self, run: int, status: str = "finished", cause: str | None = None) -> None:
        """Record the end of a run, or with `running` that it goes on."""
        with self._writing() as session:
            row = session.get_one(Run, run)
            row.status, row.cause = status, cause
            row.ended = None if status == "running" else datetime.now(UTC)

    def add_group(self, row: GroupRow) -> None:
        """Write a group."""
        self._insert(row)

    def add_rollout(self, row: RolloutRow, group: GroupRow | None = None) -> None:
        """Write a finished rollout, and with the group's first one the group, in one transaction."""
        self._insert(*([group, row] if group else [row]))

    def add_metrics(self, run: int, step: int, values: Mapping[str, float]) -> None:
        """Write metrics of one step; a step that is done again replaces them."""
        rows = [{"run_id": run, "step": step, "name": n, "value": float(v)} for n, v in values.items()]
        old = delete(Metric).where(Metric.run_id == run, Metric.step == step, Metric.name.in_(list(values)))
        with self._guard("write"), self._writer.begin() as connection:
            connection.execute(old)
            if rows:
                connection.execute(insert(Metric), rows)

    def runs(self) -> list[Run]:
        """All runs, the oldest first."""
        with self._reading() as session:
            return list(session.scalars(select(Run).order_by(Run.id)))

    def run(self, run: int) -> Run:
        """One run.

        Raises:
            UsageError: There is none of that id.
        """
        with self._reading() as session:
            found = session.get(Run, run)
            if found is None:
                last = session.scalar(select(func.max(Run.id)))
                there = f"the last is {last}" if last else "it has none"
                raise UsageError(f"no run '{run}' in the store {self}; {there}: see `greenroom runs`")
            return found

    def counts(self, run: int) -> RunCounts:
        """How a run stands."""
        rollouts, groups = RolloutRow, RolloutRow.group_number
        columns = (
            func.count(func.distinct(groups)),
            func.count(),
            func.count().filter(rollouts.valid.is_(False)),
            func.avg(rollouts.reward),
            func.count().filter(rollouts.reward >= 1.0),
        )
        with self._reading() as session:
            row = session.execute(select(*columns).where(rollouts.run_id == run)).one()
        valid = row[1] - row[2]
        return RunCounts(row[0], row[1], row[2], row[3], row[4] / valid if valid else None)

    def groups(self, run: int) -> list[GroupRow]:
        """The groups of a run, in order."""
        query = select(GroupRow).where(GroupRow.run_id == run).order_by(GroupRow.number)
        with self._reading() as session:
            return list(session.scalars(query))

    def group(self, run: int, number: int) -> GroupRow:
        """One group.

        Raises:
            UsageError: There is none.
        """
        with self._reading() as session:
            found = session.get(GroupRow, (run, number))
        if found is None:
            raise UsageError(f"no group '{run}.{number}' in the store {self}: see `greenroom show {run}`")
        return found

    def rollout(self, name: str) -> RolloutRow:
        """One rollout by its name, `run.group.member`.

        Raises:
            UsageError: The name is none, or there is no such rollout.
        """
        key = parse_rollout_name(name)
        with self._reading() as session:
            found = session.get(RolloutRow, key)
        if found is None:
            raise UsageError(f"no rollout '{name}' in the store {self}: see `greenroom show {key[0]}`")
        return found

    def rollouts(self, run: int, group: int | None = None, *, batch: int = 500) -> Iterator[RolloutRow]:
        """The rollouts of a run (or of one group of it) in order, read in batches."""
        query = select(RolloutRow).where(RolloutRow.run_id == run)
        if group is not None:
            query = query.where(RolloutRow.group_number == group)
        query = query.order_by(RolloutRow.group_number, RolloutRow.member).execution_options(yield_per=batch)
        with self._reading() as session:
            yield from session.scalars(query)

    def rewards(self, run: int) -> list[tuple[int, float | None]]:
        """The group number and reward (None when invalid) of each rollout of a run, in order."""
        query = select(RolloutRow.group_number, RolloutRow.reward).where(RolloutRow.run_id == run)
        with self._reading() as session:
            rows = session.execute(query.order_by(RolloutRow.group_number, RolloutRow.member))
            return [(number, reward) for number, reward in rows]

    def metrics(self, run: int, name: str | None = None) -> list[Metric]:
        """The metrics of a run by step, all or one."""
        query = select(Metric).where(Metric.run_id == run).order_by(Metric.step, Metric.name)
        if name is not None:
            query = query.where(Metric.name == name)
        with self._reading() as session:
            return list(session.scalars(query))

    def _insert(self, *rows: StoreBase) -> None:
        with self._guard("write"), self._writer.begin() as connection:
            for row in rows:
                _insert_row(connection, row)

    @contextmanager
    def _writing(self) -> Generator[Session]:
        with self._guard("write"), Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def _reading(self) -> Generator[Session]:
        with self._guard("read"), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def _guard(self, doing: str) -> Generator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise StoreError(f"cannot {doing} the store {self}: {_reason(error)}") from error


def parse_rollout_name(name: str) -> tuple[int, int, int]:
    """The run, group and member of a rollout's name.

    Raises:
        UsageError: It is no such name.
    """
    parts = name.split(".")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        raise UsageError(f"'{name}' is no rollout: write run.group.member, such as 1.0.0 (see `greenroom show 1`)")
    return int(parts[0]), int(parts[1]), int(parts[2])


def _insert_row(connection: Connection, row: StoreBase) -> None:
    table = type(row).__table__
    state = row.__dict__
    connection.execute(insert(type(row)), {c.key: state[c.key] for c in table.columns if c.key in state})


def _reason(error: SQLAlchemyError) -> str:
    text = str(getattr(error, "orig", None) or error)
    return text.splitlines()[0] if text else type(error).__name__
