import asyncio
from pathlib import Path

import pytest
from sqlalchemy import update

from greenroom import messages as m
from greenroom.errors import UsageError
from greenroom.rollouts import GroupSpec, Rollouts
from greenroom.rollouts.replay import replay
from greenroom.sandboxes import LocalSandbox
from greenroom.store import RolloutRow, Store
from support.notes import app
from support.rollouts import Asker, Scripted

REPLACE = "notes/train/replace/3"


@pytest.fixture
def played(sandbox: LocalSandbox, store: Store, run: int) -> str:
    play(sandbox, store, run, Scripted(), REPLACE)
    return f"{run}.0.0"


def play(sandbox: LocalSandbox, store: Store, run: int, policy: Scripted, task: str) -> None:
    engine = Rollouts(sandbox, Asker(), policy, store=store, run=run)
    asyncio.run(engine.play([GroupSpec(task, 1, 4)]))


def alter(store: Store, **values: object) -> None:
    with store.engine.begin() as connection:
        connection.execute(update(RolloutRow).values(**values))


def test_a_rollout_comes_out_the_same_in_a_world_made_anew(store: Store, played: str, tmp_path: Path) -> None:
    found = replay(store, played, LocalSandbox(app, cache_dir=tmp_path / "other"))
    assert (found.same, found.steps, found.differences) == (True, 3, ())


def test_a_truncated_rollout_comes_out_the_same(sandbox: LocalSandbox, store: Store, run: int) -> None:
    play(sandbox, store, run, Scripted(m.assistant("What title?")), REPLACE)
    assert store.rollout(f"{run}.0.0").truncated
    assert replay(store, f"{run}.0.0", sandbox).same


@pytest.mark.parametrize("failing", [1, 2])
def test_an_invalid_rollout_is_replayed_up_to_its_failure(
    broken: LocalSandbox, store: Store, run: int, failing: int
) -> None:
    messages = [m.assistant(None, m.call("notes_add", title="x"))] * (failing - 1)
    policy = Scripted(*messages, m.assistant(None, m.call("notes_crash")))
    play(broken, store, run, policy, "notes/train/good/0")
    assert not store.rollout(f"{run}.0.0").valid
    found = replay(store, f"{run}.0.0", broken)
    assert (found.same, found.steps) == (True, failing - 1)


def test_a_tool_result_that_differs_is_named_with_its_step(sandbox: LocalSandbox, store: Store, played: str) -> None:
    messages = store.rollout(played).messages
    at = next(i for i, message in enumerate(messages) if message["role"] == "tool")
    messages[at]["content"] = "as it was then"
    alter(store, messages=messages)

    (difference,) = replay(store, played, sandbox).differences
    assert (difference.step, difference.what) == (2, "result")
    assert difference.stored[0]["content"] == "as it was then"


def test_another_end_of_the_world_or_another_verdict_is_named(sandbox: LocalSandbox, store: Store, played: str) -> None:
    alter(store, content_id="another", reward=0.5)
    found = replay(store, played, sandbox)
    assert [(d.step, d.what, d.stored) for d in found.differences] == [
        (3, "content", "another"),
        (3, "reward", 0.5),
    ]


def test_a_world_that_was_populated_otherwise_differs_from_the_start(store: Store, played: str, tmp_path: Path) -> None:
    found = replay(store, played, LocalSandbox(app, seed=1, cache_dir=tmp_path))
    assert [(d.step, d.what) for d in found.differences[:2]] == [(0, "snapshot"), (0, "state")]


@pytest.mark.parametrize("name", ["1.0", "x.y.z", "1.0.7"])
def test_an_unknown_rollout_is_refused(sandbox: LocalSandbox, store: Store, played: str, name: str) -> None:
    with pytest.raises(UsageError, match=name):
        replay(store, name, sandbox)
