"""Renaming: a demonstration with every name, id and number replaced, alike wherever it occurs.

A tiny model that reads a few hundred names thousands of times learns them by heart and completes "Jer…" to a
name it knows. Copying an unseen name is a skill it acquires only when knowing names does not pay. So pieces
of words are exchanged at random within a conversation: numbers for numbers, beginnings of words for beginnings
of words. "Marcia" may become "Lonika", in the request, in the results, and in what the agent does with it.
Nothing is corrected by it: a demonstration with a slip stays one.
"""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence

from greenroom_trainer.tokenizer import NUMBER, SPACE


def kind_of(token: str, whole: bool) -> str:
    """The kind of piece that a token may be exchanged with, or nothing when it has to stay."""
    body = token.removeprefix(SPACE)
    if NUMBER.fullmatch(body):
        return f"number of {len(body)}" if body[0] == "-" else f"{len(body)} digits"
    if whole or not body.isascii() or not body.isalpha():
        return ""
    return "upper" if body[0].isupper() else "lower"


class Renamer:
    """Exchanges pieces of words for others of their kind."""

    def __init__(self, vocabulary: Mapping[str, int], piece_length: int = 2) -> None:
        """Learn the kinds of a vocabulary's tokens; longer ones than `piece_length` are whole words and stay."""
        kinds: defaultdict[str, list[int]] = defaultdict(list)
        for token, index in sorted(vocabulary.items(), key=lambda item: item[1]):
            kind = kind_of(token, len(token) > piece_length)
            if kind:
                kinds[kind].append(index)
        self._kinds: Sequence[list[int]] = list(kinds.values())

    def __call__(self, ids: list[int], rng: random.Random) -> list[int]:
        """The ids of a conversation, its values renamed; same length."""
        present = set(ids)
        change: dict[int, int] = {}
        for kind in self._kinds:
            used = [i for i in kind if i in present]
            change.update(zip(used, rng.sample(kind, len(used)), strict=True))
        return [change.get(i, i) for i in ids]
