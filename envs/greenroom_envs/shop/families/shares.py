"""Values kept apart: of every list of values that tasks draw from, each split has a share of its own."""

import zlib
from collections.abc import Sequence
from typing import TypeVar

from greenroom import Split

T = TypeVar("T")


def share_of(values: Sequence[T], split: Split) -> tuple[T, ...]:
    """The values that tasks of a split may draw: a fifth is test's, a tenth dev's, one at least; train has the rest.

    Which, is a stable draw by position: neither the first nor the largest ones belong to any split.

    Args:
        values: At least three.
        split: Whose share.

    Raises:
        ValueError: They are too few to be shared out.
    """
    count = len(values)
    if count < 3:
        raise ValueError(f"{count} values cannot be shared out between three splits: {values!r}")
    drawn = sorted(range(count), key=lambda position: zlib.crc32(f"{position} of {count}".encode()))
    test = max(1, count // 5)
    dev = test + max(1, count // 10)
    shares = {Split.TEST: drawn[:test], Split.DEV: drawn[test:dev], Split.TRAIN: drawn[dev:]}
    return tuple(values[position] for position in sorted(shares[split]))
