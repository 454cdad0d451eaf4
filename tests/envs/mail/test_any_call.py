"""Whatever an agent calls, it gets an answer: never a traceback, and nothing half done."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenroom import Split, World
from greenroom.messages import ToolCall, call
from greenroom.sandboxes import LocalSandbox
from greenroom.tools import Tool
from greenroom_envs.mail import app

WORDS = st.sampled_from(
    [
        "inbox",
        "in:inbox",
        "from:",
        "paid",
        "urgent",
        "14 March",
        "2026-03-14",
        "10:30",
        "order",
        '"',
        "'",
        "%",
        "-",
        "²",
    ]
)


def texts(known: list[str]) -> st.SearchStrategy[str]:
    pieces = st.lists(WORDS | st.sampled_from(known) | st.text(max_size=8), max_size=4).map(" ".join)
    return st.sampled_from(known) | WORDS | st.text(max_size=30) | pieces


def of_type(schema: dict[str, Any], known: list[str]) -> st.SearchStrategy[Any]:
    if "anyOf" in schema:
        return st.one_of(*(of_type(choice, known) for choice in schema["anyOf"]))
    match schema["type"]:
        case "null":
            return st.none()
        case "string":
            return texts(known)
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(schema.get("minimum"), schema.get("maximum"))
        case "array":
            return st.lists(of_type(schema["items"], known), max_size=4)
        case other:
            raise AssertionError(f"no strategy for {other}")


def arguments(tool: Tool, known: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    parameters = tool.schema["function"]["parameters"]
    fields = {name: of_type(schema, known) for name, schema in parameters.get("properties", {}).items()}
    required = {name: fields.pop(name) for name in parameters.get("required", [])}
    return st.fixed_dictionaries(required, optional=fields)


def broken(tool: Tool) -> st.SearchStrategy[str]:
    """Arguments that are no JSON, no object, of other types, out of range, too many or too few."""
    names = sorted(tool.schema["function"]["parameters"].get("properties", {}))
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=6,
    )
    objects = st.dictionaries(st.sampled_from([*names, "other"]), values, max_size=6)
    return st.text(max_size=20) | values.map(json.dumps) | objects.map(json.dumps)


def known_words(world: World) -> list[str]:
    listed = app.call(world, call("mail_list_folder", limit=5))
    return [hit[key] for hit in json.loads(listed.text)["hits"] for key in ("id", "from")]


def assert_answered(world: World, one: ToolCall) -> None:
    """The answer is JSON; a refusal says why, and leaves nothing half done."""
    before = world.changes(by="agent")
    result = app.call(world, one)
    answer = json.loads(result.text)
    if result.refused:
        assert {"error", "message"} <= set(answer) <= {"error", "message", "retry_after"}
        assert len(answer["message"]) > 10
        assert world.changes(by="agent") == before


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_any_schema_valid_calls_are_answered(sandbox: LocalSandbox, data: st.DataObject) -> None:
    with sandbox.base(Split.TRAIN).open() as world:
        known = known_words(world)
        for _ in range(data.draw(st.integers(1, 4))):
            tool = app.tools[data.draw(st.sampled_from(sorted(app.tools)))]
            assert_answered(world, call(tool.name, **data.draw(arguments(tool, known))))


@pytest.mark.parametrize("tool", app.tools.values(), ids=lambda tool: tool.name)
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_any_schema_breaking_call_is_answered(sandbox: LocalSandbox, tool: Tool, data: st.DataObject) -> None:
    with sandbox.base(Split.TRAIN).open() as world:
        for _ in range(5):
            text = data.draw(broken(tool))
            assert_answered(world, call(tool.name) | {"function": {"name": tool.name, "arguments": text}})


@pytest.mark.nightly
@settings(max_examples=3_000, deadline=None)
@given(data=st.data())
def test_long_runs_of_any_calls_are_answered(sandbox: LocalSandbox, data: st.DataObject) -> None:
    with sandbox.base(Split.TRAIN).open() as world:
        known = known_words(world)
        for _ in range(data.draw(st.integers(1, 12))):
            tool = app.tools[data.draw(st.sampled_from(sorted(app.tools)))]
            assert_answered(world, call(tool.name, **data.draw(arguments(tool, known))))
