from datetime import timedelta

import pytest

from greenroom_envs.shop import app
from greenroom_envs.shop.answers import Known, answer_to
from greenroom_envs.shop.families.planting import Plant
from greenroom_envs.shop.ledger import Order, Return
from greenroom_envs.shop.models import Customer, PaymentMethod, Variant
from greenroom_envs.shop.tools.account import secret_of
from support.counter import Counter


def test_the_app_has_at_least_forty_five_tools_split_by_noun() -> None:
    assert len(app.tools) >= 45
    assert len({tool.function.__module__ for tool in app.tools.values()}) >= 12


def test_what_is_bought_is_ordered_paid_and_taken_from_stock(counter: Counter) -> None:
    variant = counter.plant(lambda plant: plant.product()[0])
    counter("add_to_cart", sku=variant.sku, quantity=2)
    total = counter("wrap_gift", sku=variant.sku)["total_cents"]
    done = counter("checkout", method_id=1, address_id=1, expected_total_cents=total)
    shown = counter("show_order", order_id=done["order_id"])
    assert shown["total_cents"] == total
    assert [(i["sku"], i["quantity"]) for i in shown["items"]] == [(variant.sku, 2)]
    assert counter("check_stock", sku=variant.sku)["stock"] == variant.stock - 2
    assert counter("show_cart")["lines"] == []
    assert counter("list_orders")["results"][0]["order_id"] == done["order_id"]


def test_the_receipt_goes_out_as_a_letter_with_the_amounts_attached(counter: Counter) -> None:
    variant = counter.plant(lambda plant: plant.product()[0])
    total = counter("add_to_cart", sku=variant.sku)["total_cents"]
    done = counter("checkout", method_id=1, address_id=1, expected_total_cents=total)
    letters = [event for event in counter.world.advance(timedelta(seconds=1)) if event.kind == "letter"]
    assert [letter.payload["reference"] for letter in letters] == [f"shop:order:{done['order_id']}"]
    assert "Total: $" in letters[0].payload["attachments"][0]["text"]


def test_a_parcel_moves_until_it_is_delivered(counter: Counter) -> None:
    variant = counter.plant(lambda plant: plant.product()[0])
    total = counter("add_to_cart", sku=variant.sku)["total_cents"]
    order = counter("checkout", method_id=1, address_id=1, expected_total_cents=total)["order_id"]
    seen: list[str] = []
    for _ in range(30):
        app.pass_time(counter.world, timedelta(hours=6))
        seen.append(counter_status(counter, order))
    assert [status for status in dict.fromkeys(seen) if status != "processing"] == ["shipped", "delivered"]


def counter_status(counter: Counter, order: str) -> str:
    with counter.world.transaction("world") as session:
        return session.get_one(Order, order).status


@pytest.mark.parametrize(
    ("tool", "arguments", "code"),
    [
        ("add_to_cart", {"sku": "NONE-1-1"}, "no_such_sku"),
        ("search_products", {"query": "?!"}, "empty_query"),
        ("search_products", {"query": "the " * 65}, "query_too_long"),
        ("list_orders", {"product": "the " * 65}, "query_too_long"),
        ("search_products", {"query": "kettle", "category": "cars"}, "bad_category"),
        ("show_product", {"product_id": 10**9}, "no_such_product"),
        ("checkout", {"method_id": 1, "address_id": 1, "expected_total_cents": 1}, "empty_cart"),
        ("show_order", {"order_id": "W1"}, "no_such_order"),
        ("remove_address", {"address_id": 1}, "default_address"),
        ("remove_payment_method", {"method_id": 2}, "no_such_method"),
        ("add_card", {"number": "4111 1111 1111 1112", "expires": "2028-01-31"}, "bad_card"),
        ("add_card", {"number": "4111 1111 1111 1111", "expires": "2020-01-31"}, "card_expired"),
        ("add_gift_card", {"code": "GIFT-0-0"}, "no_such_gift_card"),
        ("apply_promotion", {"code": "NOTHING"}, "no_such_promotion"),
        ("add_address", {"label": "x", "street": " ", "city": "y", "postcode": "z"}, "empty_text"),
        ("show_customer", {"customer_id": 2}, "not_verified"),
    ],
)
def test_what_cannot_be_is_refused_with_a_code(
    counter: Counter, tool: str, arguments: dict[str, object], code: str
) -> None:
    assert counter.refused(tool, **arguments) == code


def test_no_more_than_ten_of_an_item_are_sold(counter: Counter) -> None:
    variant = counter.plant(lambda plant: plant.product()[0])
    assert counter.refused("add_to_cart", sku=variant.sku, quantity=1_000_000) == "quantity_limit"
    counter("add_to_cart", sku=variant.sku, quantity=10)
    assert counter.refused("add_to_cart", sku=variant.sku) == "quantity_limit"


def test_a_second_buyer_can_be_faster(counter: Counter) -> None:
    variant = counter.plant(lambda plant: plant.product()[0])
    total = counter("add_to_cart", sku=variant.sku)["total_cents"]
    with counter.world.transaction("world") as session:
        session.get_one(Variant, variant.id).stock = 0
    assert counter.refused("checkout", method_id=1, address_id=1, expected_total_cents=total) == "out_of_stock"


def test_nobody_pays_another_price_than_was_seen(counter: Counter) -> None:
    variant = counter.plant(lambda plant: plant.product()[0])
    total = counter("add_to_cart", sku=variant.sku)["total_cents"]
    with counter.world.transaction("world") as session:
        session.get_one(Variant, variant.id).price += 100
    assert counter.refused("checkout", method_id=1, address_id=1, expected_total_cents=total) == "total_changed"


def test_a_gift_card_pays_only_what_it_covers(counter: Counter) -> None:
    variant = counter.plant(lambda plant: plant.product()[0])
    total = counter("add_to_cart", sku=variant.sku)["total_cents"]
    card = counter.plant(lambda plant: gift_card(plant, total - 1))
    pay = {"method_id": card, "address_id": 1, "expected_total_cents": total}
    assert counter.refused("checkout", **pay) == "gift_card_covers"
    counter("checkout", **{**pay, "method_id": counter.plant(lambda plant: gift_card(plant, total))})


def gift_card(plant: Plant, balance: int) -> int:
    card = PaymentMethod(id=plant.number(), customer_id=1, kind="gift card", label="gift card", balance=balance)
    plant.world.session.add(card)
    return card.id


def test_a_gift_card_is_added_by_its_code_once(counter: Counter) -> None:
    def loose(plant: Plant) -> None:
        plant.world.session.add(PaymentMethod(kind="gift card", label="gift card", balance=500, code="GIFT-X"))

    counter.plant(loose)
    assert counter("add_gift_card", code="gift-x")["balance_cents"] == 500
    assert counter.refused("add_gift_card", code="GIFT-X") == "no_such_gift_card"


def test_an_expired_session_refuses_until_the_user_signs_in(counter: Counter) -> None:
    with counter.world.transaction("world") as session:
        session.get_one(Customer, 1).secret = secret_of("tulip")
    app.pass_time(counter.world, timedelta(hours=13))
    assert counter.refused("list_orders") == "session_expired"
    assert counter("sign_in", password="rose")["tries_left"] == 4
    assert counter("sign_in", password="tulip")["signed_in"]
    counter("list_orders")


def test_five_wrong_passwords_lock_the_account(counter: Counter) -> None:
    for _ in range(5):
        counter("sign_in", password="wrong")
    assert counter.refused("sign_in", password="wrong") == "locked"


@pytest.mark.parametrize(
    ("status", "days", "final", "code"),
    [
        ("processing", 0, False, "not_delivered"),
        ("delivered", 31, False, "return_window"),
        ("delivered", 3, True, "final_sale"),
    ],
)
def test_returns_follow_the_policy(counter: Counter, status: str, days: int, final: bool, code: str) -> None:
    def make(plant: Plant) -> tuple[str, int]:
        order = plant.order(plant.owner(), plant.product(final_sale=final)[0], status=status, days=days)
        return order.id, plant.item(order).id

    order, item = counter.plant(make)
    assert counter.refused("return_item", order_id=order, item_id=item, reason="damaged") == code


def test_a_return_is_inspected_and_refunded(counter: Counter) -> None:
    def make(plant: Plant) -> tuple[str, int]:
        order = plant.order(plant.owner(), plant.product()[0])
        return order.id, plant.item(order).id

    order, item = counter.plant(make)
    opened = counter("return_item", order_id=order, item_id=item, reason="damaged")
    assert counter.refused("return_item", order_id=order, item_id=item, reason="damaged") == "already_handled"
    app.pass_time(counter.world, timedelta(days=4))
    with counter.world.transaction("world") as session:
        assert session.get_one(Return, opened["return_id"]).status == "refunded"


def test_a_return_can_be_called_off_and_made_again(counter: Counter) -> None:
    def make(plant: Plant) -> tuple[str, int]:
        order = plant.order(plant.owner(), plant.product()[0])
        return order.id, plant.item(order).id

    order, item = counter.plant(make)
    first = counter("return_item", order_id=order, item_id=item, reason="damaged")
    counter("cancel_return", return_id=first["return_id"])
    assert counter.refused("cancel_return", return_id=first["return_id"]) == "return_closed"
    counter("return_item", order_id=order, item_id=item, reason="does not fit")


def test_only_an_order_that_has_not_shipped_is_cancelled_and_only_once(counter: Counter) -> None:
    waiting = counter.plant(lambda plant: plant.order(plant.owner(), plant.product()[0], status="processing").id)
    gone = counter.plant(lambda plant: plant.order(plant.owner(), plant.product()[0], status="shipped").id)
    why = "takes too long"
    assert counter.refused("cancel_order", order_id=gone, reason=why) == "already_shipped"
    assert counter.refused("cancel_order", order_id=waiting, reason="boredom") == "bad_reason"
    assert counter.refused("cancel_order", order_id=waiting, reason=why, expected_version=7) == "changed_meanwhile"
    counter("cancel_order", order_id=waiting, reason=why, expected_version=1)
    assert counter.refused("cancel_order", order_id=waiting, reason=why) == "already_cancelled"


def test_somebody_elses_order_is_not_shown(counter: Counter) -> None:
    other = counter.plant(lambda plant: plant.order(plant.caller(), plant.product()[0]).id)
    assert counter.refused("show_order", order_id=other) == "other_customer"


def test_a_product_is_reviewed_once_and_only_when_delivered(counter: Counter) -> None:
    def make(plant: Plant) -> tuple[int, int]:
        got, coming = plant.product()[0], plant.product()[0]
        plant.order(plant.owner(), got)
        plant.order(plant.owner(), coming, status="shipped", days=-2)
        return got.product_id, coming.product_id

    got, coming = counter.plant(make)
    assert counter.refused("write_review", product_id=coming, stars=5, text="nice") == "not_delivered"
    counter("write_review", product_id=got, stars=5, text="nice")
    assert counter.refused("write_review", product_id=got, stars=1, text="bad") == "one_review"
    assert counter("list_reviews", product_id=got)["results"][0]["text"] == "nice"


def test_questions_are_answered_after_some_hours_and_limited(counter: Counter) -> None:
    product = counter.plant(lambda plant: plant.product()[0]).product_id
    for _ in range(3):
        counter("ask_question", product_id=product, text="Is it loud?")
    assert counter.refused("ask_question", product_id=product, text="Is it loud?") == "asked_enough"
    assert counter("list_questions", product_id=product)["results"][0]["answer"] == "not answered yet"
    app.pass_time(counter.world, timedelta(hours=6))
    assert counter("list_questions", product_id=product)["results"][0]["answer"] != "not answered yet"


def test_a_seller_answers_what_was_asked(counter: Counter) -> None:
    variants = counter.plant(lambda plant: plant.product())
    number = variants[0].product_id
    counter("ask_question", product_id=number, text="In which colours does it come, and can I send it back?")
    app.pass_time(counter.world, timedelta(hours=6))
    answer = counter("list_questions", product_id=number)["results"][0]["answer"]
    assert all(variant.colour in answer for variant in variants)
    assert "within 30 days" in answer


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How long is the warranty?", "It comes with 2 years of warranty."),
        ("Can I send it back if I do not like it?", "Yes, within 30 days."),
        ("When will it be back in stock?", "There are 4 in stock now."),
        ("How long is it?", "It comes in S and M."),
    ],
)
def test_a_seller_answers_nothing_else(question: str, answer: str) -> None:
    known = Known("A scarf.", "wool", 2, 300, False, ("red",), ("S", "M"), 4, 24)
    assert answer_to(question, known) == answer


def test_a_review_counts_for_the_stars_after_a_while(counter: Counter) -> None:
    def make(plant: Plant) -> int:
        variant = plant.product(rating=20)[0]
        plant.order(plant.owner(), variant)
        variant.product.ratings = 3
        return variant.product_id

    number = counter.plant(make)
    counter("write_review", product_id=number, stars=5, text="Better than they say.")
    assert counter("show_product", product_id=number)["ratings"] == 3
    app.pass_time(counter.world, timedelta(minutes=31))
    shown = counter("show_product", product_id=number)
    assert (shown["ratings"], shown["stars"]) == (4, 2.7)


def test_a_card_is_kept_once(counter: Counter) -> None:
    counter("add_card", number="4111 1111 1111 1111", expires="2028-01-31")
    assert counter.refused("add_card", number="4111111111111111", expires="2028-01-31") == "card_known"
