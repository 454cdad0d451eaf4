from typing import Any, cast

import pytest

from greenroom.rewards import deleted, expect, inserted, mentions, updated
from greenroom.rewards.expectations import without_incidental
from greenroom.tasks import Evidence
from greenroom.worlds import Change

ROW = {"id": 1, "folder": "inbox", "read": 0, "star": 0}


def change(op: Any, before: dict[str, Any] | None, after: dict[str, Any] | None, key: int = 1) -> Change:
    return Change(actor="agent", op=op, table="mail_message", key=(key,), before=before, after=after)


def evidence(*changes: Change, said: tuple[str, ...] = ()) -> Evidence:
    return Evidence(changes=changes, said=said, messages=(), world=cast(Any, None))


MOVED = change("update", ROW, {**ROW, "folder": "archive"})


def test_a_wanted_change_alone_scores_one() -> None:
    verifier = expect([updated("mail_message", key=1, values={"folder": "archive"})])
    assert verifier(evidence(MOVED)).success


@pytest.mark.parametrize(
    "changes",
    [
        (),
        (change("update", ROW, {**ROW, "folder": "trash"}),),
        (change("update", ROW, {**ROW, "folder": "archive", "star": 1}),),
        (change("update", ROW, {**ROW, "folder": "archive"}, key=2),),
        (MOVED, change("delete", ROW, None, key=2)),
        (MOVED, MOVED),
    ],
)
def test_a_miss_or_anything_more_scores_zero_and_is_named(changes: tuple[Change, ...]) -> None:
    verdict = expect([updated("mail_message", key=1, values={"folder": "archive"})])(evidence(*changes))
    assert verdict.score == 0
    assert verdict.findings


def test_findings_are_sentences_about_rows() -> None:
    wanted = inserted("mail_rule", {"sender": "a@b.c", "star": False, "body": lambda v: v})
    verdict = expect([wanted, deleted("mail_message", key=9)])(evidence(MOVED, change("insert", None, ROW, key=2)))
    assert verdict.findings == (
        "missing: a new mail_rule: sender 'a@b.c', star no, body as asked",
        "missing: mail_message 9 deleted",
        "unwanted: mail_message 1 changed: folder 'inbox' → 'archive'",
        "unwanted: mail_message 2 added: id 1, folder 'inbox', read 0, star 0",
    )


def test_insertions_and_deletions_match_by_values_and_predicates() -> None:
    verifier = expect(
        [inserted("mail_message", {"folder": "sent", "star": lambda v: v < 5}), deleted("mail_message", key=9)]
    )
    sent = change("insert", None, {**ROW, "folder": "sent", "star": 4})
    assert verifier(evidence(sent, change("delete", ROW, None, key=9))).success
    assert not verifier(evidence(change("insert", None, {**ROW, "folder": "sent", "star": 7}))).success


@pytest.mark.parametrize(
    ("said", "wins"),
    [(("It is $432.",), True), (("1432",), False), (("4320",), False), ((), False), (("432 or 555",), False)],
)
def test_a_fact_is_said_as_a_whole_word_and_no_decoy_with_it(said: tuple[str, ...], wins: bool) -> None:
    assert expect(said=["432"], unsaid=["555"])(evidence(said=said)).success is wins


def test_expecting_nothing_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="doing nothing must not win"):
        expect()


def test_incidental_columns_are_never_held_against_the_agent() -> None:
    only_read = change("update", ROW, {**ROW, "read": 1})
    both = change("update", ROW, {**ROW, "read": 1, "folder": "archive"})
    kept = without_incidental([only_read, both], {"mail_message": {"read"}})
    assert len(kept) == 1
    assert expect([updated("mail_message", key=1, values={"folder": "archive"})])(evidence(*kept)).success


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("at most 10 are sold", True),
        ("at most 10.", True),
        ("10, then", True),
        ("it is $10.00", True),
        ("10,000 mAh", False),
        ("it is 10.5", False),
        ("1.10 of it", False),
        ("2,10", False),
        ("110", False),
    ],
)
def test_a_number_is_not_held_by_a_longer_one(text: str, holds: bool) -> None:
    assert mentions(text, "10") is holds
