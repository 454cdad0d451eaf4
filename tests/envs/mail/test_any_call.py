"""Whatever schema-valid call an agent makes, it gets an answer: never a traceback."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from greenroom import Split
from greenroom.messages import call
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


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_any_schema_valid_calls_are_answered(sandbox: LocalSandbox, data: st.DataObject) -> None:
    world = sandbox.base(Split.TRAIN).open()
    try:
        listed = app.call(world, call("mail_list_folder", limit=5))
        known = [hit[key] for hit in json.loads(listed.text)["hits"] for key in ("id", "from")]
        for _ in range(data.draw(st.integers(1, 4))):
            tool = app.tools[data.draw(st.sampled_from(sorted(app.tools)))]
            before = world.content_id
            result = app.call(world, call(tool.name, **data.draw(arguments(tool, known))))
            answer = json.loads(result.text)
            if result.refused:
                assert set(answer) == {"error", "message"}
                assert len(answer["message"]) > 10
                assert world.content_id == before
    finally:
        world.close()
