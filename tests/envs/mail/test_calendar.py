from datetime import date, time

import pytest

from greenroom import Refusal
from greenroom_envs.mail.dates import read_date, read_time
from support.mailbox import Mailbox

TODAY = date(2026, 3, 2)


def test_an_event_is_added_listed_and_not_added_twice(mailbox: Mailbox) -> None:
    added = mailbox.call("add_event", title="norvik review", date="14 March", time="9:30")
    assert added == {"event": "norvik review", "at": "14 March 2026 09:30"}
    assert added in mailbox.call("list_events", date="2026-03-14")
    assert mailbox.refusal("add_event", title="norvik review", date="14 March", time="09:30")[0] == "already_there"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("14 March", date(2026, 3, 14)),
        ("14 mar", date(2026, 3, 14)),
        ("2 March", date(2026, 3, 2)),
        ("1 March", date(2027, 3, 1)),
        ("1 March 2026", date(2026, 3, 1)),
        (" 2026-12-31 ", date(2026, 12, 31)),
    ],
)
def test_a_day_without_a_year_is_the_next_one(text: str, day: date) -> None:
    assert read_date(text, TODAY) == day


@pytest.mark.parametrize("text", ["", "30 February", "14 Smarch", "March", "2026-13-01", "9999-12-31", "14 March 0001"])
def test_a_day_that_does_not_exist_is_quoted(mailbox: Mailbox, text: str) -> None:
    code, sentence = mailbox.refusal("add_event", title="x", date=text, time="9:30")
    assert code == "bad_date"
    assert f"'{text}'" in sentence
    assert mailbox.refusal("list_events", date=text)[0] == "bad_date"


def test_a_time_is_hours_and_minutes() -> None:
    assert read_time("9:05") == time(9, 5)


@pytest.mark.parametrize("text", ["", "25:00", "9:60", "half past nine", "9", "-1:30"])
def test_a_time_that_does_not_exist_is_quoted(text: str) -> None:
    with pytest.raises(Refusal, match="no time of day") as refusal:
        read_time(text)
    assert f"'{text}'" in refusal.value.message


def test_an_agenda_holds_all_days_from_the_first_to_the_last(mailbox: Mailbox) -> None:
    for day in ("2027-03-13", "2027-03-14", "2027-04-13", "2027-04-14"):
        mailbox.call("add_event", title=f"tea {day}", date=day, time="23:30")
    agenda = mailbox.call("list_agenda", first_day="2027-03-14", last_day="2027-04-13")
    assert [e["event"] for e in agenda] == ["tea 2027-03-14", "tea 2027-04-13"]
    one_day = mailbox.call("list_agenda", first_day="2027-03-14", last_day="2027-03-14")
    assert one_day == mailbox.call("list_events", date="2027-03-14")


@pytest.mark.parametrize(("first", "last"), [("2027-03-14", "2027-04-14"), ("2027-03-14", "2027-03-13")])
def test_an_agenda_of_too_many_days_or_of_none_is_refused(mailbox: Mailbox, first: str, last: str) -> None:
    code, told = mailbox.refusal("list_agenda", first_day=first, last_day=last)
    assert code == "bad_range" and first in told and last in told
