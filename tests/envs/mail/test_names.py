from random import Random

import pytest

from greenroom import Split
from greenroom.names import first_names, last_names
from greenroom_envs.mail import names


@pytest.mark.parametrize("split", Split)
def test_every_word_of_a_name_belongs_to_its_split(split: Split) -> None:
    rng = Random(1)
    for _ in range(300):
        words = [*names.person(rng, split).split(), names.word(rng, split)]
        words += [names.company(rng, split).split()[0], names.newsletter(rng, split).split()[0]]
        assert {names.split_of(word) for word in words} == {split}


def test_the_split_of_a_word_is_the_same_on_every_machine() -> None:
    words = ("Danielle", "danielle", "Aaron", "Ortiz", "norvik")
    assert [names.split_of(word).value for word in words] == ["train", "train", "dev", "test", "train"]


@pytest.mark.parametrize("split", Split)
def test_every_split_has_names_enough(split: Split) -> None:
    assert len(first_names(split)) >= 40
    assert len(last_names(split)) >= 80


def test_invented_words_are_nobodys_name() -> None:
    rng = Random(2)
    people = {n.lower() for s in Split for n in (*first_names(s), *last_names(s))}
    assert not people & {names.word(rng, Split.TRAIN) for _ in range(3_000)}


def test_ids_do_not_all_begin_at_the_same_number() -> None:
    starts = {names.first_number(Random(seed)) for seed in range(1_000)}
    assert starts == set(range(10, 70))
