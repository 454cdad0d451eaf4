"""The tiny model's tokenizer: template words whole, everything else in pieces of at most two characters or digits.

A model with 100,000 weights learns to copy only pieces that it has seen copied. So no name, id or value may
be a token of its own: those of the test split would then be made of tokens that training never touched.
Words that recur in very many transcripts ("forward", "please") are whole tokens, to keep transcripts short.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from greenroom_trainer.compact import SPECIAL

SPACE = "Ġ"
"""How byte-level tokenizers write a space."""
NUMBER = re.compile(r"-?\d{1,2}")
"""A number, or a part of a longer one; with the hyphen before it at the end of an id."""


def train_tokenizer(
    texts: Sequence[str],
    *,
    words: int = 400,
    pieces: int = 320,
    piece_length: int = 2,
    frequent: float = 0.004,
    everywhere: float = 0.2,
) -> Tokenizer:
    """A byte-level tokenizer trained on an app's own transcripts, one text each.

    Args:
        texts: Whole transcripts.
        words: At most so many whole words.
        pieces: At most so many pieces of more than one byte.
        piece_length: At most so many characters in a piece, a leading space included.
        frequent: A lower-case word is whole when it occurs in this share of the transcripts.
        everywhere: Likewise for a capitalized word, which may be a name; or when it is whole in lower case.
    """
    splitter = _splitter()
    spread: Counter[str] = Counter()
    count: Counter[str] = Counter()
    for text in texts:
        found = [word for word, _ in splitter.pre_tokenize_str(" " + text)]
        count.update(found)
        spread.update(set(found))
    whole = _template_words(spread, len(texts), words, frequent, everywhere)
    whole |= {word for word in spread if NUMBER.fullmatch(word)}
    # Without the space before them: a name is the same pieces after a space, a colon or a quote.
    rest = [w.removeprefix(SPACE) for w, n in count.items() if w not in whole for _ in range(min(n, 50))]
    return _assemble(splitter, _pieces(rest, pieces, piece_length), sorted(whole))


def _splitter() -> pre_tokenizers.PreTokenizer:
    """Digits by twos, an id's with its hyphen; words with the space before them; runs of punctuation.

    `Ann-42` ends in one token. Were the hyphen a token of its own, every id in the transcript would continue
    it, and copying one would take a look at two tokens back instead of one; likewise for the digits of `$432`.
    """
    parts = Regex(r"-?\d{1,2}| ?\p{L}+| ?[^\s\p{L}\d]+?(?=-\d|\s|\p{L}|\d|$)|\s")
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(parts, "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def _template_words(spread: Counter[str], texts: int, limit: int, frequent: float, everywhere: float) -> set[str]:
    """Words that belong to the app's and people's templates, judged by how many transcripts hold them."""

    def plain(word: str) -> str:
        return word.removeprefix(SPACE)

    common = {plain(w) for w, n in spread.items() if n >= frequent * texts and plain(w).islower()}
    whole = {
        w
        for w, n in spread.items()
        if len(w) > 1 and n >= frequent * texts and (plain(w) in common or n >= everywhere * texts)
    }
    whole |= {
        w for w, n in spread.items() if plain(w).istitle() and plain(w).lower() in common and n >= frequent * texts
    }
    return set(sorted(whole, key=lambda w: (-spread[w], w))[:limit])


def _pieces(words: Iterable[str], limit: int, length: int) -> Tokenizer:
    """Byte pair encoding over words, already in the byte-level alphabet."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=len(alphabet) + limit,
        initial_alphabet=alphabet,
        max_token_length=length,
        show_progress=False,
    )
    tokenizer.train_from_iterator(sorted(words), trainer)
    return tokenizer


def _assemble(splitter: pre_tokenizers.PreTokenizer, pieces: Tokenizer, whole: Sequence[str]) -> Tokenizer:
    """One tokenizer: marks, pieces with their merges, and whole words that are taken before any merge."""
    import json

    learned = json.loads(pieces.to_str())["model"]
    tokens = [*SPECIAL, *sorted(learned["vocab"], key=learned["vocab"].__getitem__)]
    tokens += [w for w in whole if w not in set(tokens)]
    merges = [tuple(m) for m in learned["merges"]]
    model = models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=merges, ignore_merges=True)
    tokenizer = Tokenizer(model)
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.pre_tokenizer = splitter
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer
