import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom_simulators import Behaviour, GoalUser
from support.goals import FIND_NUMBER, FORWARD_HIDDEN, SENDER, SUBJECT, talk

AGENT = ("No idea.", "Who is the sender?")


def said(seed: int = 0, **how: float) -> list[str]:
    return [t.text for t in talk(GoalUser(Behaviour(**how)), FIND_NUMBER, AGENT, seed)]  # pyright: ignore[reportArgumentType]


def test_a_greeting_comes_at_the_opening_only():
    opening, *rest = said(greeting=1)
    assert opening.endswith(said()[0])
    assert opening != said()[0]
    assert rest == said()[1:]


def test_politeness_asks_with_please():
    assert said(politeness=1)[0].endswith(", please?")


def test_chattiness_adds_what_is_beside_the_point():
    assert all(
        long.startswith(short.rstrip(".?")) and len(long) > len(short) + 10
        for long, short in zip(said(chattiness=1), said(), strict=True)
    )


def test_lowercase_spares_the_tasks_values():
    opening = said(lowercase=1)[0]
    assert SENDER in opening
    assert opening.replace(SENDER, "") == opening.replace(SENDER, "").lower()


@given(seed=st.integers(0, 2**32))
def test_typos_change_words_and_never_the_tasks_values(seed: int):
    turns = said(seed, typos=1)
    assert turns != said(seed)
    assert SENDER in turns[0]
    assert SUBJECT in turns[0]
    assert SENDER in turns[2]


@pytest.mark.parametrize("trait", ["greeting", "politeness", "chattiness", "typos", "lowercase"])
def test_a_probability_of_one_half_is_drawn_per_seed(trait: str):
    changed = [said(seed, **{trait: 0.5}) != said(seed) for seed in range(40)]
    assert True in changed
    assert trait == "typos" or False in changed


def test_the_hidden_value_stays_hidden_whatever_the_behaviour():
    user = GoalUser(Behaviour(chattiness=1, politeness=1, greeting=1, typos=1))
    assert "Marcus" not in user.open(FORWARD_HIDDEN, 5).text


@pytest.mark.parametrize("how", [{"patience": -1}, {"typos": 1.5}, {"greeting": -0.1}])
def test_a_behaviour_out_of_range_is_refused_with_its_value(how: dict[str, float]):
    with pytest.raises(ValueError, match=str(next(iter(how.values())))):
        Behaviour(**how)  # pyright: ignore[reportArgumentType]
