import asyncio
import json
from collections.abc import Sequence
from random import Random

import pytest

from greenroom import messages as m
from greenroom.messages import Message
from greenroom.plugins import load_app, load_simulator
from greenroom.rollouts import GroupSpec, Rollouts
from greenroom.rollouts.fumbles import Fumbler
from greenroom.rollouts.policies import SloppyPolicy
from greenroom.sandboxes import LocalSandbox

HITS = m.tool("call_1", json.dumps({"hits": [{"id": "Ann-12", "from": "Ann Lee"}, {"id": "Bob-34", "from": "Bob"}]}))
SEARCH = m.assistant(None, m.call("app_search", "call_1", query="from:Ann Lee"))
READ = m.assistant(None, m.call("app_read", "call_2", message_id="Ann-12", note="Ann-12 and more"))
DONE = m.assistant("Done.")


def said(script: Sequence[Message], seed: int) -> list[Message]:
    fumbler = Fumbler(script, Random(seed))
    return [fumbler.act([] if turn == 0 else [HITS]) for turn in range(len(script) + 1)]


def arguments(message: Message) -> dict[str, str]:
    return json.loads(m.calls_of(message)[0]["function"]["arguments"])


def test_one_call_is_mistyped_and_then_made_as_it_should_be() -> None:
    for seed in range(50):
        turns = said((SEARCH, READ, DONE), seed)
        assert [turn for turn in turns if turn in (SEARCH, READ, DONE)] == [SEARCH, READ, DONE]
        (wrong,) = [turn for turn in turns if turn not in (SEARCH, READ, DONE)]
        right = turns[turns.index(wrong) + 1]
        differing = {name for name in arguments(right) if arguments(wrong)[name] != arguments(right)[name]}
        assert differing == {"message_id"}


def test_a_mistyped_id_is_never_one_that_the_app_gave() -> None:
    typed = {
        arguments(turn)["message_id"]
        for seed in range(300)
        for turn in said((SEARCH, READ, DONE), seed)
        if m.calls_of(turn) and "message_id" in arguments(turn) and turn != READ
    }
    assert "Ann-34" in typed
    assert len(typed) > 1
    assert not typed & {"Ann-12", "Bob-34"}


def test_a_recipient_is_mistyped_too() -> None:
    forward = m.assistant(None, m.call("app_forward", "call_2", message_id="Ann-12", to="Marcus Webb"))
    mistyped = {
        name
        for seed in range(50)
        for turn in said((SEARCH, forward, DONE), seed)
        if m.calls_of(turn) and turn not in (SEARCH, forward)
        for name in ("message_id", "to")
        if arguments(turn)[name] != arguments(forward)[name]
    }
    assert mistyped == {"message_id", "to"}


def test_a_script_without_calls_is_played_as_it_is() -> None:
    assert said((DONE,), 3) == [DONE, DONE]


@pytest.mark.parametrize("family", load_app("mail").families)
def test_fumbles_are_refused_and_do_no_harm(family: str) -> None:
    sandbox = LocalSandbox(load_app("mail"))
    engine = Rollouts(sandbox, load_simulator("goal"), SloppyPolicy(0.0, 1.0))
    groups = asyncio.run(engine.play([GroupSpec(f"mail/train/{family}/{n}") for n in range(8)]))
    played = [rollout for group in groups for rollout in group.rollouts]
    assert [rollout.reward for rollout in played] == [1.0] * 8
    results = [m.text_of(x) for r in played for x in r.trajectory.messages if x["role"] == "tool"]
    # A rule or a vacation is written down without looking anything up: there is nothing to mistype.
    assert any('"error"' in text for text in results) == (family not in ("filter_rule", "vacation"))
