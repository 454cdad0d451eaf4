"""Whatever call an agent makes, it gets an answer: never a traceback, and a refusal changes nothing."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenroom import Split
from greenroom.messages import ToolCall, calls_of
from greenroom.sandboxes import LocalSandbox
from greenroom.spaces import MessageSpace
from greenroom_envs.booking import app
from greenroom_envs.booking.families.planting import Plant
from support.booking import Counter

SPACE = [tool.schema for tool in app.tools.values()]
ODD = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
JUNK = ODD | st.lists(ODD, max_size=3) | st.dictionaries(st.text(max_size=5), ODD, max_size=3)


def answered(counter: Counter, call: ToolCall) -> bool:
    """Make a call; whether it was accepted. A refusal names its code and a sentence, and the agent changed nothing."""
    counter.world.clear_changes()
    result = app.call(counter.world, call)
    answer = json.loads(result.text)
    if result.refused:
        assert {"error", "message"} <= set(answer) <= {"error", "message", "retry_after"}
        assert len(answer["message"]) > 10
        assert counter.world.changes("agent") == []
    return result.refused is None


def test_there_are_at_least_thirty_five_tools_and_all_say_what_they_take() -> None:
    assert len(app.tools) >= 35
    for tool in app.tools.values():
        assert tool.description
        described = tool.schema["function"]["parameters"].get("properties", {}).values()
        assert all(argument.get("description") for argument in described), tool.name


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_any_schema_valid_call_is_answered(sandbox: LocalSandbox, seed: int) -> None:
    with sandbox.base(Split.TRAIN).open() as world:
        counter, space = Counter(world), MessageSpace(SPACE, seed=seed)
        for call in [call for _ in range(12) for call in calls_of(space.sample())]:
            answered(counter, call)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_schema_breaking_call_is_answered(sandbox: LocalSandbox, data: st.DataObject) -> None:
    """Junk for arguments, unknown and missing ones, no JSON at all."""
    tool = data.draw(st.sampled_from(sorted(app.tools)))
    names = list(app.tools[tool].schema["function"]["parameters"].get("properties", {}))
    keys = st.sampled_from([*names, "page", "unheard_of"])
    text = data.draw(st.dictionaries(keys, JUNK, max_size=6).map(json.dumps) | st.text(max_size=30))
    with sandbox.base(Split.TRAIN).open() as world:
        answered(Counter(world), {"id": "1", "type": "function", "function": {"name": tool, "arguments": text}})


def pool(counter: Counter) -> dict[str, list[Any]]:
    """Values that mean something in this world, and some that nearly do, by the argument that takes them."""

    def make(plant: Plant) -> dict[str, list[Any]]:
        a, b, day = plant.airport(), plant.airport(), plant.day()
        flight = plant.flight(a, b, day, 600, 20_000, seats=2)
        listing = plant.listing(a.city, guests=3, min_nights=2, pets=False)
        stay = plant.stay(plant.listing(b.city), day, 3)
        past = plant.stay(plant.listing(b.city), counter.today - timedelta(days=9), 2)
        basic, standard = (plant.journey(flight, fare, [plant.person()]) for fare in ("basic", "standard"))
        days = [str(day + timedelta(days=n)) for n in (-400, 0, 1, 3, 40)]
        methods = [m.id for kind in ("card", "gift_card", "certificate") for m in plant.methods(kind)]
        return {
            "listing_id": [listing.id, stay.listing_id, 1, 2**40],
            "reservation_id": [stay.id, past.id, basic.id, standard.id, 3, 2**40],
            "city": [a.city, b.city],
            "origin": [a.code, b.city],
            "destination": [b.code, a.city],
            "flight": [flight.number, "GR0"],
            "flights": [[flight.number], [flight.number, flight.number], []],
            "check_in": days,
            "check_out": days,
            "first_night": days,
            "day": [str(day), *days],
            "method_ids": [[], methods[:1], methods, [2**40]],
            "method_id": methods,
            "passengers": [["Ann Bee"], ["Ann Bee", "Carl Dee"], ["Ann"], []],
            "seat": ["12C", "1A", "99Z"],
            "version": [0, 1, 2],
            "number": ["4111 1111 1111 1111", "4111 1111 1111 1112"],
            "expires": ["09/28", "01/20", "13/30"],
        }

    return counter.plant(make)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_sequence_of_calls_that_mean_something_is_answered(sandbox: LocalSandbox, data: st.DataObject) -> None:
    """Arguments out of the world itself get past validation, into the rules and the money."""
    with sandbox.base(Split.TRAIN).open() as world:
        counter = Counter(world)
        values = pool(counter)
        for _ in range(12):
            tool = data.draw(st.sampled_from(sorted(app.tools)))
            parameters = app.tools[tool].schema["function"]["parameters"]
            chosen: dict[str, Any] = {}
            for name, schema in parameters.get("properties", {}).items():
                if name in values and (name in parameters.get("required", ()) or data.draw(st.booleans())):
                    chosen[name] = data.draw(st.sampled_from(values[name]))
                elif name in parameters.get("required", ()):
                    chosen[name] = data.draw(st.integers(1, 5)) if schema.get("type") == "integer" else "Ann Bee"
            function = {"name": tool, "arguments": json.dumps(chosen)}
            answered(counter, {"id": "1", "type": "function", "function": function})  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("tool", ["book_stay", "book_flight"])
def test_a_booking_that_cannot_be_paid_leaves_nothing_behind(counter: Counter, tool: str) -> None:
    def make(plant: Plant) -> dict[str, Any]:
        a, day = plant.airport(), plant.day()
        if tool == "book_stay":
            days = {"check_in": str(day), "check_out": str(day + timedelta(days=2))}
            return {"listing_id": plant.listing(a.city).id, "guests": 2, **days}
        flight = plant.flight(a, plant.airport(), day, 600, 20_000)
        return {"flights": [flight.number], "day": str(day), "passengers": ["Ann Bee"]}

    assert counter.refusal(tool, **counter.plant(make), method_ids=[]) == "not_covered"
