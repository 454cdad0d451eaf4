import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from greenroom import Split
from greenroom import messages as m
from greenroom.fault import Kind
from greenroom.faults import NONE, Injector, Profile, draw, with_key
from greenroom.sandboxes import LocalSandbox
from greenroom.tools import CallResult
from greenroom.worlds import World
from support.notes import Note, app


@pytest.fixture
def world(sandbox: LocalSandbox) -> Iterator[World]:
    world = sandbox.base(Split.TRAIN).open()
    yield world
    world.close()


def profile(**rates: Any) -> Profile:
    return replace(NONE, name="test", **rates)


def injector(rates: Profile, seed: str = "s") -> Injector:
    return Injector(app, rates, seed)


def call(faults: Injector, world: World, tool: str, **arguments: Any) -> CallResult:
    return app.call(world, m.call(f"notes_{tool}", **arguments), None, faults)


def kinds(result: CallResult) -> list[Kind]:
    return [fault.kind for fault in result.faults]


def count(world: World) -> int:
    with world.transaction("world") as session:
        return session.scalars(select(func.count()).select_from(Note)).one()


def answer(result: CallResult) -> Any:
    return json.loads(result.text)


def test_without_rates_a_call_is_what_it_is_without_faults(world: World) -> None:
    result = call(injector(profile()), world, "add", title="milk")
    assert result == CallResult(result.text)
    assert answer(result)["title"] == "milk"


def test_a_timeout_may_or_may_not_have_been_carried_out_and_looks_the_same(world: World) -> None:
    faults, seen = injector(profile(timed_out=1.0)), set[bool]()
    for _ in range(12):
        was, began = count(world), world.now
        result = call(faults, world, "add", title="milk")
        committed = result.faults[0].detail["committed"]
        assert kinds(result) == ["timed_out"]
        assert answer(result)["error"] == "timed_out"
        assert "may or may not" in answer(result)["message"]
        assert count(world) - was == committed
        assert (world.now - began).total_seconds() == 35
        seen.add(committed)
    assert seen == {True, False}


def test_a_repeated_key_gets_the_first_answer_and_runs_nothing_twice(world: World) -> None:
    faults, was = injector(profile()), count(world)
    first = call(faults, world, "add", title="milk", idempotency_key="k")
    again = call(faults, world, "add", idempotency_key="k", title="milk")
    assert again.text == first.text
    assert count(world) == was + 1
    other = call(faults, world, "add", title="milk", idempotency_key="another")
    assert answer(other)["id"] == answer(first)["id"] + 1


def test_a_key_that_timed_out_is_answered_when_it_is_repeated(world: World) -> None:
    seed = next(s for s in map(str, range(50)) if draw.is_carried_out(s, "notes_add", 1))
    was = count(world)
    timed_out = call(injector(profile(timed_out=1.0), seed), world, "add", title="milk", idempotency_key="k")
    assert answer(timed_out)["error"] == "timed_out"
    again = call(injector(profile(), seed), world, "add", title="milk", idempotency_key="k")
    assert answer(again)["title"] == "milk"
    assert count(world) == was + 1


def test_a_key_is_refused_with_other_arguments_and_kept_for_each_tool(world: World) -> None:
    faults = injector(profile())
    call(faults, world, "add", title="milk", idempotency_key="k")
    other = call(faults, world, "add", title="eggs", idempotency_key="k")
    assert other.refused == "idempotency_key_reused"
    assert "take a new key" in answer(other)["message"]
    assert call(faults, world, "delete", note_id=1, idempotency_key="k").refused is None


def test_a_refusal_is_not_kept_under_a_key(world: World) -> None:
    faults = injector(profile())
    assert call(faults, world, "delete", note_id=999, idempotency_key="k").refused == "not_found"
    assert call(faults, world, "delete", note_id=1, idempotency_key="k").refused is None


@pytest.mark.parametrize("key", [7, "", "x" * 201, ["k"]])
def test_a_key_that_is_no_short_text_is_refused_and_nothing_is_run(world: World, key: Any) -> None:
    was = count(world)
    result = call(injector(profile()), world, "add", title="milk", idempotency_key=key)
    assert result.refused == "bad_arguments"
    assert "idempotency_key" in answer(result)["message"]
    assert count(world) == was


@pytest.mark.parametrize(
    "text", ["{", '["idempotency_key"]', '{"idempotency_key": null}', '{"titel": "x", "idempotency_key": "k"}']
)
def test_bad_arguments_are_told_as_ever(world: World, text: str) -> None:
    broken: m.ToolCall = {"id": "c", "type": "function", "function": {"name": "notes_add", "arguments": text}}
    assert app.call(world, broken, None, injector(profile())).refused == "bad_arguments"


def test_a_read_takes_no_key(world: World) -> None:
    assert call(injector(profile()), world, "search", word="x", idempotency_key="k").refused == "bad_arguments"


def test_keys_are_offered_by_tools_that_write() -> None:
    def offers(name: str) -> bool:
        return "idempotency_key" in with_key(app.tools[name])["function"]["parameters"]["properties"]

    assert [name for name in app.tools if not offers(name)] == ["notes_read", "notes_search"]
    assert "idempotency_key" not in app.tools["notes_add"].schema["function"]["parameters"]["properties"]


def test_a_duplicated_write_happens_twice_unless_it_has_a_key(world: World) -> None:
    faults, was = injector(profile(duplicated=1.0)), count(world)
    first = call(faults, world, "add", title="milk")
    assert (kinds(first), first.faults[0].detail) == (["duplicated"], {"ran_twice": True})
    assert count(world) == was + 2
    keyed = call(faults, world, "add", title="milk", idempotency_key="k")
    assert keyed.faults[0].detail == {"ran_twice": False}
    assert count(world) == was + 3


def test_the_second_delivery_of_a_write_that_cannot_be_done_twice_goes_unseen(world: World) -> None:
    result = call(injector(profile(duplicated=1.0)), world, "delete", note_id=1)
    assert (result.refused, answer(result)) == (None, {"ok": True})


def test_a_stale_read_sees_the_world_before_the_last_write_for_a_while(world: World) -> None:
    faults = injector(profile(stale_read=1.0))
    fresh = call(faults, world, "search", word="zebra")
    assert (fresh.text, fresh.faults) == ("[]", ())
    call(faults, world, "add", title="zebra one")
    call(faults, world, "add", title="zebra two")
    stale = call(faults, world, "search", word="zebra")
    assert [hit["title"] for hit in answer(stale)] == ["zebra one"]
    assert kinds(stale) == ["stale_read"]
    app.call(world, m.call("greenroom_wait", seconds=61), None, faults)
    late = call(faults, world, "search", word="zebra")
    assert [hit["title"] for hit in answer(late)] == ["zebra one", "zebra two"]
    assert late.faults == ()


def test_a_stale_read_of_what_is_new_is_refused_and_what_the_read_does_is_done(world: World) -> None:
    faults = injector(profile(stale_read=1.0))
    note = answer(call(faults, world, "add", title="new"))["id"]
    assert call(faults, world, "read", note_id=note).refused == "not_found"
    with world.transaction("world") as session:
        assert session.get_one(Note, note).reads == 1


def test_a_limit_holds_until_its_time_is_over_and_for_its_tool_alone(world: World) -> None:
    begun = call(injector(profile(rate_limited=1.0)), world, "add", title="x")
    wait = answer(begun)["retry_after"]
    assert 1 <= wait <= 20
    calm = injector(profile())
    assert call(calm, world, "search", word="x").refused is None
    app.call(world, m.call("greenroom_wait", seconds=max(1, wait - 15)), None, calm)
    if wait > 15:
        assert kinds(call(calm, world, "add", title="x")) == ["rate_limited"]
    app.call(world, m.call("greenroom_wait", seconds=wait), None, calm)
    assert answer(call(calm, world, "add", title="x"))["title"] == "x"


def test_server_errors_run_nothing(world: World) -> None:
    was = count(world)
    result = call(injector(profile(server_error=1.0, burst=2)), world, "add", title="x")
    assert answer(result)["error"] == "server_error"
    assert kinds(result) == ["server_error"]
    assert count(world) == was


def test_an_outage_takes_one_feature_and_ends(world: World) -> None:
    rates = profile(outage=0.5)
    seeds = (str(i) for i in range(500))
    down = next(s for s in seeds if draw.outage(rates, s, "notes.add", world.now + app.tools["notes_add"].takes))
    faults = injector(rates, down)
    result = call(faults, world, "add", title="x")
    assert (kinds(result), answer(result)["error"]) == (["outage"], "unavailable")
    app.call(world, m.call("greenroom_wait", seconds=answer(result)["retry_after"]), None, faults)
    assert answer(call(faults, world, "add", title="x"))["title"] == "x"


def test_a_changed_schema_renames_or_adds_one_field_the_same_way_each_time(world: World) -> None:
    details = []
    for seed in map(str, range(12)):
        faults = injector(profile(schema_changed=1.0), seed)
        results = [call(faults, world, "add", title="x") for _ in range(6)]
        last = results[-1].faults[0].detail
        assert results[-2].faults[0].detail == last
        found = answer(results[-1])
        if "renamed" in last:
            assert last["renamed"] not in found
            assert last["to"] in found
        else:
            assert {"id", "title", last["added"]} == set(found)
        details.append("renamed" in last)
    assert set(details) == {True, False}


def test_a_refusal_keeps_its_shape(world: World) -> None:
    faults = injector(profile(schema_changed=1.0))
    refused = [call(faults, world, "delete", note_id=999) for _ in range(6)]
    assert {tuple(answer(result)) for result in refused} == {("error", "message")}


def test_waiting_lets_events_fall_due_and_is_checked(world: World) -> None:
    faults, was = injector(profile()), count(world)
    call(faults, world, "remind", title="tea", minutes=10)
    assert count(world) == was
    waited = app.call(world, m.call("greenroom_wait", seconds=600), None, faults)
    assert answer(waited) == {"waited": 600}
    assert count(world) == was + 1
    assert app.call(world, m.call("greenroom_wait", seconds=0), None, faults).refused == "bad_arguments"


def test_nobody_waits_where_there_are_no_faults(world: World) -> None:
    assert app.call(world, m.call("greenroom_wait", seconds=5)).refused == "unknown_tool"


def test_faults_leave_the_apps_own_chance_alone(world: World, tmp_path: Path) -> None:
    plain = world.freeze().open()
    call(injector(profile(server_error=1.0, burst=1)), world, "add", title="x")
    draws = []
    for one in (plain, world):
        with one.transaction("world"):
            draws.append(one.random.random())
    assert draws[0] == draws[1]
    plain.close()
