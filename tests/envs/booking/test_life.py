"""What happens by itself, and what is told of it; ways to pay; cases; versions."""

from datetime import timedelta
from typing import Any

import pytest

from greenroom_envs.booking.events import slip
from greenroom_envs.booking.families.planting import Plant
from greenroom_envs.booking.flights import FlightDate
from greenroom_envs.booking.models import Reservation, User
from support.booking import Counter

Journey = tuple[FlightDate, Reservation, int]


def journey(counter: Counter, fare: str = "basic", **values: Any) -> Journey:
    """A flight, a journey with it, and the user's card."""

    def make(plant: Plant) -> Journey:
        flight = plant.flight(plant.airport(), plant.airport(), plant.day(), 600, 9_000, **values)
        return flight, plant.journey(flight, fare, [plant.person()]), plant.card

    return counter.plant(make)


def test_a_delayed_flight_leaves_later_on_both_clocks(counter: Counter) -> None:
    flight, _, _ = journey(counter)
    where = {"flight": flight.number, "day": str(flight.day)}
    before = counter.use("show_flight", **where)
    with counter.world.transaction("world") as session:
        slip(counter.world, session.get_one(FlightDate, flight.id), "delayed")
    after = counter.use("show_flight", **where)
    assert (before["status"], after["status"]) == ("scheduled", "delayed")
    assert before["departs"] < after["departs"]
    assert before["departs"][-6:] == after["departs"][-6:]


def test_a_basic_fare_moves_for_free_when_the_airline_cancelled(counter: Counter) -> None:
    flight, mine, _ = journey(counter)

    def dearer(plant: Plant) -> FlightDate:
        session = plant.world.session
        session.get_one(FlightDate, flight.id).status = "cancelled"
        a, b = (session.get_one(type(plant.airport()), code) for code in (flight.origin, flight.destination))
        return plant.flight(a, b, flight.day, 800, 30_000)

    other = counter.plant(dearer)
    moved = counter.use(
        "change_flight", reservation_id=mine.id, flights=[other.number], day=str(other.day), method_ids=[]
    )
    assert moved["total_cents"] == mine.total
    assert len(counter.use("list_payments", reservation_id=mine.id)["payments"]) == 1


def test_whoever_waits_for_seats_is_told_when_there_are_enough(counter: Counter) -> None:
    flight, mine, _ = journey(counter, "standard", seats=0)
    where = {"flight": flight.number, "day": str(flight.day)}
    counter.use("join_flight_waitlist", **where)
    assert counter.refusal("join_flight_waitlist", **where) == "already_waiting"
    counter.use("cancel_reservation", reservation_id=mine.id)
    counter.wait(minutes=6)
    assert [entry["told"] for entry in counter.use("list_waitlist")["results"]] == [True]


def test_insurance_is_bought_within_a_day(counter: Counter) -> None:
    _, old, card = journey(counter)
    assert counter.refusal("add_insurance", reservation_id=old.id, method_ids=[card]) == "late_insurance"


@pytest.mark.parametrize("tool", ["set_bags", "add_insurance", "cancel_reservation"])
def test_a_change_of_what_has_changed_since_it_was_seen_is_refused(counter: Counter, tool: str) -> None:
    _, mine, card = journey(counter, "standard")
    counter.use("set_bags", reservation_id=mine.id, bags=3, method_ids=[card])
    more: dict[str, Any] = {"bags": 4, "method_ids": [card]} if tool == "set_bags" else {}
    more = {"method_ids": [card]} if tool == "add_insurance" else more
    assert counter.refusal(tool, reservation_id=mine.id, version=1, **more) == "changed_meanwhile"


def test_a_case_is_answered_after_some_hours(counter: Counter) -> None:
    _, mine, _ = journey(counter)
    counter.use("escalate", reservation_id=mine.id, reason="The plane was late.")
    assert "answer" not in counter.use("list_cases")["results"][0]
    counter.wait(hours=5)
    assert counter.use("list_cases")["results"][0]["answer"]


def test_hosts_get_ten_messages_an_hour_at_most(counter: Counter) -> None:
    for _ in range(10):
        counter.use("message_host", listing_id=1, text="Hello?")
    assert counter.refusal("message_host", listing_id=1, text="Hello?") == "rate_limited"
    counter.wait(hours=1)
    counter.use("message_host", listing_id=1, text="Hello?")


def test_cards_come_and_go_and_a_voucher_becomes_money(counter: Counter) -> None:
    good, bad = counter.plant(lambda plant: (plant.voucher(4_000, 30).id, plant.voucher(4_000, -1).id))
    card = counter.use("add_card", number="4111 1111 1111 1111", expires="09/28")
    assert counter.refusal("add_card", number="4111 1111 1111 1112", expires="09/28") == "bad_card"
    assert counter.refusal("add_card", number="4000 0566 5566 5556", expires="02/26") == "card_expired"
    counter.use("remove_payment_method", method_id=card["method_id"])
    assert counter.refusal("remove_payment_method", method_id=card["method_id"]) == "no_such_method"
    gift = counter.use("redeem_voucher", voucher_id=good)
    assert (gift["kind"], gift["balance_cents"]) == ("gift_card", 4_000)
    assert counter.refusal("redeem_voucher", voucher_id=good) == "already_redeemed"
    assert counter.refusal("redeem_voucher", voucher_id=bad) == "voucher_expired"
    assert counter.refusal("remove_payment_method", method_id=gift["method_id"]) == "not_empty"


def test_a_gift_card_of_dollars_pays_no_pounds(counter: Counter) -> None:
    def make(plant: Plant) -> tuple[int, list[int]]:
        return plant.listing(plant.city(abroad=True)).id, [plant.methods("gift_card")[0].id, plant.card]

    listing, methods = counter.plant(make)
    wish = {"listing_id": listing, "guests": 2, **counter.days(30)}
    assert counter.refusal("book_stay", **wish, method_ids=methods) == "own_currency"
    assert counter.use("book_stay", **wish, method_ids=methods[1:])["currency"] == "GBP"


def test_users_of_the_world_have_paid_for_all_they_booked(counter: Counter) -> None:
    with counter.world.transaction("world") as session:
        theirs = session.query(Reservation).filter(Reservation.user_id == session.get_one(User, 1).id).all()
    for reservation in theirs:
        paid = counter.use("list_payments", reservation_id=reservation.id)["payments"]
        left = sum(row["amount_cents"] for row in paid)
        assert left == reservation.total or (reservation.status == "cancelled" and left == 0)
    today = counter.today + timedelta(days=1)
    coming = [r for r in theirs if r.kind == "stay" and r.check_in and r.check_in > today]
    for stay in coming:
        nights = {"first_night": str(stay.check_in), "nights": 1}
        assert not counter.use("show_calendar", listing_id=stay.listing_id, **nights)["nights"][0]["free"]
