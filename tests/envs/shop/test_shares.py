import pytest

from greenroom import Split
from greenroom_envs.shop.colours import SHADES, shade
from greenroom_envs.shop.families.reasons import CANCELLING, RETURNING, in_words
from greenroom_envs.shop.families.shares import share_of
from greenroom_envs.shop.goods import SHELVES, options


@pytest.mark.parametrize("count", [3, 5, 9, 28, 200])
def test_every_value_belongs_to_one_split_and_train_has_most(count: int) -> None:
    shares = {split: share_of(range(count), split) for split in Split}
    assert sorted(value for share in shares.values() for value in share) == list(range(count))
    assert len(shares[Split.TRAIN]) >= len(shares[Split.TEST]) >= len(shares[Split.DEV]) >= 1


def test_too_few_values_cannot_be_shared_out() -> None:
    with pytest.raises(ValueError, match="2 values cannot be shared out"):
        share_of("ab", Split.TRAIN)


def test_no_split_gives_a_reason_in_the_words_of_another() -> None:
    for reasons in (CANCELLING, RETURNING):
        said = [clause for split in Split for why in reasons for clause in in_words(reasons, why, split)]
        assert len(said) == len(set(said))


def test_a_clause_stands_for_one_reason() -> None:
    for reasons in (CANCELLING, RETURNING):
        clauses = [clause for some in reasons.values() for clause in some]
        assert len(clauses) == len(set(clauses))


def test_no_colour_occurs_in_two_splits() -> None:
    words = [shade(colour, split) for colour in SHADES for split in Split]
    assert len(words) == len(set(words))


def test_no_kind_of_goods_has_an_option_in_common_between_splits() -> None:
    for shelf in SHELVES:
        for kind in shelf.kinds:
            found = [option for split in Split for option in options(kind, split)]
            assert found
            assert len(found) == len(set(found))
