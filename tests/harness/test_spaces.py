import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from greenroom import messages as m
from greenroom.errors import UsageError
from greenroom.spaces import ConversationSpace, MessageSpace
from support.notes import app

TOOLS = [tool.schema for tool in app.tools.values()]


def test_every_sample_is_contained_and_its_arguments_fit_the_tool() -> None:
    space = MessageSpace(TOOLS, seed=1)
    samples = [space.sample() for _ in range(300)]
    assert all(space.contains(s) for s in samples)
    called = {c["function"]["name"] for s in samples for c in m.calls_of(s)}
    assert called == set(app.tools)
    for sample in samples:
        for call in m.calls_of(sample):
            app.tools[call["function"]["name"]].parse(call["function"]["arguments"])


def test_the_same_seed_samples_the_same() -> None:
    one, two = MessageSpace(TOOLS, seed=5), MessageSpace(TOOLS, seed=5)
    assert [one.sample() for _ in range(20)] == [two.sample() for _ in range(20)]


@pytest.mark.parametrize(
    "message",
    [
        None,
        "text",
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": 3},
        m.assistant(None, m.call("notes_nothing")),
        m.assistant(None, m.call("notes_add")),
        m.assistant(None, m.call("notes_add", title=3)),
        m.assistant(None, m.call("notes_add", title="x", colour="red")),
        {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "notes_add", "arguments": "{"}}]},
    ],
)
def test_what_does_not_fit_is_not_contained(message: object) -> None:
    assert not MessageSpace(TOOLS).contains(message)


def test_offering_other_tools_keeps_the_generator_going() -> None:
    space = MessageSpace(TOOLS, seed=3)
    space.sample()
    space.offer(TOOLS[:1])
    names = {c["function"]["name"] for _ in range(20) for c in m.calls_of(space.sample())}
    assert names == {TOOLS[0]["function"]["name"]}


def test_observations_are_tuples_of_messages() -> None:
    space = ConversationSpace(seed=0)
    assert space.contains(space.sample())
    assert space.contains(())
    assert not space.contains([m.user("a list")])
    assert not space.contains(("text",))


def test_constraints_of_a_schema_are_kept_when_sampling() -> None:
    parameters = {
        "type": "object",
        "properties": {
            "n": {"type": "integer", "minimum": 3, "maximum": 4},
            "s": {"type": "string", "minLength": 30, "maxLength": 31},
            "l": {"type": "array", "items": {"enum": ["x"]}, "minItems": 2, "maxItems": 2},
            "u": {"anyOf": [{"type": "null"}, {"type": "boolean"}, {"type": "number"}]},
        },
        "required": ["n", "s", "l", "u"],
    }
    space = MessageSpace(
        [{"type": "function", "function": {"name": "t", "parameters": parameters}}], seed=0, text_rate=0
    )
    for _ in range(50):
        sample = space.sample()
        assert space.contains(sample), json.dumps(sample)


@pytest.mark.parametrize("kind", [["a"], "file"])
def test_a_schema_that_is_none_says_so(kind: object) -> None:
    parameters = {"type": "object", "properties": {"x": {"type": kind}}, "required": ["x"]}
    space = MessageSpace([{"type": "function", "function": {"name": "t", "parameters": parameters}}], text_rate=0)
    with pytest.raises(UsageError, match="bad schema"):
        space.contains(m.assistant(None, m.call("t", x="y")))
    with pytest.raises(UsageError, match="cannot sample"):
        space.sample()


def one_tool(parameters: Any) -> list[dict[str, Any]]:
    return [{"type": "function", "function": {"name": "t", "parameters": parameters}}]


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """A server that notes what it is asked for: its address, and the notes."""
    paths: list[str] = []

    class Noting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    with HTTPServer(("127.0.0.1", 0), Noting) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/schema", paths
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef", "$recursiveRef", "$id", "$schema"])
def test_a_tool_whose_schema_lies_elsewhere_is_refused_and_nobody_is_asked(
    asked: tuple[str, list[str]], keyword: str
) -> None:
    address, paths = asked
    where: dict[str, Any] = {keyword: address}
    for parameters in (where, {"type": "object", "properties": {"q": where}, "required": ["q"]}):
        space = MessageSpace(one_tool(parameters), seed=0, text_rate=0)
        with pytest.raises(UsageError, match="tool 't'"):
            space.contains(m.assistant(None, m.call("t", q="a")))
        with pytest.raises(UsageError, match="tool 't'"):
            space.sample()
    assert paths == []


@pytest.mark.parametrize(
    "field",
    [
        {"$ref": "#/$defs/loop"},
        {"$ref": "#/$defs/tree"},
        {"type": "array", "minItems": 10**9},
        {"type": "array", "minItems": 99, "items": {"type": "array", "minItems": 99, "items": {"minLength": 99}}},
        {"type": "array", "minItems": 3, "maxItems": 2},
        {"type": "string", "minLength": 10**12},
        {"type": "integer", "minimum": 10**30},
        {"anyOf": []},
        {"enum": 3},
        7,
    ],
)
def test_what_nobody_can_draw_says_so(field: Any) -> None:
    defs = {
        "loop": {"$ref": "#/$defs/loop"},
        "tree": {"type": "array", "minItems": 2, "items": {"$ref": "#/$defs/tree"}},
    }
    space = MessageSpace(
        one_tool({"type": "object", "properties": {"x": field}, "required": ["x"], "$defs": defs}), text_rate=0
    )
    with pytest.raises(UsageError, match="tool 't': cannot sample"):
        space.sample()


@pytest.mark.parametrize("parameters", [None, 7, [], True, {"type": "string"}])
def test_a_tool_without_arguments_by_name_cannot_be_drawn(parameters: Any) -> None:
    with pytest.raises(UsageError, match="tool 't'"):
        MessageSpace(one_tool(parameters), text_rate=0).sample()


def test_arguments_that_are_nested_too_deep_do_not_fit() -> None:
    call = {"function": {"name": "t", "arguments": "[" * 100_000}}
    assert not MessageSpace(one_tool({})).contains({"role": "assistant", "content": None, "tool_calls": [call]})
