import json
from typing import Any

import pytest

from greenroom.cli.lines import arguments
from greenroom.errors import UsageError

FUNCTION = {
    "name": "x_do",
    "parameters": {
        "properties": {
            "name": {"type": "string"},
            "count": {"type": "integer"},
            "tags": {"type": "array"},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
        "required": ["name"],
    },
}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", {}),
        ("name=7 count=7", {"name": "7", "count": 7}),
        ("name='two words' note=3", {"name": "two words", "note": "3"}),
        ("two words", {"name": "two words"}),
        ("name=x tags=a,b", {"name": "x", "tags": ["a", "b"]}),
        ("name=x tags='[\"a\"]'", {"name": "x", "tags": ["a"]}),
        ('name="b c" tags=["Ana Ost", "d"] count=2', {"name": "b c", "tags": ["Ana Ost", "d"], "count": 2}),
        ("name='say tags=[\"a\"]'", {"name": 'say tags=["a"]'}),
        ("name=x tags=[a", {"name": "x", "tags": ["[a"]}),
        ('{"name": "x", "count": 2}', {"name": "x", "count": 2}),
        ("count=many", {"count": "many"}),
    ],
)
def test_arguments_are_read_as_their_schema_wants_them(typed: str, meant: dict[str, Any]) -> None:
    assert arguments(typed, FUNCTION) == meant
    assert arguments(json.dumps(meant), FUNCTION) == meant


@pytest.mark.parametrize(
    ("typed", "told"), [("{", "no JSON"), ("name='x", "No closing quotation"), ("name=x y", "'y'")]
)
def test_what_cannot_be_read_is_told(typed: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        arguments(typed, FUNCTION)
