import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from greenroom.errors import UsageError
from greenroom_simulators import Bank
from support.goals import FIND_NUMBER, FORWARD, FORWARD_HIDDEN, GOALS, RECIPIENT, SENDER, SUBJECT

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "human" / "email_hwu64.reference.jsonl"
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(*lines: object) -> Path:
        path = tmp_path / "people.jsonl"
        path.write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines), encoding="utf-8")
        return path

    return make


@pytest.fixture(scope="module")
def real() -> Bank:
    if not REAL.exists():
        pytest.skip(f"no file of real requests at {REAL.name}: it lies beside the repository, in shared/data/human")
    return Bank.load(REAL)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{not json", "not JSON"),
        ("[1, 2]", "not an object"),
        ('{"text": "check mail"}', "no text under 'intent'"),
        ('{"text": 7, "intent": "email_query"}', "no text under 'text'"),
        ('{"text": " ", "intent": "email_query"}', "no text under 'text'"),
    ],
)
def test_a_malformed_line_is_quoted_with_its_number(write: Write, line: str, why: str):
    path = write({"text": "check mail", "intent": "email_query"}, line)
    with pytest.raises(UsageError) as error:
        Bank.load(path)
    assert "line 2" in str(error.value)
    assert why in str(error.value)
    assert line in str(error.value)


def test_a_missing_an_empty_and_an_unreadable_file_are_said_to_be_so(write: Write, tmp_path: Path):
    with pytest.raises(UsageError, match=r"nowhere\.jsonl"):
        Bank.load(tmp_path / "nowhere.jsonl")
    with pytest.raises(UsageError, match="holds no requests"):
        Bank.load(write("", "  "))
    (tmp_path / "binary.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match=r"binary\.jsonl"):
        Bank.load(tmp_path / "binary.jsonl")


def test_a_file_may_name_the_tasks_own_intents(write: Write):
    bank = Bank.load(write({"text": "swap my notes", "intent": "replace"}))
    assert [m.text for m in bank.matches(FORWARD)] == []
    goal = type(FORWARD)(intent="replace", requests=("Replace the note.",))
    assert [m.text for m in bank.matches(goal)] == ["swap my notes"]


def test_a_request_that_wants_something_else_is_passed_over(write: Write):
    texts = ["Delete all my emails", "check mail", "alert me when John emails"]
    bank = Bank.load(write(*({"text": t, "intent": "email_query"} for t in texts)))
    assert [m.text for m in bank.matches(FIND_NUMBER)] == ["check mail"]


def test_requests_that_name_the_intent_are_preferred(write: Write):
    texts = ["forward email", "pull up the mail"]
    bank = Bank.load(write(*({"text": t, "intent": "email_sendemail"} for t in texts)))
    drawn = [bank.draw(FORWARD, Random(seed)) for seed in range(200)]
    forwards = sum(m is not None and m.text == "forward email" for m in drawn)
    assert 150 < forwards < 200


def test_the_real_file_offers_words_for_every_kind_of_goal(real: Bank):
    assert len(real.requests) == 899
    counts = {goal.intent: len(real.matches(goal)) for goal in GOALS if goal is not FORWARD_HIDDEN}
    assert counts["find_fact"] >= 80
    assert counts["reply_fact"] >= 40
    assert counts["forward"] >= 20
    assert counts["schedule"] >= 10
    assert counts["file_rule"] >= 60
    assert counts["unsubscribe"] >= 60


def test_values_of_real_requests_are_replaced_and_none_is_left(real: Bank):
    for goal in GOALS:
        for match in real.matches(goal):
            for value in match.request.template.values:
                if value.text.lower() not in (SENDER.lower(), SUBJECT):
                    assert f" {value.text} " not in f" {match.text} ", match
    texts = [m.text for m in real.matches(FIND_NUMBER)]
    assert sum(SENDER in t for t in texts) >= 30
    assert sum(SUBJECT in t for t in texts) >= 4


def test_what_is_hidden_is_put_into_no_real_request(real: Bank):
    matches = real.matches(FORWARD_HIDDEN)
    assert matches
    assert all(RECIPIENT not in m.text for m in matches)
