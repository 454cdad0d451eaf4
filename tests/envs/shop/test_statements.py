"""No tool asks the database once for each row that it shows."""

from typing import Any

import pytest
from support.counter import Counter

from greenroom_envs.shop.families.planting import Plant

FEW = 12


def stock_up(plant: Plant, count: int) -> None:
    me = plant.owner()
    for _ in range(count):
        variant = plant.product()[0]
        plant.order(me, variant)
        plant.subscription(me, variant, 4)


def statements(counter: Counter, tool: str, **arguments: Any) -> int:
    seen: list[str] = []

    def trace(cursor: object, sql: str, bindings: object) -> bool:
        seen.append(sql)
        return True

    counter.world.connection.exec_trace = trace
    counter(tool, **arguments)
    counter.world.connection.exec_trace = None
    return sum(sql.lstrip().upper().startswith("SELECT") for sql in seen)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("list_orders", {}),
        ("list_subscriptions", {}),
        ("search_products", {"query": "kettle"}),
        ("show_wish_list", {}),
        ("show_cart", {}),
    ],
)
def test_a_list_costs_as_many_statements_however_long_it_is(
    counter: Counter, tool: str, arguments: dict[str, Any]
) -> None:
    counter.plant(lambda plant: stock_up(plant, 2))
    short = statements(counter, tool, **arguments)
    skus = counter.plant(lambda plant: [plant.product()[0].sku for _ in range(6)])
    counter.plant(lambda plant: stock_up(plant, 8))
    for sku in skus:
        counter("add_to_cart", sku=sku)
        counter("add_wish", sku=sku)
    assert 0 < statements(counter, tool, **arguments) <= short + 1
    assert short < FEW
