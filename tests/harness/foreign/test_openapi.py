import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


def described(schema: Any, **beside: Any) -> dict[str, Any]:
    body = {"content": {"application/json": {"schema": {"properties": {"q": schema}}}}}
    return {"paths": {"/a": {"post": {"operationId": "a", "requestBody": body}}}, **beside}


def test_references_that_grow_without_end_are_refused_soon() -> None:
    begun = time.monotonic()
    with pytest.raises(UsageError, match="POST /a: with references put in place, more than"):
        operations(described({"$ref": "#/c"}, c=[{"$ref": "#/c"}] * 200), [], {})
    assert time.monotonic() - begun < 10


def test_only_what_is_included_is_read() -> None:
    document = described({"$ref": "#/c"}, c=[{"$ref": "#/c"}] * 200)
    document["paths"]["/b"] = {"get": {"operationId": "b"}}
    assert list(operations(document, ["b"], {})) == ["b"]


@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef", "$recursiveRef", "$id", "$schema"])
def test_a_schema_that_leads_out_of_the_description_is_refused(keyword: str) -> None:
    with pytest.raises(UsageError, match="POST /a: "):
        operations(described({keyword: "http://127.0.0.1:9/schema"}), [], {})


def test_a_pattern_is_shown_and_left_to_the_application() -> None:
    schema = {"type": "string", "pattern": "^(a+)+$"}
    found = operations(described(schema), [], {})["a"]
    assert found.properties == {"q": schema}
    begun = time.monotonic()
    assert found.request(json.dumps({"q": "a" * 5000 + "!"})).body == {"q": "a" * 5000 + "!"}
    assert time.monotonic() - begun < 5


def test_what_refers_to_itself_is_anything_in_the_end_and_keeps_its_type_until_then() -> None:
    found = operations(DOCUMENT, ["addNote"], {"user": "ana"})["addNote"]
    within: dict[str, Any] = {"text": "a"}
    for _ in range(8):
        within = {"text": "a", "under": within}
    assert found.request(json.dumps(within)).body == within
    with pytest.raises(Refusal, match=r"under\.under\.text"):
        found.request(json.dumps({"text": "a", "under": {"text": "a", "under": {"text": 7}}}))


def test_limits_of_the_older_kind_are_left_to_the_application() -> None:
    found = operations(described({"type": "number", "minimum": 0, "exclusiveMinimum": True}), [], {})["a"]
    assert found.request('{"q": 0.5}').body == {"q": 0.5}


WRONG: list[dict[str, Any]] = [
    {"paths": [1]},
    {"paths": {"/a": 7}},
    {"paths": {"a": {"get": {}}}},
    {"paths": {"/a": {"get": []}}},
    {"paths": {"/a": {"get": {"parameters": 3}}}},
    {"paths": {"/a": {"get": {"parameters": [{"in": "query"}]}}}},
    {"paths": {"/a": {"get": {"parameters": [{"$ref": "http://127.0.0.1:9/"}]}}}},
    {"paths": {"/a": {"get": {"operationId": [1]}}}},
    {"paths": {"/a": {"get": {"requestBody": 7}}}},
    {"paths": {"/a": {"get": {"requestBody": {"content": {"application/json": {"schema": 7}}}}}}},
    {"paths": {"/\ud800": {"get": {}}}},
    {"paths": {"/a": {"get": {}}}, "servers": "x"},
    described({"type": "file"}),
]


@pytest.mark.parametrize("document", WRONG)
def test_a_description_of_another_shape_says_where(document: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"the description|GET |POST "):
        operations(document, [], {})


KEYS = st.sampled_from(
    [
        *("get", "post", "parameters", "operationId", "requestBody", "content", "application/json", "schema"),
        *("properties", "required", "in", "name", "query", "type", "$ref", "summary", "description", "anyOf", "url"),
    ]
)
TEXTS = st.sampled_from(["query", "path", "string", "object", "#/paths", "#/components/a", "#", "é", "\ud800", ""])
SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 3) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=30,
)


def part(wanted: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly what it should be."""
    return wanted | SHAPES


BODIES = part(
    st.fixed_dictionaries(
        {"content": st.fixed_dictionaries({"application/json": st.fixed_dictionaries({"schema": SHAPES})})}
    )
)
PARAMETERS = part(
    st.lists(part(st.fixed_dictionaries({"name": part(st.just("é")), "in": part(st.just("query")), "schema": SHAPES})))
)
TOLD = part(st.fixed_dictionaries({"parameters": PARAMETERS, "requestBody": BODIES, "operationId": part(st.just("a"))}))
PATHS = st.dictionaries(st.sampled_from(["/a/{é}", "/é", "b"]), part(st.fixed_dictionaries({"get": TOLD})), max_size=3)


@settings(max_examples=300, deadline=None)
@given(paths=part(PATHS), components=SHAPES, servers=SHAPES)
def test_whatever_a_description_is_it_is_read_or_refused(paths: Any, components: Any, servers: Any) -> None:
    try:
        found = operations({"paths": paths, "components": components, "servers": servers}, [], {})
        for operation in found.values():
            operation.request("{}")
    except (UsageError, Refusal):
        pass
