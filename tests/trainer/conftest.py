from pathlib import Path
from typing import Any

import pytest

from greenroom_trainer.model import PolicyModel, TinyShape, make_tiny
from greenroom_trainer.tokenizer import train_tokenizer
from support.tiny import TEXTS, save_chat_model

SHAPE = TinyShape(hidden=16, heads=2, feed_forward=32)


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    return train_tokenizer(TEXTS, frequent=0.3)


@pytest.fixture
def tiny(tokenizer: Any) -> PolicyModel:
    from tokenizers import Tokenizer

    return make_tiny(Tokenizer.from_str(tokenizer.to_str()), SHAPE, seed=1)


@pytest.fixture(params=["llama", "qwen3"])
def chat_model(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A Hugging Face model with a chat template, saved to disk."""
    return save_chat_model(tmp_path / "chat", request.param)
