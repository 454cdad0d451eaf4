"""A schema comes from whoever serves the tools: it may ask for a request, or for more work than there is time."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenroom.errors import UsageError
from greenroom.schema import Checker, closed
from support.notes import app


def nested(depth: int, name: str = "a") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _ in range(depth):
        found = {"properties": {name: found}}
    return found


def doubling(levels: int) -> dict[str, Any]:
    """Two to the power of so many checks, in a few lines."""
    steps = {f"a{i}": {"allOf": [{"$ref": f"#/$defs/a{i + 1}"}] * 2} for i in range(levels)}
    return {"$ref": "#/$defs/a0", "$defs": {**steps, f"a{levels}": {}}}


OUTSIDE: list[dict[str, Any]] = [
    {"$ref": "http://127.0.0.1:9/schema"},
    {"$ref": "other.json#/$defs/a"},
    {"$ref": 7},
    {"$dynamicRef": "http://127.0.0.1:9/schema"},
    {"$dynamicRef": "#a"},
    {"$recursiveRef": "#"},
    {"$id": "http://127.0.0.1:9/", "$ref": "#"},
    {"$schema": "http://json-schema.org/draft-07/schema#"},
]


@pytest.mark.parametrize("schema", OUTSIDE)
@pytest.mark.parametrize("place", ["top", "property", "item", "definition"])
def test_a_schema_that_leads_out_of_itself_is_refused(schema: dict[str, Any], place: str) -> None:
    whole = {
        "top": schema,
        "property": {"properties": {"q": schema}},
        "item": {"anyOf": [True, {"items": schema}]},
        "definition": {"$defs": {"a": schema}},
    }[place]
    for read in (closed, Checker):
        with pytest.raises(UsageError, match=r"leads out of it|may lead out|the '.schema'"):
            read(whole)


@pytest.mark.parametrize("ref", ["#/properties", "#/const", "#nowhere", "#/$defs/b", "#/anyOf/-1", "#/description"])
def test_a_reference_leads_to_a_schema(ref: str) -> None:
    whole: dict[str, Any] = {
        "$ref": ref,
        "properties": {"a": {}},
        "const": {"pattern": "a"},
        "anyOf": [{}],
        "$defs": {"a": {}},
    }
    with pytest.raises(UsageError, match="leads to no schema within it"):
        Checker(whole)


def test_references_within_a_schema_are_followed() -> None:
    checker = Checker(
        {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$defs": {"a/b": {"properties": {"under": {"$ref": "#/$defs/a~1b"}, "n": {"type": "integer"}}}},
            "$ref": "#/%24defs/a~1b",
        }
    )
    assert checker.fits({"under": {"under": {"n": 1}}})
    assert checker.problem({"under": {"n": "x"}}) == ("under.n", "'x' is not of type 'integer'")


def test_names_of_properties_may_be_those_of_keywords() -> None:
    names = ("$ref", "$id", "$schema", "$dynamicRef", "pattern", "patternProperties", "properties")
    checker = Checker({"properties": {name: {"type": "integer"} for name in names}, "additionalProperties": False})
    assert checker.fits(dict.fromkeys(names, 1))
    assert not any(checker.fits({name: "x"}) for name in names)


def test_a_pattern_is_left_to_who_made_it() -> None:
    slow = "^(a+)+$"
    checker = Checker(
        {
            "properties": {"q": {"pattern": slow, "minLength": 3}},
            "patternProperties": {slow: {"type": "integer"}},
            "additionalProperties": False,
            "propertyNames": {"pattern": slow},
        }
    )
    begun = time.monotonic()
    assert checker.fits({"q": "a" * 5000 + "!", "a" * 5000 + "!": 1})
    assert not checker.fits({"q": "a"})
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (doubling(40), 1),
        ({"$ref": "#"}, 1),
        ({"uniqueItems": True}, [{"a": i} for i in range(20_000)]),
        ({"items": {"anyOf": [{"type": "string"}] * 1000}}, [1] * 10_000),
        ({"properties": {"a": {"$ref": "#"}}}, json.loads('{"a":' * 900 + "1" + "}" * 900)),
        ({"type": "string"}, json.loads("[" * 900 + "]" * 900)),
    ],
    ids=["doubling", "circle", "unique", "many", "a deep value", "a deep value to quote"],
)
def test_checking_comes_to_an_end(schema: dict[str, Any], value: Any) -> None:
    begun = time.monotonic()
    assert not Checker(schema).fits(value)
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize("schema", [nested(5000), {"enum": list(range(50_000))}, nested(40), {"const": nested(3000)}])
def test_a_schema_that_is_too_large_or_too_deep_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"too deep|too large"):
        Checker(schema)


def test_a_schema_as_deep_as_is_allowed_can_be_checked_by() -> None:
    assert Checker(nested(20)).fits({"a": {"a": 1}})


def test_tools_of_an_app_are_checked_by_all_that_they_say() -> None:
    for tool in app.tools.values():
        told = tool.schema["function"]["parameters"]
        assert closed(told)["properties"].keys() == told["properties"].keys()


KEYWORDS = [
    *("$ref", "type", "properties", "items", "anyOf", "allOf", "not", "if", "then", "const", "enum", "required"),
    *("minimum", "multipleOf", "minLength", "minItems", "uniqueItems", "additionalProperties", "patternProperties"),
    *("pattern", "format", "$defs", "$schema", "prefixItems", "contains"),
]
WORDS = st.sampled_from(["#", "#/$defs/a", "#/properties/a", "object", "string", "array", "(a+)+", "a", ""])
LEAVES = st.none() | st.booleans() | st.integers(-2, 3) | st.floats(allow_nan=True) | WORDS
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*KEYWORDS, "a", "b"]), inner, max_size=4)
    ),
    max_leaves=25,
)


@settings(max_examples=300, deadline=None)
@given(schema=SCHEMAS, value=SCHEMAS)
def test_whatever_a_schema_is_it_checks_or_is_refused(schema: Any, value: Any) -> None:
    try:
        checker = Checker(schema)
    except UsageError:
        return
    assert checker.fits(value) in (True, False)
