"""The same through an installed app, its world and its people."""

import asyncio

import pytest

from greenroom.plugins import load_app, load_simulator
from greenroom.rollouts import GroupSpec, Rollout, Rollouts, load_policy
from greenroom.rollouts.replay import replay
from greenroom.rollouts.summary import Summary, by_family
from greenroom.sandboxes import LocalSandbox
from greenroom.store import Store


@pytest.fixture(scope="module")
def mail() -> LocalSandbox:
    return LocalSandbox(load_app("mail"))


def play(mail: LocalSandbox, policy: str, store: Store, run: int) -> list[Rollout]:
    engine = Rollouts(mail, load_simulator("goal"), load_policy(policy), store=store, run=run)
    specs = [GroupSpec(f"mail/train/{family}/{i}", 4) for family in mail.families() for i in range(2)]
    groups = asyncio.run(engine.play(specs))
    assert all(len({r.state for r in group.rollouts}) == 1 for group in groups)
    assert len({group.state for group in groups}) == len(groups)
    return [rollout for group in groups for rollout in group.rollouts]


@pytest.mark.parametrize(
    ("policy", "least", "most"), [("oracle", 1.0, 1.0), ("sloppy:0.4", 0.35, 0.85), ("noop", 0.0, 0.0)]
)
def test_policies_score_as_they_should(
    mail: LocalSandbox, store: Store, run: int, policy: str, least: float, most: float
) -> None:
    rollouts = play(mail, policy, store, run)
    summary = Summary.of(rollouts)
    assert (summary.rollouts, summary.invalid) == (len(mail.families()) * 8, 0)
    assert least <= (summary.success or 0.0) <= most
    assert by_family(rollouts).keys() == set(mail.families())
    assert store.counts(run).success == pytest.approx(summary.success)


def test_every_rollout_comes_out_the_same_again(mail: LocalSandbox, store: Store, run: int) -> None:
    play(mail, "random", store, run)
    other = LocalSandbox(load_app("mail"))
    for row in list(store.rollouts(run))[::7]:
        found = replay(store, row.name, other)
        assert found.differences == ()
        assert found.steps == row.steps
