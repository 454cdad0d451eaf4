import pytest

from greenroom.tasks import Goal
from greenroom_simulators.reading import satisfies

DEED = Goal(intent="vacation", requests=("Prolong my vacation answer by 6 days.",), needs="done")


@pytest.mark.parametrize(
    "said",
    [
        "Done.",
        "I have extended it by 6 days.",
        "I prolonged your vacation answer by 6 days.",
        "It now ends on 20 August.",
        "Your vacation answer now runs until 20 August.",
        "The answer is set until 20 August.",
    ],
)
def test_a_deed_is_told_in_many_words(said: str) -> None:
    assert satisfies(said, DEED)


@pytest.mark.parametrize(
    "said", ["I will extend it by 6 days.", "It ends on 14 August.", "I could not prolong it.", "Sure."]
)
def test_what_is_not_done_yet_is_no_deed(said: str) -> None:
    assert not satisfies(said, DEED)
