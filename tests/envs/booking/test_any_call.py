"""Whatever schema-valid call an agent makes, it gets an answer, and a refusal changes nothing."""

import json

import pytest

from greenroom import Split
from greenroom.messages import calls_of
from greenroom.sandboxes import LocalSandbox
from greenroom.spaces import MessageSpace
from greenroom_envs.booking import app


def test_there_are_at_least_thirty_five_tools_and_all_say_what_they_take() -> None:
    assert len(app.tools) >= 35
    for tool in app.tools.values():
        assert tool.description
        described = tool.schema["function"]["parameters"].get("properties", {}).values()
        assert all(argument.get("description") for argument in described), tool.name


@pytest.mark.parametrize("seed", range(20))
def test_any_schema_valid_call_is_answered(sandbox: LocalSandbox, seed: int) -> None:
    world = sandbox.base(Split.TRAIN).open()
    space = MessageSpace([tool.schema for tool in app.tools.values()], seed=seed)
    try:
        for call in [call for _ in range(20) for call in calls_of(space.sample())]:
            world.clear_changes()
            result = app.call(world, call)
            if result.refused:
                assert set(json.loads(result.text)) == {"error", "message"}
                assert world.changes("agent") == []  # what others do meanwhile is theirs
    finally:
        world.close()
