"""The users against the real app: whoever solves a task is understood, thanked and let go."""

import json
from pathlib import Path

import pytest

from greenroom.episode import Episode
from greenroom.messages import assistant
from greenroom.plugins import load_app
from greenroom.sandboxes.local import LocalSandbox
from greenroom.users import UserSimulator
from greenroom_simulators import GoalUser, PeopleUser

TASKS = 5


@pytest.fixture(scope="module")
def sandbox() -> LocalSandbox:
    return LocalSandbox(load_app("mail"))


@pytest.fixture(params=["goal", "people"])
def user(request: pytest.FixtureRequest, tmp_path: Path) -> UserSimulator:
    if request.param == "goal":
        return GoalUser()
    rows = [{"text": "check inbox for mail from X", "intent": "email_query"}]
    rows += [{"text": "send an email to Tom", "intent": "email_sendemail"}]
    rows += [{"text": "Schedule meeting with Laura", "intent": "calendar_set"}]
    path = tmp_path / "people.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return PeopleUser(path)


FAMILIES = ("find_fact", "reply_fact", "file_rule", "forward", "schedule", "unsubscribe")


@pytest.mark.parametrize("family", FAMILIES)
def test_the_oracle_is_answered_thanked_and_right(sandbox: LocalSandbox, user: UserSimulator, family: str):
    for index in range(TASKS):
        brief = sandbox.prepare(f"mail/test/{family}/{index}")
        episode = Episode.start(sandbox, brief, user, index)
        acts = [episode.step(message).act for message in brief.solution]
        assert [act for act in acts if act] in (["thank"], ["answer", "thank"])
        assert episode.over
        assert episode.verify().success
        episode.close()


@pytest.mark.parametrize("family", FAMILIES)
def test_an_agent_that_gives_up_is_corrected_then_left_and_scores_nothing(
    sandbox: LocalSandbox, user: UserSimulator, family: str
):
    brief = sandbox.prepare(f"mail/test/{family}/0")
    episode = Episode.start(sandbox, brief, user, 0)
    acts: list[str] = []
    while not episode.over:
        acts.append(episode.step(assistant("I could not find it.")).act)
    assert acts == ["correct", "correct", "leave"]
    assert episode.verify().score == 0
    episode.close()
