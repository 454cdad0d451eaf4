"""No tool asks the database once for each row that it shows."""

from collections.abc import Callable
from typing import Any

import pytest

from greenroom.statements import counting
from greenroom_envs.shop.families.planting import Plant
from greenroom_envs.shop.ledger import Order, ServiceCredit
from greenroom_envs.shop.models import Question, Review, Variant, Wish
from support.counter import Counter

FEW = 8
Arguments = Callable[[Counter], dict[str, Any]]


def grow(plant: Plant, count: int) -> None:
    """Give the owner so many more of everything that any list shows."""
    me, product = plant.owner(), first_variant(plant).product
    for number in range(count):
        variant = plant.product()[0]
        item = plant.item(plant.order(me, variant))
        plant.opened_return(plant.world.session.get_one(Order, item.order_id), item)
        plant.subscription(me, variant, 4)
        plant.fill_cart(me, variant)
        plant.address(me, f"place {number}")
        plant.second_card(me)
        plant.promotion(100)
        plant.world.session.add_all(
            [
                Wish(customer_id=me.id, variant_id=variant.id, added_at=plant.now),
                Question(product_id=product.id, customer_id=me.id, text="Is it loud?", asked_at=plant.now),
                Review(product_id=product.id, customer_id=2 + number, stars=4, text="Nice.", written_at=plant.now),
                ServiceCredit(customer_id=me.id, order_id=item.order_id, amount=1, given_at=plant.now),
            ]
        )


def first_variant(plant: Plant) -> Variant:
    return plant.world.session.get_one(Variant, 1)


def none(counter: Counter) -> dict[str, Any]:
    return {}


def product(counter: Counter) -> dict[str, Any]:
    return {"product_id": counter.plant(lambda plant: first_variant(plant).product_id)}


def order(counter: Counter) -> dict[str, Any]:
    """The owner's latest order that came."""
    return {"order_id": counter("list_orders", status="delivered")["results"][0]["order_id"]}


def caller(counter: Counter) -> dict[str, Any]:
    return {"customer_id": counter.verify(counter.plant(lambda plant: plant.owner()))}


READS: dict[str, Arguments] = {
    "list_orders": none,
    "show_order": order,
    "show_receipt": order,
    "track_order": order,
    "list_returns": none,
    "list_subscriptions": none,
    "list_addresses": none,
    "list_payment_methods": none,
    "list_promotions": none,
    "list_categories": none,
    "show_wish_list": none,
    "show_cart": none,
    "show_account": none,
    "list_reviews": product,
    "list_questions": product,
    "show_product": product,
    "search_products": lambda counter: {"query": "steel"},
    "show_customer": caller,
    "list_customer_orders": caller,
    "list_credits": caller,
    "show_customer_order": lambda counter: {**caller(counter), **order(counter)},
    "list_refunds": lambda counter: {**caller(counter), **order(counter)},
}


def statements(counter: Counter, tool: str, arguments: dict[str, Any]) -> int:
    with counting(counter.world) as seen:
        counter(tool, **arguments)
    return len(seen.sql)


@pytest.mark.parametrize("tool", READS)
def test_a_read_costs_as_many_statements_however_much_it_shows(counter: Counter, tool: str) -> None:
    counter.plant(lambda plant: grow(plant, 1))
    short = statements(counter, tool, READS[tool](counter))
    counter.plant(lambda plant: grow(plant, 9))
    assert 0 < statements(counter, tool, READS[tool](counter)) <= short + 1
    assert short <= FEW


@pytest.mark.parametrize("lines", [1, 6])
def test_what_is_bought_in_more_lines_costs_one_write_a_line_and_no_more_reads(counter: Counter, lines: int) -> None:
    counter.plant(lambda plant: [plant.fill_cart(plant.owner(), plant.product()[0]) for _ in range(lines)])
    total = counter("show_cart")["total_cents"]
    with counting(counter.world) as seen:
        counter("checkout", method_id=1, address_id=1, expected_total_cents=total)
    assert sum(sql.startswith("SELECT") for sql in seen.sql) <= FEW
