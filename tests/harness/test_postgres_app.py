"""An app that needs PostgreSQL, from its proofs to a rollout of a group."""

import asyncio

import pytest

from greenroom.check import check_app
from greenroom.errors import SandboxLostError
from greenroom.messages import calls_of
from greenroom.rollouts import GroupSpec, Rollouts
from greenroom.rollouts.policies import OraclePolicy
from greenroom.sandbox import StepRequest
from greenroom.sandboxes import LocalSandbox
from greenroom.users import UserSimulator
from support.contacts import app

pytestmark = pytest.mark.slow


@pytest.fixture
def sandbox(postgres: str) -> LocalSandbox:
    return LocalSandbox(app, postgres=postgres)


def test_greenroom_check_proves_its_tasks(
    postgres: str, person: UserSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREENROOM_POSTGRES", postgres)
    report = check_app(app, person, tasks=2)
    assert report.violations == []
    assert [family.oracle for family in report.families] == [1.0, 1.0]


def test_a_group_starts_alike_and_its_members_go_their_own_ways(sandbox: LocalSandbox) -> None:
    brief = sandbox.prepare("contacts/train/tag_and_note/0")
    one, other = sandbox.open(brief.snapshot, brief.task, 2)
    assert one.state == other.state == brief.snapshot
    calls = calls_of(brief.solution[0])
    (result,) = sandbox.step([StepRequest(episode=one.episode, calls=calls)])
    assert result.refused == 0
    assert sandbox.verify(one.episode, [*brief.solution]).score == 1
    assert sandbox.verify(other.episode, [*brief.solution]).score == 0
    end = sandbox.snapshot(one.episode)
    (again,) = sandbox.open(end, brief.task)
    assert again.state == end
    assert sandbox.content(again.episode) == sandbox.content(one.episode) != sandbox.content(other.episode)
    sandbox.stop()
    with pytest.raises(SandboxLostError):
        sandbox.content(one.episode)


def test_a_group_is_rolled_out_and_its_end_is_told_by_content(sandbox: LocalSandbox, person: UserSimulator) -> None:
    spec = GroupSpec("contacts/train/tag_and_note/1", size=3)
    (group,) = asyncio.run(Rollouts(sandbox, person, OraclePolicy()).play([spec]))
    assert {r.state for r in group.rollouts} == {group.state}
    assert [(r.valid, r.reward) for r in group.rollouts] == [(True, 1.0)] * 3
    assert len({r.content_id for r in group.rollouts}) == 1
