from itertools import product
from random import Random

import pytest

from greenroom import Split
from greenroom.wordings import Wordings, capital, polite_twice, wording_split

ENDS = (".", ", please.", ", when you can.", ". Thanks.")
STARTS = ("", "please ", "when you can, ", "hello, ")
MIDDLES = ("send {what}", "post {what}", "mail {what}")
ASKED = Wordings(STARTS, MIDDLES, ENDS)


@pytest.mark.parametrize(
    ("text", "twice"),
    [
        ("Please send it, please.", True),
        ("When you can, send it, when you can.", True),
        ("When you can, send it when you have a minute.", True),
        ("Thanks. Send it, thank you.", True),
        ("Please send it, when you can. Thanks.", False),
        ("I am pleased.", False),
    ],
)
def test_one_politeness_twice_is_once_too_often(text: str, twice: bool) -> None:
    assert polite_twice(text) is twice


@pytest.mark.parametrize("split", list(Split))
def test_no_sentence_is_polite_twice_and_all_drawn_ones_differ(split: Split) -> None:
    patterns = ASKED.patterns(split)
    assert patterns
    assert not any(map(polite_twice, patterns))
    for seed in range(200):
        drawn = ASKED.draw(Random(seed), split, 3, what="it")
        assert not any(map(polite_twice, drawn))
        assert len(set(drawn)) == len(drawn) == min(3, len(patterns))


def test_leaving_a_sentence_out_moves_no_other_draw() -> None:
    glued = ["".join(parts) for parts in product(STARTS, MIDDLES, ENDS)]
    train = [pattern for pattern in glued if wording_split(pattern) == Split.TRAIN]
    assert len(ASKED.patterns(Split.TRAIN)) < len(train)
    rng, twin = Random(1), Random(1)
    for _ in range(50):
        drawn, plain = ASKED.draw(rng, Split.TRAIN, 3, what="it"), twin.sample(train, 3)
        assert {capital(p.format(what="it")) for p in plain if not polite_twice(p)} <= set(drawn)
    assert rng.random() == twin.random()
