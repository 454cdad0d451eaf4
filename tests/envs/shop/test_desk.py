from datetime import timedelta

import pytest

from greenroom_envs.shop import app
from greenroom_envs.shop.families.planting import Plant
from greenroom_envs.shop.models import Customer, Variant
from support.counter import Counter


def sold(plant: Plant, **how: object) -> tuple[Customer, str, int, list[Variant]]:
    customer, variants = plant.caller(), plant.product(same_price=True)
    order = plant.order(customer, variants[0], **how)  # pyright: ignore[reportArgumentType]
    return customer, order.id, plant.item(order).id, variants


def test_nothing_is_shown_before_the_customer_is_verified(counter: Counter) -> None:
    customer, order, _, _ = counter.plant(sold)
    assert counter.refused("show_customer_order", customer_id=customer.id, order_id=order) == "not_verified"
    assert not counter("verify_customer", customer_id=customer.id, email="x@y.zz")["verified"]
    by_name = {"name": customer.name, "postcode": customer.postcode}
    assert counter("verify_customer", customer_id=customer.id, **by_name)["verified"]
    assert counter("show_customer_order", customer_id=customer.id, order_id=order)["order_id"] == order


def test_a_verification_is_good_for_half_an_hour(counter: Counter) -> None:
    customer = counter.plant(lambda plant: plant.caller())
    number = counter.verify(customer)
    app.pass_time(counter.world, timedelta(minutes=31))
    assert counter.refused("list_customer_orders", customer_id=number) == "not_verified"


def test_the_orders_of_another_customer_stay_closed(counter: Counter) -> None:
    customer, _, _, _ = counter.plant(sold)
    other = counter.plant(lambda plant: plant.order(plant.owner(), plant.product()[0]).id)
    number = counter.verify(customer)
    assert counter.refused("show_customer_order", customer_id=number, order_id=other) == "other_customer"


def test_an_exchange_sends_another_variant_of_the_same_product(counter: Counter) -> None:
    customer, order, item, variants = counter.plant(sold)
    foreign = counter.plant(lambda plant: plant.product()[0])
    swap = {"customer_id": counter.verify(customer), "order_id": order, "item_id": item, "reason": "does not fit"}
    assert counter.refused("exchange_item", **swap, sku=foreign.sku) == "same_product"
    counter("exchange_item", **swap, sku=variants[1].sku)
    shown = counter("show_customer_order", customer_id=customer.id, order_id=order)["items"]
    assert [(i["sku"], i["status"]) for i in shown if i["item_id"] == item] == [(variants[0].sku, "exchanged")]
    assert {i["sku"] for i in shown if i["item_id"] != item} == {variants[1].sku}


def test_an_item_is_swapped_before_it_ships_and_the_difference_is_settled(counter: Counter) -> None:
    def make(plant: Plant) -> tuple[Customer, str, int, list[Variant]]:
        customer, variants = plant.caller(), plant.product()
        order = plant.order(customer, variants[0], status="processing")
        return customer, order.id, plant.item(order).id, variants

    customer, order, item, variants = counter.plant(make)
    number = counter.verify(customer)
    before = counter("show_customer_order", customer_id=number, order_id=order)["total_cents"]
    arguments = {"customer_id": number, "order_id": order, "item_id": item, "sku": variants[2].sku}
    paid = counter("change_order_item", **arguments)["paid_or_refunded_cents"]
    after = counter("show_customer_order", customer_id=number, order_id=order)["total_cents"]
    assert after - before == paid
    assert paid >= variants[2].price - variants[0].price


@pytest.mark.parametrize(("late", "amount", "code"), [(1, 500, "credit_reason"), (4, 2_501, "credit_limit")])
def test_goodwill_follows_the_policy(counter: Counter, late: int, amount: int, code: str) -> None:
    customer, order, _, _ = counter.plant(lambda plant: sold(plant, late=late))
    credit = {"customer_id": counter.verify(customer), "order_id": order, "amount_cents": amount}
    assert counter.refused("give_credit", **credit) == code


def test_goodwill_adds_up_to_the_limit(counter: Counter) -> None:
    customer, order, _, _ = counter.plant(lambda plant: sold(plant, late=4))
    credit = {"customer_id": counter.verify(customer), "order_id": order}
    counter("give_credit", **credit, amount_cents=2_000)
    assert counter("list_credits", customer_id=customer.id)["left_cents"] == 500
    assert counter.refused("give_credit", **credit, amount_cents=501) == "credit_limit"
    counter("give_credit", **credit, amount_cents=500)


def test_a_refund_goes_to_the_original_method_and_only_once(counter: Counter) -> None:
    customer, order, item, _ = counter.plant(sold)
    refund = {"customer_id": counter.verify(customer), "order_id": order, "item_id": item, "problem": "damaged"}
    assert counter.refused("refund_item", **refund, method_id=customer.id + 1) == "original_method"
    counter("refund_item", **refund)
    assert counter.refused("refund_item", **refund) == "already_handled"
    assert len(counter("list_refunds", customer_id=customer.id, order_id=order)) == 1


@pytest.mark.parametrize(("late", "code"), [(1, "not_damaged"), (5, None)])
def test_what_never_arrived_is_refunded_only_when_late(counter: Counter, late: int, code: str | None) -> None:
    customer, order, item, _ = counter.plant(lambda plant: sold(plant, status="shipped", days=-2, late=late))
    refund = {"customer_id": counter.verify(customer), "order_id": order, "item_id": item, "problem": "never arrived"}
    if code:
        assert counter.refused("refund_item", **refund) == code
    else:
        assert counter("refund_item", **refund)["refunded_cents"] > 0


@pytest.mark.parametrize("tool", ["cancel_customer_order", "change_order_address", "change_order_payment"])
def test_what_has_shipped_is_not_changed(counter: Counter, tool: str) -> None:
    customer, order, _, _ = counter.plant(lambda plant: sold(plant, status="shipped", days=-2))
    more = {
        "cancel_customer_order": {"reason": "takes too long"},
        "change_order_address": {"street": "1 New Road", "city": "Here", "postcode": "12345"},
        "change_order_payment": {"method_id": customer.id},
    }[tool]
    number = counter.verify(customer)
    assert counter.refused(tool, customer_id=number, order_id=order, **more) == "already_shipped"


def test_a_colleague_answers_a_case_by_what_became_of_the_orders_it_names(counter: Counter) -> None:
    customer, order, _, _ = counter.plant(lambda plant: sold(plant, days=4))
    foreign = counter.plant(lambda plant: plant.order(plant.owner(), plant.product()[0]).id)
    number = counter.verify(customer)
    counter("escalate", customer_id=number, summary=f"Wants to send {order} back, and asks about {foreign}.")
    assert counter("list_cases", customer_id=number)["results"][0]["answer"] == "not answered yet"
    app.pass_time(counter.world, timedelta(hours=4, minutes=5))
    (case,) = counter("list_cases", customer_id=counter.verify(customer))["results"]
    assert f"Order {order} came on 26 February: it can be sent back until 28 March." in case["answer"]
    assert f"An order {foreign} is not in your account." in case["answer"]


@pytest.mark.parametrize(
    ("how", "answer"),
    [
        ({"status": "processing"}, "has not shipped: it can still be changed or cancelled"),
        ({"status": "shipped", "days": -2}, "is on its way and expected on 4 March"),
        ({"status": "shipped", "days": -2, "late": 5}, "is 5 days late"),
        ({"days": 40}, "its 30 days are over"),
    ],
)
def test_what_a_colleague_says_depends_on_the_order(counter: Counter, how: dict[str, object], answer: str) -> None:
    customer, order, _, _ = counter.plant(lambda plant: sold(plant, **how))
    counter("escalate", customer_id=customer.id, summary=f"What about {order}?")
    app.pass_time(counter.world, timedelta(hours=5))
    assert answer in counter("list_cases", customer_id=counter.verify(customer))["results"][0]["answer"]
