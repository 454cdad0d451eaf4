"""Whatever call an agent makes, it gets an answer: never a traceback, nothing half done."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import default_rng

from greenroom import Split, World
from greenroom.messages import ToolCall, call
from greenroom.sandboxes import LocalSandbox
from greenroom.spaces import sample_value
from greenroom_envs.shop import app
from support.counter import Counter

VALUES: list[Any] = [
    None,
    True,
    -1,
    0,
    2**70,
    1.5,
    "",
    " ",
    "W1",
    "x" * 5_000,
    "\x00",
    "é\u202e",
    [],
    [[]],
    {},
    {"a": 1},
]
JUNK = st.sampled_from(VALUES)
TEXTS = st.sampled_from(["", "{", "[]", "null", "3", '"x"', '{"a": NaN}', '{"a": "\\ud800"}', "{" * 2_000])
OWN: dict[str, list[Any]] = {
    "order_id": [],
    "item_id": [],
    "sku": [],
    "product_id": list(range(1, 6)),
    "customer_id": [1, 2, 3],
    "method_id": [1, 2, 41],
    "address_id": [1, 2, 41],
}


@pytest.fixture(scope="module")
def known(sandbox: LocalSandbox) -> dict[str, list[Any]]:
    """Values that mean something in the world: calls get further with them."""
    with sandbox.base(Split.TRAIN).open() as world:
        rows = Counter(world).sql(
            "SELECT o.id, i.id, v.sku FROM shop_order o JOIN shop_order_item i ON i.order_id = o.id "
            "JOIN shop_variant v ON v.id = i.variant_id WHERE o.customer_id < 4 LIMIT 30"
        )
    orders, items, skus = (sorted(set(column)) for column in zip(*rows, strict=True))
    return {**OWN, "order_id": orders, "item_id": items, "sku": skus}


def answer(world: World, one: ToolCall) -> None:
    """Make a call: what is refused says why, and changes nothing."""
    before = world.content_id
    result = app.call(world, one)
    told = json.loads(result.text)
    if result.refused:
        assert told["error"] == result.refused
        assert len(told["message"]) > 10
        assert set(told) <= {"error", "message", "retry_after"}
        assert world.content_id == before


def fitting(tool: str, known: dict[str, list[Any]], seed: int) -> dict[str, Any]:
    """Arguments that fit the schema, half of them of the world."""
    schema, random = app.tools[tool].schema["function"]["parameters"], default_rng(seed)
    drawn = sample_value(schema, random, schema.get("$defs", {}))
    for name in drawn:
        if known.get(name) and random.random() < 0.7:
            drawn[name] = known[name][int(random.integers(len(known[name])))]
    return drawn


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_calls_that_fit_the_schema_are_answered(sandbox: LocalSandbox, known: dict[str, list[Any]], seed: int) -> None:
    names, random = sorted(app.tools), default_rng(seed)
    with sandbox.base(Split.TRAIN).open() as world:
        for customer, email in Counter(world).sql("SELECT id, email FROM shop_customer LIMIT 3"):
            app.call(world, call("shop_verify_customer", customer_id=customer, email=email))
        for number in range(8):
            tool = names[int(random.integers(len(names)))]
            answer(world, call(tool, **fitting(tool, known, seed + number)))


@pytest.mark.parametrize("tool", sorted(app.tools))
def test_every_tool_answers_calls_that_fit(sandbox: LocalSandbox, known: dict[str, list[Any]], tool: str) -> None:
    with sandbox.base(Split.TRAIN).open() as world:
        for seed in range(4):
            answer(world, call(tool, **fitting(tool, known, seed)))


@pytest.mark.parametrize("tool", sorted(app.tools))
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_calls_that_break_the_schema_are_refused_in_words(
    sandbox: LocalSandbox, known: dict[str, list[Any]], tool: str, data: st.DataObject
) -> None:
    fields = sorted(app.tools[tool].arguments.model_fields)
    arguments = fitting(tool, known, data.draw(st.integers(0, 99)))
    arguments[data.draw(st.sampled_from([*fields, "no_such_argument"]))] = data.draw(JUNK)
    with sandbox.base(Split.TRAIN).open() as world:
        answer(world, call(tool, **arguments))
        text = data.draw(TEXTS)
        broken: ToolCall = {"id": "c", "type": "function", "function": {"name": tool, "arguments": text}}
        answer(world, broken)
