import json
from collections.abc import Mapping
from typing import Any

from greenroom.faults import Retrying
from greenroom.messages import Message, assistant, call, calls_of, tool

ASK = assistant(None, call("shop_ask_question", text="Is it loud?"))
BYE = assistant("Done.")


def answered(**answer: Any) -> list[Message]:
    return [tool("call_1", json.dumps(answer))]


def called(message: Message | None) -> tuple[str, Mapping[str, Any]]:
    assert message is not None
    function = calls_of(message)[0]["function"]
    return function["name"], json.loads(function["arguments"])


def test_a_limit_that_says_when_it_ends_is_waited_for_and_the_call_repeated() -> None:
    client = Retrying([ASK, BYE], [])
    assert called(client.next([])) == ("shop_ask_question", {"text": "Is it loud?"})
    assert called(client.next(answered(error="rate_limited", retry_after=90))) == ("greenroom_wait", {"seconds": 90})
    assert called(client.next(answered(waited=90)))[0] == "shop_ask_question"
    assert client.next(answered(asked="kettle")) == BYE


def test_a_long_wait_goes_in_pieces_that_the_tool_takes() -> None:
    client = Retrying([ASK, BYE], [])
    client.next([])
    assert called(client.next(answered(error="rate_limited", retry_after=7_300)))[1] == {"seconds": 3_600}
    assert called(client.next(answered(waited=3_600)))[1] == {"seconds": 3_600}
    assert called(client.next(answered(waited=3_600)))[1] == {"seconds": 100}
    assert called(client.next(answered(waited=100)))[0] == "shop_ask_question"


def test_a_limit_that_does_not_say_when_it_ends_is_an_answer() -> None:
    client = Retrying([ASK, BYE], [])
    client.next([])
    assert client.next(answered(error="rate_limited", message="Tomorrow again.")) == BYE


def test_what_failed_on_its_way_is_repeated_at_once() -> None:
    client = Retrying([ASK, BYE], [])
    client.next([])
    assert called(client.next(answered(error="server_error")))[0] == "shop_ask_question"
    assert client.next(answered(asked="kettle")) == BYE
