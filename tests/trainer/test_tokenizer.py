from typing import Any

import pytest

from greenroom_trainer.rename import Renamer
from greenroom_trainer.tokenizer import train_tokenizer
from support.tiny import TEXTS


def test_words_of_the_template_are_whole(tokenizer: Any) -> None:
    assert tokenizer.encode(" Please forward the lease").tokens[:3] == ["ĠPlease", "Ġforward", "Ġthe"]


def test_no_name_is_a_token(tokenizer: Any) -> None:
    long = [token for token in tokenizer.get_vocab() if len(token.removeprefix("Ġ")) > 2]
    assert not {"Danielle", "Johnson", "Marcus", "norvik"} & {token.removeprefix("Ġ") for token in long}


@pytest.mark.parametrize("around", [" from:{}", " {}", ' "{}"', " {}-12", " | {} |", " {}'s"])
def test_a_name_is_the_same_pieces_wherever_it_stands(tokenizer: Any, around: str) -> None:
    alone = tokenizer.encode("Danielle").ids
    ids = tokenizer.encode(around.format("Danielle")).ids
    assert any(ids[k : k + len(alone)] == alone for k in range(len(ids)))


@pytest.mark.parametrize("text", [" Zoë Brontë-7 said “Hi”", " from:Øyvind 14 March $1,432.50", " 東京"])
def test_any_text_survives(tokenizer: Any, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text).ids) == text


def test_training_twice_gives_the_same_tokenizer() -> None:
    assert train_tokenizer(TEXTS).to_str() == train_tokenizer(TEXTS).to_str()


def test_renaming_is_consistent_and_keeps_the_template(tokenizer: Any) -> None:
    import random

    ids = tokenizer.encode(" Please search the lease from Danielle-12 | Danielle").ids
    renamed = Renamer(tokenizer.get_vocab())(ids, random.Random(4))
    change = dict(zip(ids, renamed, strict=True))
    assert len(set(change.values())) == len(change)
    assert [change[i] for i in ids] == renamed != ids
    kept = tokenizer.encode(" Please search the lease from").ids
    assert renamed[: len(kept)] == kept
