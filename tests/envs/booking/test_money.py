from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from greenroom_envs.booking.families.planting import Plant
from greenroom_envs.booking.models import Reservation
from greenroom_envs.booking.money import shares_of
from greenroom_envs.booking.pricing import (
    price_bags,
    price_night,
    price_stay,
    refund_percent,
    refund_percent_flight,
)
from greenroom_envs.booking.stays import Listing, PriceRule
from support.booking import Counter

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_season_and_weekend_count_by_night_and_length_by_stay() -> None:
    listing = Listing(night=10_000, cleaning=3_000)
    rules = [
        PriceRule(kind="season", percent=20, first_day=date(2026, 6, 5), last_day=date(2026, 6, 30)),
        PriceRule(kind="weekend", percent=10),
        PriceRule(kind="length", percent=-10, min_nights=3),
    ]
    assert [price_night(listing, rules, date(2026, 6, day)) for day in (4, 5, 6, 7)] == [10_000, 13_200, 13_200, 12_000]
    price = price_stay(listing, rules, date(2026, 6, 4), date(2026, 6, 7))
    assert (price.nights, price.cleaning, price.service) == (32_760, 3_000, 3_276)
    assert price_stay(listing, rules, date(2026, 6, 4), date(2026, 6, 6)).nights == 23_200


@pytest.mark.parametrize(
    ("policy", "days", "percent"),
    [
        ("flexible", 1, 100),
        ("flexible", 0, 0),
        ("moderate", 5, 100),
        ("moderate", 4, 0),
        ("strict", 7, 50),
        ("strict", 6, 0),
        ("non-refundable", 300, 0),
    ],
)
def test_refunds_follow_the_written_policy(policy: str, days: int, percent: int) -> None:
    today = date(2026, 3, 2)
    assert refund_percent(policy, today + timedelta(days=days), today) == percent


@pytest.mark.parametrize(
    ("fare", "insured", "cancelled", "hours", "percent"),
    [
        ("basic", False, False, 25, 0),
        ("basic", False, False, 24, 100),
        ("basic", True, False, 99, 100),
        ("basic", False, True, 99, 100),
        ("standard", False, False, 99, 100),
    ],
)
def test_basic_fares_give_nothing_back_but_in_three_cases(
    fare: str, insured: bool, cancelled: bool, hours: int, percent: int
) -> None:
    assert refund_percent_flight(fare, insured, cancelled, NOW - timedelta(hours=hours), NOW) == percent


@pytest.mark.parametrize(("tier", "due"), [("regular", 10_500), ("silver", 7_000), ("gold", 3_500)])
def test_some_bags_are_free_by_tier(tier: str, due: int) -> None:
    assert price_bags(0, 3, tier) == due
    assert price_bags(0, 1, tier) + price_bags(1, 3, tier) == due


def test_a_split_payment_is_refunded_to_each_method(counter: Counter) -> None:
    def make(plant: Plant) -> tuple[int, list[int]]:
        methods = [plant.methods("certificate")[0], plant.methods("gift_card")[0]]
        for method in methods:
            method.balance = 2_000
        return plant.listing(plant.city()).id, [*(m.id for m in methods), plant.card]

    listing, methods = counter.plant(make)
    wish = {"listing_id": listing, "guests": 2, **counter.days(30)}
    booked = counter.use("book_stay", **wish, method_ids=methods)
    number = booked["reservation_id"]
    paid = counter.use("list_payments", reservation_id=number)["payments"]
    assert [p["amount_cents"] for p in paid] == [2_000, 2_000, booked["total_cents"] - 4_000]
    back = counter.use("cancel_reservation", reservation_id=number)
    assert back["refund_cents"] == booked["total_cents"]
    moved = counter.use("list_payments", reservation_id=number)["payments"]
    assert sum(p["amount_cents"] for p in moved) == 0
    assert [v["amount_cents"] for v in counter.use("list_vouchers")["vouchers"]] == [2_000]
    left = {m["method_id"]: m.get("balance_cents") for m in counter.use("list_payment_methods")["methods"]}
    assert (left[methods[0]], left[methods[1]]) == (0, 2_000)


@pytest.mark.parametrize(
    ("amount", "parts", "shares"),
    [
        (48_273, [87_845, 8_700], [43_923, 4_350]),
        (27_263, [6_300, 4_351, 43_874], [3_150, 2_176, 21_937]),
        (100, [1, 1, 1], [34, 33, 33]),
        (54_525, [6_300, 48_225], [6_300, 48_225]),
        (0, [5], [0]),
        (0, [], []),
    ],
)
def test_a_refund_is_shared_out_to_the_nearest_cent(amount: int, parts: list[int], shares: list[int]) -> None:
    assert shares_of(amount, parts) == shares


def test_one_certificate_at_most_pays(counter: Counter) -> None:
    listing, methods = counter.plant(
        lambda plant: (plant.listing(plant.city()).id, [*(m.id for m in plant.methods("certificate")), plant.card])
    )
    wish = {"listing_id": listing, "guests": 2, **counter.days(30), "method_ids": methods}
    assert counter.refusal("book_stay", **wish) == "one_certificate"


def test_nobody_sees_somebody_elses_reservation(counter: Counter) -> None:
    with counter.world.transaction("world") as session:
        other = session.scalars(select(Reservation.id).where(Reservation.user_id != 1).limit(1)).one()
    for tool in ("show_reservation", "cancel_reservation", "list_payments", "quote_refund"):
        assert counter.refusal(tool, reservation_id=other) == "not_yours"


def test_an_expired_session_needs_signing_in_again(counter: Counter) -> None:
    user = counter.plant(lambda plant: plant.me)
    counter.wait(hours=13)
    assert counter.refusal("list_reservations") == "session_expired"
    assert counter.use("sign_in", email=user.email, pin="no")["tries_left"] == 4
    assert counter.use("sign_in", email=user.email, pin=user.pin)["signed_in"]
    assert counter.use("show_account")["name"] == user.name
    counter.use("sign_out")
    assert counter.refusal("list_reservations") == "session_expired"


def test_five_wrong_pins_lock_signing_in_for_a_while(counter: Counter) -> None:
    user = counter.plant(lambda plant: plant.me)
    left = [counter.use("sign_in", email=user.email, pin=f"{n}")["tries_left"] for n in range(5)]
    assert left == [4, 3, 2, 1, 0]
    assert counter.refusal("sign_in", email=user.email, pin=user.pin) == "locked"
    counter.wait(minutes=15)
    assert counter.use("sign_in", email=user.email, pin=user.pin)["signed_in"]
