import json
from typing import Any

import pytest

from greenroom.errors import Refusal, UnknownNameError, UsageError
from greenroom.foreign.openapi import Operation, Request, operations, snake
from support.foreign import HERE

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "servers": [{"url": "/api/v1"}],
    "paths": {
        "/users/{user}/notes": {
            "parameters": [{"name": "user", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {
                "operationId": "listNotes",
                "summary": "All notes.",
                "parameters": [
                    {"name": "tag", "in": "query", "schema": {"type": "string"}, "description": "Only these."},
                    {"name": "done", "in": "query", "schema": {"type": "boolean"}},
                    {"$ref": "#/components/parameters/trace"},
                ],
            },
            "post": {"operationId": "addNote", "requestBody": {"$ref": "#/components/requestBodies/note"}},
        },
        "/import": {
            "post": {
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"type": "array", "items": {"type": "integer"}}}},
                }
            }
        },
    },
    "components": {
        "parameters": {"trace": {"name": "X-Trace", "in": "header", "schema": {"type": "string"}}},
        "requestBodies": {"note": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/note"}}}}},
        "schemas": {
            "note": {
                "type": "object",
                "required": ["text"],
                "properties": {"text": {"type": "string"}, "under": {"$ref": "#/components/schemas/note"}},
            }
        },
    },
}


@pytest.fixture
def found() -> dict[str, Operation]:
    return operations(DOCUMENT, [], {"user": "ana"})


def test_an_operation_becomes_a_tool_without_what_is_fixed(found: dict[str, Operation]) -> None:
    assert list(found) == ["listNotes", "addNote", "post_import"]
    function = found["listNotes"].tool("wiki")["function"]
    assert (function["name"], function["description"]) == ("wiki_list_notes", "All notes.")
    assert function["parameters"]["properties"] == {
        "tag": {"type": "string", "description": "Only these."},
        "done": {"type": "boolean"},
    }
    assert found["addNote"].parameters["required"] == ["text"]


@pytest.mark.parametrize(
    ("tool", "arguments", "request_"),
    [
        ("listNotes", {}, Request("GET", "/api/v1/users/ana/notes")),
        ("listNotes", {"tag": "a b&c", "done": True}, Request("GET", "/api/v1/users/ana/notes?tag=a+b%26c&done=true")),
        ("addNote", {"text": "hi"}, Request("POST", "/api/v1/users/ana/notes", {"text": "hi"})),
        ("post_import", {"body": [1, 2]}, Request("POST", "/api/v1/import", [1, 2])),
    ],
)
def test_a_call_becomes_a_request(
    found: dict[str, Operation], tool: str, arguments: dict[str, Any], request_: Request
) -> None:
    assert found[tool].request(json.dumps(arguments)) == request_


def test_a_path_cannot_be_left(found: dict[str, Operation]) -> None:
    open_path = operations(DOCUMENT, ["listNotes"], {})["listNotes"]
    asked = open_path.request(json.dumps({"user": "../../admin?x=1#"}))
    assert asked.path == "/api/v1/users/..%2F..%2Fadmin%3Fx%3D1%23/notes"
    for step in ("", ".", ".."):
        with pytest.raises(Refusal, match="cannot be part of a path"):
            open_path.request(json.dumps({"user": step}))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "no JSON"),
        ("[1]", "is not of type 'object'"),
        ('{"text": 7}', "'text': 7 is not of type 'string'; accepted: text, under"),
        ("{}", "'text' is a required property"),
        ('{"text": "a", "user": "bo"}', "Additional properties are not allowed"),
        ('{"text": "\\ud800"}', "no JSON"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_in_words(found: dict[str, Operation], text: str, told: str) -> None:
    with pytest.raises(Refusal, match=told):
        found["addNote"].request(text)


def test_what_is_no_description_and_what_is_not_in_it_is_refused() -> None:
    with pytest.raises(UsageError, match="no OpenAPI description"):
        operations("<html>", [], {})
    with pytest.raises(UnknownNameError, match="no operation 'addNotes'; did you mean 'addNote'"):
        operations(DOCUMENT, ["addNotes"], {})
    broken = {"paths": {"/a": {"get": {"parameters": [{"$ref": "#/components/nothing"}]}}}}
    with pytest.raises(UsageError, match="which is not in it"):
        operations(broken, [], {})


def test_names_of_tools_are_snakes() -> None:
    names = ["createBill", "get /a/{id}", "HTTPThing2Go"]
    assert [snake(name) for name in names] == ["create_bill", "get_a_id", "httpthing2_go"]


def test_the_examples_description_is_one_of_openapi() -> None:
    document = json.loads((HERE / "openapi.json").read_text())
    found = operations(document, [], {"project_id": "flat"})
    assert len(found) == 13
    assert not any("project_id" in operation.properties for operation in found.values())
