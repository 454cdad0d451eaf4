import json
from pathlib import Path
from typing import Any

import pytest

from greenroom.errors import UsageError
from greenroom.messages import Message, assistant, call, calls_of, tool, user
from greenroom_trainer.codec import example
from greenroom_trainer.template import TemplateCodec
from support.tiny import CONVERSATION, TOOLS


@pytest.fixture
def codec(chat_model: Path) -> TemplateCodec:
    from transformers import AutoTokenizer

    return TemplateCodec(AutoTokenizer.from_pretrained(chat_model))


def test_turn_by_turn_gives_the_text_of_the_whole_template(codec: TemplateCodec) -> None:
    whole = codec.tokenizer.apply_chat_template(
        [_readable(m) for m in CONVERSATION[:-1]], tools=list(TOOLS), tokenize=False
    )
    assert codec.tokenizer.decode(example(codec, CONVERSATION, TOOLS).ids) + "\n" == whole


def _readable(message: Message) -> dict[str, Any]:

    calls = [
        {"function": {**c["function"], "arguments": json.loads(c["function"]["arguments"])}} for c in calls_of(message)
    ]
    return {**message, "tool_calls": calls}


@pytest.mark.parametrize(
    "turn",
    [
        assistant("Done."),
        assistant(None, call("mail_search", query="a “quoted” lease", limit=2)),
        assistant("Let me see.", call("mail_search", query="a"), call("mail_search", "call_1", query="b")),
    ],
)
def test_a_turn_is_read_back_as_it_was_written(codec: TemplateCodec, turn: Message) -> None:
    assert codec.parse(codec.write(turn, TOOLS), TOOLS) == turn


@pytest.mark.parametrize(
    "text, content, names",
    [
        ("<tool_call>{not json}</tool_call>", None, ["unreadable_call"]),
        ('<tool_call>{"name": "mail_search"', None, ["unreadable_call"]),
        ('<tool_call>{"name": "x", "arguments": "y"}</tool_call>', None, ["x"]),
        ("<think>hm</think>Done.", "Done.", []),
        ("", "", []),
    ],
)
def test_whatever_is_sampled_is_a_message(codec: TemplateCodec, text: str, content: str, names: list[str]) -> None:
    message = codec.parse(codec.tokenizer.encode(text), TOOLS)
    assert message["content"] == content
    assert [c["function"]["name"] for c in calls_of(message)] == names


def test_sampled_ids_are_never_tokenized_again(codec: TemplateCodec) -> None:
    later = codec.render([tool("call_0", "{}"), user("and now?")], TOOLS, first=False)
    assert codec.tokenizer.decode(later) == (
        "\n<|im_start|>tool\n{}<|im_end|>\n<|im_start|>user\nand now?<|im_end|>\n<|im_start|>assistant\n"
    )


def test_a_tokenizer_without_template_is_refused(codec: TemplateCodec) -> None:
    codec.tokenizer.chat_template = None
    with pytest.raises(UsageError, match="no chat template"):
        TemplateCodec(codec.tokenizer)
