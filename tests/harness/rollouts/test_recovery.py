import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from greenroom import messages as m
from greenroom.errors import SandboxLostError
from greenroom.plugins import load_simulator
from greenroom.rollouts import Group, GroupSpec, Recovery, Rollouts, load_policy
from greenroom.sandbox import StepRequest, StepResult
from greenroom.sandboxes import LocalSandbox
from greenroom.store import Store
from support.notes import app
from support.rollouts import Asker, Full, Mortal, Scripted

FIND = "notes/train/find_number/{}"
SPECS = [GroupSpec(FIND.format(0), 4, 5), GroupSpec("notes/train/replace/1", 4, 5)]
QUICK = Recovery(pause=0.001, patience=0.2)


def play(engine: Rollouts, *specs: GroupSpec) -> list[Group]:
    return asyncio.run(asyncio.wait_for(engine.play(specs), 60))


def told(groups: list[Group]) -> list[tuple[object, ...]]:
    """All that may not depend on deaths."""
    return [
        (r.task, r.member, r.seed, r.state, r.reward, r.content_id, r.trajectory.messages, r.trajectory.acts)
        for group in groups
        for r in group.rollouts
    ]


@pytest.fixture
def undisturbed(tmp_path: Path) -> list[tuple[object, ...]]:
    return told(play(Rollouts(LocalSandbox(app, cache_dir=tmp_path), Asker(), Scripted()), *SPECS))


@pytest.mark.parametrize("parallel", [None, 1, 3])
@pytest.mark.parametrize(
    ("operation", "counts"),
    [
        ("prepare", [1]),
        ("prepare", [2, 3]),
        ("open", [1, 2]),
        ("step", [1]),
        ("step", [3, 9, 10]),
        ("step", [12]),
        ("verify", [1, 4]),
        ("content", [1, 2]),
        ("close", [2]),
        ("release", [1]),
    ],
)
def test_whenever_a_sandbox_dies_the_rollouts_come_out_as_if_it_had_not(
    tmp_path: Path,
    store: Store,
    run: int,
    undisturbed: list[tuple[object, ...]],
    operation: str,
    counts: list[int],
    parallel: int | None,
) -> None:
    sandbox = Mortal(app, tmp_path, "none", **{operation: counts})
    policy = Scripted()
    engine = Rollouts(sandbox, Asker(), policy, store=store, run=run, parallel=parallel, recovery=QUICK)
    groups = play(engine, *SPECS)
    assert sandbox.died == len(counts)
    assert told(groups) == undisturbed
    assert len(policy.starts) == policy.closed == 8
    assert store.counts(run).rollouts == 8


def test_a_fork_that_was_only_out_of_reach_is_dropped_and_not_left_alive(tmp_path: Path) -> None:
    class OutOfReach(LocalSandbox):
        """Says once that an episode is lost, which goes on."""

        asked = 0

        def step(self, requests: Sequence[StepRequest]) -> list[StepResult]:
            self.asked += 1
            if self.asked == 2:
                raise SandboxLostError("gave no answer")
            return super().step(requests)

    sandbox = OutOfReach(app, cache_dir=tmp_path)
    (group,) = play(Rollouts(sandbox, Asker(), Scripted(), recovery=QUICK), SPECS[0])
    assert all(r.valid for r in group.rollouts)
    assert not sandbox._episodes


def test_nobody_is_asked_again_for_what_was_said(tmp_path: Path) -> None:
    sandbox = Mortal(app, tmp_path, step=[2], verify=[1])
    policy = Scripted()
    (group,) = play(Rollouts(sandbox, Asker(), policy, recovery=QUICK), GroupSpec("notes/train/replace/1"))
    assert policy.seen[0] == group.rollouts[0].trajectory.messages[:-1]
    assert group.rollouts[0].trajectory.acts == ["answer", "thank"]


def test_what_is_lost_every_time_becomes_invalid_with_its_cause_and_takes_nobody_along(tmp_path: Path) -> None:
    sandbox = Mortal(app, tmp_path, step=range(1, 100))
    (group,) = play(Rollouts(sandbox, Asker(), Scripted(), recovery=QUICK), GroupSpec(FIND.format(0), 2))
    for rollout in group.rollouts:
        assert rollout.failure is not None
        assert rollout.failure.boundary == "sandbox"
        assert "SandboxLostError: lost 7 times in a row; at last: died of step" in rollout.failure.cause
        assert rollout.reward is None
    (talked,) = play(Rollouts(sandbox, Asker(), Scripted(m.assistant("hi"))), GroupSpec(FIND.format(0)))
    assert talked.rewards == [0.0]


def test_a_group_that_can_never_be_forked_is_invalid_as_a_whole(tmp_path: Path, store: Store, run: int) -> None:
    sandbox = Mortal(app, tmp_path, open=range(1, 100))
    engine = Rollouts(sandbox, Asker(), Scripted(), store=store, run=run, recovery=QUICK)
    (group,) = play(engine, GroupSpec(FIND.format(0), 3))
    assert [r.valid for r in group.rollouts] == [False] * 3
    assert [r.cause for r in store.rollouts(run)] == [
        "SandboxLostError: lost 7 times in a row; at last: died of open 7"
    ] * 3


class Poisoned(Mortal):
    """Dies of one tool, whoever calls it."""

    def step(self, requests: Sequence[StepRequest]) -> list[StepResult]:
        if any(call["function"]["name"] == "notes_delete" for r in requests for call in r.calls):
            self.deaths = {"step": [self.asked["step"] + 1]}
        return super().step(requests)


def test_one_that_kills_its_sandbox_every_time_does_not_take_those_beside_it_along(tmp_path: Path) -> None:
    sandbox = Poisoned(app, tmp_path)
    good, bad = play(Rollouts(sandbox, Asker(), Scripted(pause=0.002), recovery=QUICK), *SPECS)
    assert good.rewards == [1.0] * 4
    assert [r.valid for r in bad.rollouts] == [False] * 4


class Forgetful(Mortal):
    """Answers otherwise after its first death."""

    def step(self, requests: Sequence[StepRequest]) -> list[StepResult]:
        results = super().step(requests)
        if self.died:
            results[0].messages[0]["content"] = "something else"
        return results


def test_one_that_answers_otherwise_when_it_is_played_again_is_invalid(tmp_path: Path) -> None:
    sandbox = Forgetful(app, tmp_path, step=[2])
    (group,) = play(Rollouts(sandbox, Asker(), Scripted(), recovery=QUICK), GroupSpec(FIND.format(0)))
    failure = group.rollouts[0].failure
    assert failure is not None
    assert "StateMismatchError: lost with its sandbox, and made again it answers step 1 otherwise" in failure.cause


def test_faults_come_out_the_same_when_an_episode_is_made_again(tmp_path: Path) -> None:
    living = LocalSandbox(app, cache_dir=tmp_path, faults="hostile")
    person = load_simulator("goal")
    whole = play(Rollouts(living, person, load_policy("retrying")), *SPECS)
    mortal = Mortal(app, tmp_path, "hostile", step=[3, 8, 20])
    again = play(Rollouts(mortal, person, load_policy("retrying"), recovery=QUICK), *SPECS)
    assert mortal.died == 3
    assert told(again) == told(whole)
    assert [r.trajectory.faults for g in again for r in g.rollouts] == [
        r.trajectory.faults for g in whole for r in g.rollouts
    ]
    assert any(r.trajectory.faults for g in whole for r in g.rollouts)


def test_a_sandbox_that_is_full_is_waited_for(tmp_path: Path, undisturbed: list[tuple[object, ...]]) -> None:
    sandbox = Full(app, tmp_path, most=4)
    groups = play(Rollouts(sandbox, Asker(), Scripted(pause=0.005), parallel=8), *SPECS)
    assert sandbox.refused > 0
    assert told(groups) == undisturbed


def test_one_that_stays_full_is_not_waited_for_forever(tmp_path: Path) -> None:
    sandbox = Full(app, tmp_path, most=2)
    (group,) = play(Rollouts(sandbox, Asker(), Scripted(), recovery=QUICK), GroupSpec(FIND.format(0), 3))
    causes = {r.failure.cause for r in group.rollouts if r.failure}
    assert causes == {"SandboxBusyError: 0 episodes are open, 2 is the most (waited 0.2 s for it)"}
