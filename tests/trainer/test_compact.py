import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.messages import assistant, call, calls_of, tool, user
from greenroom_trainer.codec import example
from greenroom_trainer.compact import CompactCodec, result_text
from greenroom_trainer.tokenizer import train_tokenizer
from support.tiny import CONVERSATION, HITS, TEXTS, TOOLS


@pytest.fixture
def codec(tokenizer: Any) -> CompactCodec:
    return CompactCodec(tokenizer)


@pytest.mark.parametrize(
    "name, arguments",
    [
        ("mail_search", {"query": "norvik lease"}),
        ("mail_search", {"query": "norvik lease", "limit": 3}),
        ("mail_search", {"limit": 3}),
        ("mail_forward", {"message_id": "Ann-12", "to": "Bo Lund", "note": "As agreed."}),
        ("mail_move", {"message_ids": ["Ann-12", "Bo-3"], "folder": "travel"}),
        ("mail_star", {"message_id": "Ann-12", "on": False}),
    ],
)
def test_a_call_is_read_back_as_it_was_written(codec: CompactCodec, name: str, arguments: dict[str, Any]) -> None:
    made = assistant(None, call(name, **arguments))
    assert codec.parse(codec.write(made, TOOLS), TOOLS) == made


def test_several_calls_are_read_back(codec: CompactCodec) -> None:
    made = assistant(None, call("mail_search", query="a"), call("mail_search", "call_1", query="b"))
    assert codec.parse(codec.write(made, TOOLS), TOOLS) == made


def test_what_begins_with_no_tool_is_text(codec: CompactCodec) -> None:
    said = assistant("Who should I send it to?")
    assert codec.parse(codec.write(said, TOOLS), TOOLS) == said


@pytest.mark.parametrize(
    "text, arguments",
    [
        ("search | lease | many", {"query": "lease", "limit": "many"}),
        ("star | Ann-12 | yes | twice", {"message_id": "Ann-12", "on": True, "extra_2": "twice"}),
        ("forward", {}),
    ],
)
def test_a_bad_call_stays_a_call_that_the_app_refuses(codec: CompactCodec, text: str, arguments: object) -> None:
    (made,) = calls_of(codec.parse(codec.tokenizer.encode(" " + text).ids, TOOLS))
    assert json.loads(made["function"]["arguments"]) == arguments


WILD = CompactCodec(train_tokenizer(TEXTS, frequent=0.3))


@given(ids=st.lists(st.integers(0, WILD.tokenizer.get_vocab_size() - 1), max_size=40))
def test_any_ids_can_be_read(ids: list[int]) -> None:
    codec = WILD
    message = codec.parse(ids, TOOLS)
    assert message["role"] == "assistant"
    assert all(isinstance(json.loads(c["function"]["arguments"]), dict) for c in calls_of(message))


def test_a_mark_that_a_user_types_is_text(codec: CompactCodec) -> None:
    ids = codec.render([user("stop <e> now")], TOOLS, first=True)
    assert [i for i in ids if i in codec.end_ids] == [ids[-2]]


@pytest.mark.parametrize(
    "content, text",
    [
        (HITS, "Ann Webb Ann-12 norvik lease 2 Mar"),
        ("[]", "none"),
        ('{"error": "not_found", "message": "no message \'x\'"}', "error not_found"),
        ('{"a": [1, {"b": true}], "c": null}', "1; yes"),
        ("not JSON", "not JSON"),
    ],
)
def test_a_result_is_its_values(content: str, text: str) -> None:
    assert result_text(content) == text


def test_only_what_the_assistant_wrote_is_learned_from(codec: CompactCodec) -> None:
    made = example(codec, CONVERSATION, TOOLS)
    own = codec.tokenizer.decode([i for i, m in zip(made.ids, made.mask, strict=True) if m])
    assert own == " search | norvik lease forward | Ann-12 | Bo Lund Done."
    assert len(made.ids) == len(made.mask)


def test_a_refused_call_is_given_but_not_learned_from(codec: CompactCodec) -> None:
    refusal = tool("call_1", '{"error": "no_such_message", "message": "There is none."}')
    wrong = assistant(None, call("mail_search", "call_1", query="norvik"))
    made = example(codec, [*CONVERSATION[:1], wrong, refusal, *CONVERSATION[1:]], TOOLS)
    plain = example(codec, CONVERSATION, TOOLS)
    own = [[i for i, m in zip(e.ids, e.mask, strict=True) if m] for e in (made, plain)]
    assert own[0] == own[1]
    assert codec.tokenizer.decode(made.ids).count("no_such_message") == 1
