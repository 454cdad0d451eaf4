"""How much one search may look for, whatever it is run by."""

from collections.abc import Sequence

from greenroom.errors import Refusal

MOST_WORDS = 64
"""Each word of a search is a look through an index: thousands of them would keep all other episodes waiting."""


def few_words(words: Sequence[str]) -> Sequence[str]:
    """The words of a search, where they are few enough.

    Raises:
        Refusal: They are too many.
    """
    if len(words) > MOST_WORDS:
        raise Refusal("query_too_long", f"The query has {len(words):,} words or parts: {MOST_WORDS} are the most.")
    return words
