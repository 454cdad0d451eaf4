import json
from dataclasses import replace
from pathlib import Path

import pytest

from greenroom import messages as m
from greenroom.errors import UsageError
from greenroom.plugins import load_simulator
from greenroom.tasks import Goal
from greenroom_simulators import Bank, Behaviour, GoalUser, PeopleUser
from support.goals import FIND_NUMBER, FORWARD, FORWARD_HIDDEN, GOALS, RECIPIENT, SENDER, SUBJECT, talk

REQUESTS = [
    {"text": "any new mail from Tom?", "intent": "email_query"},
    {"text": "check mails", "intent": "email_query"},
    {"text": "send it to Tom", "intent": "email_sendemail"},
    {"text": "forward email", "intent": "email_sendemail"},
]
FULL = {"text": "forward Tom the mail from Ann about the trip", "intent": "forward"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "people.jsonl"
    file.write_text("\n".join(map(json.dumps, REQUESTS)), encoding="utf-8")
    return file


def test_it_is_found_by_its_entry_point_and_reads_the_file_given(path: Path):
    user = load_simulator("people", path=path)
    assert isinstance(user, PeopleUser)
    assert len(user.bank.requests) == len(REQUESTS)


def test_the_file_may_come_from_the_environment(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GREENROOM_PEOPLE", str(path))
    assert len(PeopleUser().bank.requests) == len(REQUESTS)
    monkeypatch.delenv("GREENROOM_PEOPLE")
    with pytest.raises(UsageError, match="set GREENROOM_PEOPLE"):
        PeopleUser()


def test_it_opens_with_real_words_and_says_the_rest_in_the_tasks_own(path: Path):
    user = PeopleUser(path)
    texts = {user.open(FIND_NUMBER, seed).text for seed in range(40)}
    starts = {f"any new mail from {SENDER}? ", "check mails. "}
    assert texts == {start + request for start in starts for request in FIND_NUMBER.requests}


def test_real_words_that_are_polite_are_followed_by_a_request_that_is_not(path: Path):
    path.write_text(json.dumps({"text": "please check mails", "intent": "email_query"}), encoding="utf-8")
    polite = replace(FIND_NUMBER, requests=("Please tell me the total.", "Tell me the total, please.", "What is it?"))
    for seed in range(10):
        turn = PeopleUser(path).open(polite, seed)
        assert (turn.text, turn.state["wording"]) == ("please check mails. What is it?", 2)


def test_a_real_request_that_says_all_stands_alone(path: Path):
    path.write_text(json.dumps(FULL), encoding="utf-8")
    turn = PeopleUser(path).open(FORWARD, 0)
    assert turn.text == f"forward {RECIPIENT} the mail from {SENDER} about the {SUBJECT}"
    assert turn.state["line"] == 1


@pytest.mark.parametrize("goal", GOALS, ids=lambda g: g.intent)
def test_every_value_to_be_told_at_once_is_in_the_opening(path: Path, goal: Goal):
    for seed in range(20):
        text = PeopleUser(path).open(goal, seed).text
        said_by_task = [f.value for f in goal.facts if f.at_once and f.value in goal.requests[0]]
        assert all(value in text for value in said_by_task)
        assert goal is not FORWARD_HIDDEN or RECIPIENT not in text


def test_a_goal_that_no_real_request_fits_opens_in_the_tasks_words(path: Path):
    goal = Goal(intent="bake", requests=("Bake a cake.",))
    assert PeopleUser(path).open(goal, 0) == GoalUser().open(goal, 0)


def test_the_same_seed_opens_alike_in_another_object(path: Path):
    opened = [[PeopleUser(path).open(FIND_NUMBER, seed) for seed in range(20)] for _ in range(2)]
    assert opened[0] == opened[1]
    assert len({turn.text for turn in opened[0]}) > 2


def test_afterwards_it_is_the_goal_user(path: Path):
    turns = talk(PeopleUser(path, Behaviour(patience=1)), FORWARD_HIDDEN, ["Who gets it?", "No.", "No."])
    assert [t.act for t in turns] == ["open", "answer", "correct", "leave"]
    assert turns[1].text == f"To {RECIPIENT}."


def test_its_state_is_json_and_forks(path: Path):
    user = PeopleUser(path)
    turn = user.open(FIND_NUMBER, 4)
    state = json.loads(json.dumps(turn.state))
    assert state == turn.state
    agent = [m.assistant("It is $432.")]
    assert user.reply(state, agent) == user.reply(turn.state, agent)


def test_a_bank_may_be_shared(path: Path):
    bank = Bank.load(path)
    assert PeopleUser(bank=bank).open(FORWARD, 1) == PeopleUser(path).open(FORWARD, 1)
