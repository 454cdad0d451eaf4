import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from sqlalchemy.orm import declarative_base

from greenroom import App, Refusal, World
from greenroom.errors import UsageError
from greenroom.plugins import load_app
from greenroom.tools import DEFAULT_TAKES, MOST_TEXT, Tool, feature_of, reads_by_name, result_text


def example(
    world: Any, name: str, count: int = 3, kind: Literal["a", "b"] = "a", tags: list[str] | None = None
) -> None:
    """Do a thing.

    With more words.

    Args:
        name: Whose name.
        count: How many.
    """


TOOL = Tool("app_example", example)


def test_the_schema_comes_from_signature_and_docstring() -> None:
    function = TOOL.schema["function"]
    assert function["name"] == "app_example"
    assert function["description"] == "Do a thing.\nWith more words."
    properties = function["parameters"]["properties"]
    assert properties["name"] == {"type": "string", "description": "Whose name."}
    assert properties["count"] == {"type": "integer", "default": 3, "description": "How many."}
    assert properties["kind"]["enum"] == ["a", "b"]
    assert function["parameters"]["required"] == ["name"]
    assert function["parameters"]["additionalProperties"] is False


def test_arguments_are_parsed_with_their_defaults() -> None:
    assert TOOL.parse('{"name": "x", "count": "7"}') == {"name": "x", "count": 7, "kind": "a", "tags": None}


def test_any_text_is_fine_that_can_be_written() -> None:
    assert TOOL.parse('{"name": "\\ud83d\\ude00 漢字"}')["name"] == "\U0001f600 漢字"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "no JSON"),
        ("[" * 60_000, "no JSON"),
        ('{"name": "\\ud800"}', "surrogates not allowed"),
        ('{"name": "x", "\\udfff": 1}', "surrogates not allowed"),
        ('{"name": "x", "tags": ["\ud800"]}', "surrogates not allowed"),
        ("[1]", "must be a JSON object"),
        (r'{"name": "\ud800"}', "surrogates not allowed"),
        ("", "'name': Field required"),
        ('{"name": "x", "nmae": 1}', "'nmae': Extra inputs are not permitted (given: '1')"),
        ('{"name": "x", "count": "many"}', "'count': Input should be a valid integer"),
        ('{"name": "x", "kind": "c"}', "'a' or 'b'"),
    ],
)
def test_a_wrong_argument_is_told_in_a_sentence_that_names_it(text: str, told: str) -> None:
    with pytest.raises(Refusal) as refusal:
        TOOL.parse(text)
    assert refusal.value.code == "bad_arguments"
    assert told in refusal.value.message
    assert "app_example" in refusal.value.message


def test_arguments_without_end_are_refused_in_a_short_sentence() -> None:
    many = json.dumps({"name": "x"} | {f"x{number}": 1 for number in range(3_000)})
    with pytest.raises(Refusal, match=r"and 2995 problems more. It takes: name") as refusal:
        TOOL.parse(many)
    assert len(refusal.value.message) < 1_000
    with pytest.raises(Refusal, match=r"have 65,537 characters, 65,536 is the most"):
        TOOL.parse(" " * (MOST_TEXT + 1))
    assert TOOL.parse(json.dumps({"name": "x" * (MOST_TEXT - 20)}))["count"] == 3


def test_a_parameter_without_a_type_is_refused_when_the_schema_is_made() -> None:
    def untyped(world, thing):  # type: ignore[no-untyped-def]
        return thing

    with pytest.raises(UsageError, match="'thing' has no type annotation"):
        _ = Tool("app_untyped", untyped).schema


def test_results_are_json_without_empty_fields() -> None:
    @dataclass
    class Hit:
        sender: str
        note: str | None = None

    assert result_text(None) == '{"ok": true}'
    assert result_text(Hit("Ä")) == '{"sender": "Ä"}'
    assert json.loads(result_text({"at": datetime(2026, 3, 2, tzinfo=UTC), "gone": None, "hits": [Hit("a")]})) == {
        "at": "2026-03-02T00:00:00Z",
        "hits": [{"sender": "a"}],
    }


@pytest.mark.parametrize(
    ("name", "reads"), [("search", True), ("list_orders", True), ("mark_read", False), ("readdress", False)]
)
def test_whether_a_tool_reads_is_judged_by_its_first_word(name: str, reads: bool) -> None:
    assert reads_by_name(name) is reads


def test_what_a_tool_declares_goes_before_its_name() -> None:
    app = App("mine", models=declarative_base(), summary="")

    @app.tool(writes=True, feature="rooms")
    def find_and_hold(world: World) -> None:
        """Hold a room."""

    @app.tool(writes=False)
    def rooms(world: World) -> None:
        """Rooms."""

    assert (app.tools["mine_find_and_hold"].writes, app.tools["mine_rooms"].writes) == (True, False)
    assert [tool.feature for tool in app.tools.values()] == ["mine.rooms", "mine.rooms"]


def test_a_feature_is_the_module_in_a_package_of_tools() -> None:
    tools = load_app("mail").tools
    assert {tools["mail_send"].feature, tools["mail_forward"].feature} == {"mail.sending"}
    assert feature_of(example) == "example"


def test_nothing_is_waited_for_when_the_arguments_do_not_fit() -> None:
    def wait(world: World, place: int) -> None:
        """Wait."""

    tool = Tool("x_wait", wait, takes=timedelta(minutes=30))
    assert tool.time_of('{"place": 1}') == timedelta(minutes=30)
    assert tool.time_of("{}") == tool.time_of("no JSON") == DEFAULT_TAKES
