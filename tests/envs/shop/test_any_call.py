"""Whatever schema-valid call an agent makes, it gets an answer: never a traceback, nothing half done."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from greenroom import Split
from greenroom.sandboxes import LocalSandbox
from greenroom.spaces import MessageSpace
from greenroom_envs.shop import app


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_any_schema_valid_calls_are_answered(sandbox: LocalSandbox, seed: int) -> None:
    world = sandbox.base(Split.TRAIN).open()
    space = MessageSpace([tool.schema for tool in app.tools.values()], seed=seed)
    try:
        for _ in range(6):
            for one in space.sample().get("tool_calls", []):
                before = world.content_id
                result = app.call(world, one)
                answer = json.loads(result.text)
                if result.refused:
                    assert set(answer) == {"error", "message"}
                    assert len(answer["message"]) > 10
                    assert world.content_id == before
    finally:
        world.close()
