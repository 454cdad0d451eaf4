import pytest

from greenroom_simulators import values


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("on 14 March", {"03-14"}),
        ("March 14th, 2026", {"03-14"}),
        ("the 14th of march", {"03-14"}),
        ("2026-03-14", {"03-14"}),
        ("on Tuesday", {"tue"}),
        ("tomorrow", {"tomorrow"}),
        ("it may rain", set()),
        ("432 dollars", set()),
    ],
)
def test_days_are_the_same_however_they_are_written(text: str, found: set[str]):
    assert values.dates(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [("10:30", {"10:30"}), ("9:05 pm", {"21:05"}), ("at 3pm", {"15:00"}), ("12 a.m.", {"00:00"}), ("$10.30", set())],
)
def test_times_are_the_same_however_they_are_written(text: str, found: set[str]):
    assert values.times(text) == found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("It is $432.", True),
        ("432", True),
        ("$1,432.50", True),
        ("seven", True),
        ("on 14 March at 10:30", False),
        ("see Danielle-12", False),
        ("I found 3 new mails", False),
        ("no idea", False),
    ],
)
def test_a_number_is_no_date_no_time_no_id_and_no_count_of_hits(text: str, told: bool):
    assert values.has_number(text) is told


def test_counts_are_numbers_when_counts_are_wanted():
    assert values.has_number("I found 3 new mails", counting=True)


@pytest.mark.parametrize(
    ("text", "value", "held"),
    [
        ("sent to marcus webb.", "Marcus Webb", True),
        ("sent to Marcus Webber", "Marcus Webb", False),
        ("on March 14", "14 March", True),
        ("it is 432", "$432", False),
        ("it is $432.00", "$432", True),
    ],
)
def test_values_are_mentioned_as_whole_words_or_as_the_same_day(text: str, value: str, held: bool):
    assert values.mentions(text, value) is held
