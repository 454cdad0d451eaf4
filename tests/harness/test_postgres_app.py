"""An app that needs PostgreSQL, from its proofs to a rollout of a group."""

import asyncio
import threading
from collections.abc import Callable, Sequence

import pytest

from greenroom.check import check_app
from greenroom.errors import SandboxLostError
from greenroom.messages import Message, calls_of
from greenroom.policy import EpisodeStart, PolicySession
from greenroom.rollouts import GroupSpec, Recovery, Rollout, Rollouts
from greenroom.rollouts.policies import OraclePolicy
from greenroom.sandbox import StepRequest
from greenroom.sandboxes import LocalSandbox
from greenroom.users import UserSimulator
from support.contacts import app
from support.postgres import mortal_cluster
from support.rollouts import Asker, Scripted

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


class Killing(Scripted):
    """The oracle; at its first turn with something done already the server is killed, and back after a while."""

    def __init__(self, kill: Callable[[], None], start: Callable[[], None] | None) -> None:
        super().__init__(pause=0.02)
        self.kill, self.start, self.killed = kill, start, False

    def strike(self) -> None:
        if not self.killed:
            self.killed = True
            self.kill()
            if self.start:
                threading.Timer(1.0, self.start).start()

    def session(self, start: EpisodeStart) -> PolicySession:
        inner, policy = super().session(start), self

        class Session:
            turns = 0
            tokens, close = inner.tokens, inner.close

            async def act(self, new: Sequence[Message]) -> Message:
                self.turns += 1
                if self.turns == 2:
                    policy.strike()
                return await inner.act(new)

        return Session()


def outcome(sandbox: LocalSandbox, policy: Scripted, recovery: Recovery | None = None) -> list[Rollout]:
    spec = GroupSpec("contacts/train/tag_and_note/1", size=3)
    (group,) = asyncio.run(Rollouts(sandbox, Asker(), policy, recovery=recovery).play([spec]))
    return group.rollouts


def told(rollouts: list[Rollout]) -> list[tuple[object, ...]]:
    return [(r.failure, r.state, r.reward, r.content_id, r.trajectory.messages) for r in rollouts]


def test_rollouts_go_on_when_the_server_is_killed_in_mid_episode_and_comes_back() -> None:
    with mortal_cluster() as (address, kill, start):
        undisturbed = told(outcome(LocalSandbox(app, postgres=address), Scripted()))
        policy = Killing(kill, start)
        assert told(outcome(LocalSandbox(app, postgres=address), policy)) == undisturbed
        assert policy.killed and undisturbed[0][0] is None


def test_rollouts_on_a_server_that_stays_away_are_invalid_with_the_cause() -> None:
    with mortal_cluster() as (address, kill, start):
        rollouts = outcome(LocalSandbox(app, postgres=address), Killing(kill, None), Recovery(tries=2, pause=0.01))
        for rollout in rollouts:
            assert rollout.failure is not None and rollout.failure.boundary == "sandbox" and rollout.reward is None
            assert "lost 3 times in a row" in rollout.failure.cause and "went away" in rollout.failure.cause
        start()  # For what stops it.
