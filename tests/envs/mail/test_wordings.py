import re
from collections.abc import Iterator

import pytest

from greenroom import Split
from greenroom.wordings import Wordings, wording_split
from greenroom_envs.mail import families
from greenroom_envs.mail.families import facts, issues

MODULES = [facts, issues, *(getattr(families, name) for name in families.__all__)]


def every() -> Iterator[tuple[str, Wordings]]:
    for module in MODULES:
        for name, value in vars(module).items():
            found = value if isinstance(value, dict) else {"": value}
            for key, wordings in found.items():
                if isinstance(wordings, Wordings):
                    yield f"{module.__name__.rpartition('.')[2]}.{name}.{key}", wordings


ALL = dict(every())


@pytest.mark.parametrize("name", ALL)
def test_every_set_of_wordings_serves_every_split(name: str) -> None:
    assert all(ALL[name].patterns(split) for split in Split)


@pytest.mark.parametrize("name", ALL)
def test_no_sentence_pattern_is_of_two_splits_but_every_word_occurs_in_train(name: str) -> None:
    patterns = {split: set(ALL[name].patterns(split)) for split in Split}
    assert not patterns[Split.TRAIN] & patterns[Split.TEST]
    assert not patterns[Split.TRAIN] & patterns[Split.DEV]
    assert not patterns[Split.DEV] & patterns[Split.TEST]
    words = {split: set(re.findall(r"[\w{}]+", " ".join(patterns[split]).lower())) for split in Split}
    assert words[Split.TEST] | words[Split.DEV] <= words[Split.TRAIN]


@pytest.mark.parametrize("family", families.__all__)
def test_a_family_has_at_least_60_requests(family: str) -> None:
    sets = [w for name, w in ALL.items() if re.match(rf"{family}\.(REQUESTS|FULL|PARTIAL)\.", name)]
    assert sets
    assert sum(len(w.patterns(split)) for w in sets for split in Split) >= 60


def test_the_split_of_a_sentence_is_the_same_on_every_machine() -> None:
    sentences = ("forward the {subject}.", "stop {sender}!", "delete {sender}.")
    assert [wording_split(sentence).value for sentence in sentences] == ["train", "dev", "test"]
