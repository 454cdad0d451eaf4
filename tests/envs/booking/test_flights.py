from datetime import timedelta
from typing import Any

import pytest

from greenroom_envs.booking.families.planting import Plant
from support.booking import Counter


def route(counter: Counter, **values: Any) -> dict[str, Any]:
    """Two flights of one route on one day, and the user's card."""

    def make(plant: Plant) -> dict[str, Any]:
        a, b, day = plant.airport(), plant.airport(), plant.day()
        one, two = (plant.flight(a, b, day, minute, 10_000, **values) for minute in (600, 700))
        where = {"origin": a.code, "destination": b.city, "day": day.isoformat()}
        return {"one": one.number, "two": two.number, "where": where, "card": plant.card, "day": day.isoformat()}

    return counter.plant(make)


def book(made: dict[str, Any], **values: Any) -> dict[str, Any]:
    plain = {"flights": [made["one"]], "day": made["day"], "passengers": ["Ann Bee"], "method_ids": [made["card"]]}
    return {**plain, **values}


def test_seats_go_when_booked_and_come_back_when_cancelled(counter: Counter) -> None:
    made = route(counter, seats=2)
    booked = counter.use("book_flight", **book(made, passengers=["Ann Bee", "Carl Dee"], fare="standard"))
    found = counter.use("search_flights", **made["where"])["results"]
    assert [hit["flight"] for hit in found] == [made["two"]]
    assert counter.refusal("book_flight", **book(made)) == "sold_out"
    counter.use("cancel_reservation", reservation_id=booked["reservation_id"])
    assert len(counter.use("search_flights", **made["where"])["results"]) == 2


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"flights": []}, "no_flights"),
        ({"flights": ["GR0"]}, "no_such_flight"),
        ({"passengers": []}, "bad_passengers"),
        ({"passengers": ["Ann"]}, "bad_passengers"),
        ({"fare": "gold"}, "bad_arguments"),
        ({"cabin": "cargo"}, "bad_arguments"),
        ({"day": "tomorrow"}, "bad_arguments"),
        ({"expected_total_cents": 9_999}, "price_changed"),
    ],
)
def test_what_is_no_journey_is_refused(counter: Counter, wish: dict[str, Any], code: str) -> None:
    assert counter.refusal("book_flight", **book(route(counter), **wish)) == code


def test_a_standard_fare_moves_and_a_basic_one_does_not(counter: Counter) -> None:
    made = route(counter)
    to = {"flights": [made["two"]], "day": made["day"], "method_ids": []}
    basic = counter.use("book_flight", **book(made))["reservation_id"]
    standard = counter.use("book_flight", **book(made, fare="standard"))["reservation_id"]
    assert counter.refusal("change_flight", reservation_id=basic, **to) == "basic_fare"
    counter.use("change_flight", reservation_id=standard, **to)
    assert counter.use("show_reservation", reservation_id=standard)["flights"][0]["flight"] == made["two"]


def test_who_finds_no_flight_is_told_what_else_to_try(counter: Counter) -> None:
    where = {**route(counter)["where"], "day": str(counter.today + timedelta(days=700))}
    assert "booking_search_connections" in counter.use("search_flights", **where)["note"]
    assert "booking_search_flights" in counter.use("search_connections", **where)["note"]


def test_bags_seats_and_insurance(counter: Counter) -> None:
    made = route(counter)
    number = counter.use("book_flight", **book(made, bags=2))["reservation_id"]
    assert counter.refusal("set_bags", reservation_id=number, bags=1, method_ids=[]) == "no_bags_back"
    counter.use("set_bags", reservation_id=number, bags=5, method_ids=[made["card"]])
    counter.use("add_insurance", reservation_id=number, method_ids=[made["card"]])
    shown = counter.use("show_reservation", reservation_id=number)
    assert (shown["bags"], shown["insured"]) == (5, True)
    seat = {"reservation_id": number, "passenger_id": shown["passengers"][0]["passenger_id"], "flight": made["one"]}
    assert counter.refusal("choose_seat", **seat, seat="2A") == "other_cabin"
    counter.use("choose_seat", **seat, seat="12C")
    counter.use("choose_seat", **seat, seat="14A")
    assert counter.use("show_seats", flight=made["one"], day=made["day"])["taken"] == ["14A"]
    paid = counter.use("list_payments", reservation_id=number)["payments"]
    assert sum(p["amount_cents"] for p in paid) == shown["total_cents"]


def test_a_name_is_corrected_but_a_seat_passes_to_nobody_else(counter: Counter) -> None:
    number = counter.use("book_flight", **book(route(counter)))["reservation_id"]
    passenger = counter.use("show_reservation", reservation_id=number)["passengers"][0]["passenger_id"]
    who = {"reservation_id": number, "passenger_id": passenger}
    assert counter.refusal("correct_name", **who, name="Eve Eff") == "same_person"
    assert counter.use("correct_name", **who, name="Anne Bee")["name"] == "Anne Bee"
