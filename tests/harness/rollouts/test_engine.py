import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from greenroom import messages as m
from greenroom.errors import StoreError, UsageError
from greenroom.rollouts import Group, GroupSpec, Rollout, Rollouts, StateMismatchError
from greenroom.rollouts.policies import OraclePolicy
from greenroom.sandbox import Opened, StepRequest
from greenroom.sandboxes import LocalSandbox
from greenroom.store import Store
from support.notes import app
from support.rollouts import Asker, BatchingPolicy, BrokenPerson, Fickle, Scripted

FIND = "notes/train/find_number/{}"
REPLACE = "notes/train/replace/{}"


def play(engine: Rollouts, *specs: GroupSpec) -> list[Group]:
    return asyncio.run(asyncio.wait_for(engine.play(specs), 60))


def test_members_start_from_the_same_proved_state_with_one_user_and_their_own_policy_seeds(
    sandbox: LocalSandbox,
) -> None:
    policy = Scripted()
    (group,) = play(Rollouts(sandbox, Asker(), policy), GroupSpec(FIND.format(0), 5, 3))

    assert {r.state for r in group.rollouts} == {group.state} == {group.snapshot}
    assert [r.member for r in group.rollouts] == [0, 1, 2, 3, 4]
    assert len({r.seed for r in group.rollouts}) == 5
    assert [r.seed for r in group.rollouts] == [start.seed for start in policy.starts]
    assert len({m.canonical(r.trajectory.messages) for r in group.rollouts}) == 1
    assert len({r.content_id for r in group.rollouts}) == 1
    assert group.rewards == [1.0] * 5


def test_members_whose_user_opens_otherwise_are_invalid(sandbox: LocalSandbox) -> None:
    (group,) = play(Rollouts(sandbox, Fickle(), Scripted()), GroupSpec(FIND.format(0), 3))

    assert [r.valid for r in group.rollouts] == [True, False, False]
    failure = group.rollouts[1].failure
    assert failure is not None
    assert failure.boundary == "user"
    assert "user simulator draws" in failure.cause
    assert group.rollouts[1].reward is None


def test_the_trajectory_is_exactly_what_the_policy_saw_and_said(sandbox: LocalSandbox) -> None:
    policy = Scripted()
    (group,) = play(Rollouts(sandbox, Asker(), policy), GroupSpec(REPLACE.format(1)))

    trajectory = group.rollouts[0].trajectory
    assert trajectory.messages[:-1] == policy.seen[0]
    assert trajectory.messages[-1] == m.user("Thanks, bye.")
    assert trajectory.acts == ["answer", "thank"]
    assert (trajectory.steps, trajectory.truncated, trajectory.reward) == (3, False, 1.0)
    assert trajectory.tokens is not None
    assert trajectory.tokens.mask == [0, 1, 1]


def test_an_episode_that_reaches_the_step_limit_is_verified_as_it_stands(sandbox: LocalSandbox) -> None:
    endless = Scripted(m.assistant(None, m.call("notes_search", word="x")))
    (group,) = play(Rollouts(sandbox, Asker(), endless), GroupSpec(FIND.format(0)))
    (rollout,) = group.rollouts
    assert (rollout.valid, rollout.reward, rollout.trajectory.truncated) == (True, 0.0, True)
    assert rollout.trajectory.steps == 6


def test_seeds_are_the_same_in_every_process() -> None:
    spec = GroupSpec("notes/train/find_number/0", 2, 11)
    code = f"from greenroom.rollouts import GroupSpec; s = {spec!r}; print(s.user_seed, s.policy_seed(1))"
    for hash_seed in ("1", "2"):
        printed = subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": hash_seed}, capture_output=True, check=True
        )
        assert printed.stdout.split() == [str(spec.user_seed).encode(), str(spec.policy_seed(1)).encode()]


def test_each_finished_rollout_is_in_the_store_before_it_counts(sandbox: LocalSandbox, store: Store, run: int) -> None:
    counted: list[int] = []

    def look(rollout: Rollout) -> None:
        with Store(store.url.database) as other:
            row = other.rollout(f"{run}.{rollout.group}.{rollout.member}")
        assert (row.reward, row.messages) == (rollout.reward, rollout.trajectory.messages)
        counted.append(rollout.member)

    engine = Rollouts(sandbox, Asker(), Scripted(), store=store, run=run, on_progress=look)
    (group,) = play(engine, GroupSpec(FIND.format(0), 3, 9))
    assert sorted(counted) == [0, 1, 2]

    (row,) = store.groups(run)
    assert (row.task, row.seed, row.size, row.state) == (FIND.format(0), 9, 3, group.state)
    stored = store.rollout(f"{run}.0.2")
    assert (stored.token_ids, stored.token_mask, stored.logprobs) == ([7, 8, 9], [0, 1, 1], [0.0, -0.1, -0.25])
    assert stored.content_id == group.rollouts[2].content_id
    assert stored.seed == group.rollouts[2].seed


CRASH = m.assistant(None, m.call("notes_crash"))


@pytest.mark.parametrize(
    ("family", "policy", "person", "boundary", "cause"),
    [
        ("good", Scripted(RuntimeError("no GPU")), Asker(), "policy", "RuntimeError: no GPU"),
        ("good", Scripted({"role": "user", "content": "hi"}), Asker(), "policy", "PolicyError: an action is"),
        ("good", Scripted(m.assistant("hi")), BrokenPerson(), "user", "lost my voice"),
        ("good", Scripted(CRASH), Asker(), "app", "ZeroDivisionError: a bug in the app"),
        ("bad_verifier", Scripted(), Asker(), "verifier", "KeyError: 'forgotten'"),
        ("unmakeable", Scripted(), Asker(), "app", "no such task can be made"),
    ],
)
def test_a_failed_rollout_is_invalid_with_its_cause_and_never_scored(
    broken: LocalSandbox,
    store: Store,
    run: int,
    family: str,
    policy: Scripted,
    person: Asker,
    boundary: str,
    cause: str,
) -> None:
    engine = Rollouts(broken, person, policy, store=store, run=run)
    (group,) = play(engine, GroupSpec(f"notes/train/{family}/0", 2))

    assert group.rewards == []
    for rollout in group.rollouts:
        assert rollout.failure is not None
        assert (rollout.failure.boundary, rollout.reward) == (boundary, None)
        assert cause in rollout.failure.cause
        row = store.rollout(f"{run}.0.{rollout.member}")
        assert (row.valid, row.boundary, row.reward) == (False, boundary, None)
        assert cause in str(row.cause)
    assert policy.closed == len(policy.starts)


class LeakySandbox(LocalSandbox):
    """Its second fork is not what the first one is."""

    def open(self, snapshot: str, task: str, n: int = 1) -> list[Opened]:
        forks = super().open(snapshot, task, n)
        self.step([StepRequest(episode=forks[1].episode, calls=[m.call("notes_add", title="leak")])])
        return [forks[0], Opened(episode=forks[1].episode, state=self.snapshot(forks[1].episode)), *forks[2:]]


def test_forks_in_different_states_are_an_error_of_their_own(tmp_path: Path) -> None:
    sandbox = LeakySandbox(app, cache_dir=tmp_path)
    policy = Scripted()
    (group,) = play(Rollouts(sandbox, Asker(), policy), GroupSpec(FIND.format(0), 3))
    causes = {r.failure.cause for r in group.rollouts if r.failure}
    assert len(causes) == 1
    assert causes.pop().startswith(f"{StateMismatchError.__name__}: 3 forks")
    assert (len(group.rollouts), group.rewards, policy.starts) == (3, [], [])


@pytest.mark.parametrize(("parallel", "most"), [(1, 1), (3, 3), (None, 12)])
def test_no_more_episodes_are_live_than_asked_for(sandbox: LocalSandbox, parallel: int | None, most: int) -> None:
    policy = Scripted(pause=0.001)
    specs = [GroupSpec(FIND.format(i), 4) for i in range(3)]
    groups = play(Rollouts(sandbox, Asker(), policy, parallel=parallel), *specs)
    assert policy.most_live == most
    assert [group.rewards for group in groups] == [[1.0] * 4] * 3


@pytest.mark.parametrize("parallel", [None, 5])
def test_a_policy_that_waits_for_all_who_are_seated_is_never_starved(
    sandbox: LocalSandbox, parallel: int | None
) -> None:
    policy = BatchingPolicy()
    specs = [GroupSpec((FIND if i % 2 else REPLACE).format(i), 4) for i in range(4)]
    groups = play(Rollouts(sandbox, Asker(), policy, parallel=parallel), *specs)
    assert [group.rewards for group in groups] == [[1.0] * 4] * 4
    if parallel is None:
        assert policy.batches == [16, 16, 16]


@pytest.mark.parametrize(("parallel", "begun"), [(None, 0), (3, 2)])
def test_a_bad_task_is_refused_and_leaves_no_session_behind(
    sandbox: LocalSandbox, parallel: int | None, begun: int
) -> None:
    policy = Scripted()
    engine = Rollouts(sandbox, Asker(), policy, parallel=parallel)
    with pytest.raises(UsageError, match="no task family 'find_numbr'; did you mean 'find_number'"):
        play(engine, GroupSpec(FIND.format(0), 2), GroupSpec("notes/train/find_numbr/0"))
    assert len(policy.starts) == policy.closed == begun
    assert sandbox._episodes == {}  # pyright: ignore[reportPrivateUsage]


def test_cancelling_keeps_what_is_finished_and_closes_every_session(
    sandbox: LocalSandbox, store: Store, run: int
) -> None:
    policy = Scripted(pause=0.005)
    done = asyncio.Event()
    engine = Rollouts(sandbox, Asker(), policy, store=store, run=run, parallel=2, on_progress=lambda _: done.set())

    async def interrupt() -> None:
        playing = asyncio.create_task(engine.play([GroupSpec(FIND.format(i), 2) for i in range(50)]))
        await done.wait()
        playing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await playing

    asyncio.run(interrupt())
    assert 1 <= store.counts(run).rollouts == engine.kept < 100
    assert len(policy.starts) == policy.closed


@pytest.mark.parametrize("turns", range(12))
def test_cancelling_at_any_moment_closes_every_session_and_every_fork(sandbox: LocalSandbox, turns: int) -> None:
    policy = Scripted()
    engine = Rollouts(sandbox, Asker(), policy)

    async def interrupt() -> None:
        playing = asyncio.create_task(engine.play([GroupSpec(FIND.format(i), 4) for i in range(2)]))
        for _ in range(turns):
            await asyncio.sleep(0)
        playing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await playing

    asyncio.run(interrupt())
    assert len(policy.starts) == policy.closed
    assert sandbox._episodes == {}  # pyright: ignore[reportPrivateUsage]


def test_resuming_plays_only_what_is_missing_and_ends_as_if_never_stopped(
    sandbox: LocalSandbox, store: Store, run: int
) -> None:
    specs = [GroupSpec(FIND.format(i), 3, 5) for i in range(4)]
    whole = play(Rollouts(sandbox, Asker(), OraclePolicy()), *specs)
    first = Rollouts(sandbox, Asker(), OraclePolicy(), store=store, run=run)
    play(first, specs[0], GroupSpec(specs[1].task, 2, 5))

    policy = Scripted()
    resumed = play(Rollouts(sandbox, Asker(), policy, store=store, run=run, resume=True), *specs)
    assert len(policy.starts) == 1 + 3 + 3
    assert [g.number for g in resumed] == [0, 1, 2, 3]
    assert store.counts(run).rollouts == 12
    for a, b in zip(whole, resumed, strict=True):
        assert (a.state, a.rewards) == (b.state, b.rewards)
        assert [r.trajectory.messages for r in a.rollouts] == [r.trajectory.messages for r in b.rollouts]
        assert [r.seed for r in a.rollouts] == [r.seed for r in b.rollouts]


def test_members_that_open_otherwise_than_stored_ones_are_invalid(
    sandbox: LocalSandbox, store: Store, run: int
) -> None:
    play(Rollouts(sandbox, Asker(), Scripted(), store=store, run=run), GroupSpec(FIND.format(0), 2))
    resumed = Rollouts(sandbox, Fickle(), Scripted(), store=store, run=run, resume=True)
    (group,) = play(resumed, GroupSpec(FIND.format(0), 4))
    assert [r.valid for r in group.rollouts] == [True, True, False, False]


def test_a_group_whose_world_has_changed_is_not_resumed(
    sandbox: LocalSandbox, tmp_path: Path, store: Store, run: int
) -> None:
    play(Rollouts(sandbox, Asker(), OraclePolicy(), store=store, run=run), GroupSpec(FIND.format(0), 2))
    other = LocalSandbox(app, seed=1, cache_dir=tmp_path)
    engine = Rollouts(other, Asker(), OraclePolicy(), store=store, run=run, resume=True)
    with pytest.raises(StateMismatchError, match=r"now starts from .* begin a new run"):
        play(engine, GroupSpec(FIND.format(0), 3))


def test_several_calls_of_one_run_number_their_groups_on(sandbox: LocalSandbox, store: Store, run: int) -> None:
    engine = Rollouts(sandbox, Asker(), OraclePolicy(), store=store, run=run)
    for seed in range(2):
        play(engine, GroupSpec(FIND.format(0), 2, seed))
    again = Rollouts(sandbox, Asker(), OraclePolicy(), store=store, run=run)
    (third,) = play(again, GroupSpec(FIND.format(0), 2, 2))
    assert third.number == 2
    assert [g.number for g in store.groups(run)] == [0, 1, 2]


def test_a_store_that_fills_up_stops_the_run_and_keeps_what_was_finished(
    sandbox: LocalSandbox, store: Store, run: int
) -> None:
    limit_pages(store, 40)
    policy = Scripted(m.assistant("long " * 2000))
    engine = Rollouts(sandbox, Asker(), policy, store=store, run=run, parallel=2)
    with pytest.raises(StoreError, match=r"cannot write the store .*store.db: database or disk is full"):
        play(engine, *[GroupSpec(FIND.format(i), 4) for i in range(20)])
    assert 1 <= engine.kept == store.counts(run).rollouts < 80
    assert len(policy.starts) == policy.closed


def limit_pages(store: Store, pages: int) -> None:
    """Leave SQLite so little room that it says itself that the disk is full."""
    from sqlalchemy import event

    def limit(connection: Any, _record: Any, _proxy: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")

    event.listen(store.engine, "checkout", limit)


def test_a_store_without_a_run_is_refused(sandbox: LocalSandbox, store: Store) -> None:
    with pytest.raises(UsageError, match="a store needs a run"):
        Rollouts(sandbox, Asker(), OraclePolicy(), store=store)
    with pytest.raises(UsageError, match="cannot play 0 episodes at once"):
        Rollouts(sandbox, Asker(), OraclePolicy(), parallel=0)
