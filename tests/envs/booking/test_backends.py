"""Whether worlds of booking live in SQLite or in PostgreSQL is not to be seen from within."""

from copy import copy

import pytest

from greenroom.messages import calls_of
from greenroom.sandbox import StepRequest
from greenroom.sandboxes import LocalSandbox
from greenroom_envs.booking import app

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def other(postgres: str) -> LocalSandbox:
    moved = copy(app)
    moved.backend = "postgres"
    return LocalSandbox(moved, postgres=postgres)


@pytest.mark.parametrize("family", app.playable)
def test_an_oracle_hears_the_same_and_leaves_the_same_world_on_both_backends(
    sandbox: LocalSandbox, other: LocalSandbox, family: str
) -> None:
    assert solved(sandbox, family) == solved(other, family)


def solved(sandbox: LocalSandbox, family: str) -> tuple[list[str], float, str]:
    """What the tools answer to the oracle of a family's first task, its score, and the world that it leaves."""
    brief = sandbox.prepare(f"booking/test/{family}/0")
    (opened,) = sandbox.open(brief.snapshot, brief.task)
    made = [call for message in brief.solution for call in calls_of(message)]
    (result,) = sandbox.step([StepRequest(episode=opened.episode, calls=made)])
    score = sandbox.verify(opened.episode, brief.solution).score
    answers = [str(message["content"]) for message in result.messages]
    left = answers, score, sandbox.content(opened.episode)
    sandbox.close(opened.episode)
    return left
