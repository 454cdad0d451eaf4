from datetime import timedelta
from typing import Any

import pytest

from greenroom_envs.booking.families.planting import Plant
from greenroom_envs.booking.stays import Listing
from support.booking import Counter


def place(counter: Counter, **values: Any) -> tuple[Listing, int]:
    """A listing of a city of its own, and the user's card."""
    return counter.plant(lambda plant: (plant.listing(plant.city(), **values), plant.card))


def test_a_search_lists_free_places_cheapest_first(counter: Counter) -> None:
    def two(plant: Plant) -> tuple[Listing, Listing]:
        city = plant.city()
        return plant.listing(city, night=9_000, cleaning=0), plant.listing(city, night=8_000, cleaning=0)

    dear, cheap = counter.plant(two)
    found = counter.use("search_stays", city=dear.city, guests=2, **counter.days(30))
    assert [hit["listing_id"] for hit in found["results"]] == [cheap.id, dear.id]
    assert found["results"][0]["total_cents"] == 2 * 8_000 * 110 // 100


def test_what_is_booked_is_no_longer_found_nor_booked_twice(counter: Counter) -> None:
    listing, card = place(counter)
    wish = {"listing_id": listing.id, "guests": 2, "method_ids": [card]}
    booked = counter.use("book_stay", **wish, **counter.days(30))
    assert counter.use("search_stays", city=listing.city, guests=2, **counter.days(31))["results"] == []
    assert counter.refusal("book_stay", **wish, **counter.days(31)) == "not_free"
    counter.use("book_stay", **wish, **counter.days(32))
    paid = counter.use("list_payments", reservation_id=booked["reservation_id"])["payments"]
    assert [p["amount_cents"] for p in paid] == [booked["total_cents"]]


@pytest.mark.parametrize(
    ("values", "wish", "code"),
    [
        ({"guests": 2}, {"guests": 3}, "guest_limit"),
        ({"min_nights": 3}, {}, "minimum_stay"),
        ({"pets": False}, {"pets": True}, "no_pets"),
        ({}, {"method_ids": []}, "not_covered"),
        ({}, {"method_ids": [2**40]}, "no_such_method"),
        ({}, {"check_in": "2026-02-30"}, "bad_arguments"),
        ({}, {"check_in": "2026-01-05"}, "in_the_past"),
        ({}, {"check_in": "2027-03-20", "check_out": "2027-03-22"}, "too_far"),
        ({}, {"expected_total_cents": 1}, "price_changed"),
    ],
)
def test_what_the_rules_forbid_is_refused(
    counter: Counter, values: dict[str, Any], wish: dict[str, Any], code: str
) -> None:
    listing, card = place(counter, **values)
    plain = {"listing_id": listing.id, "guests": 2, "method_ids": [card], **counter.days(30)}
    assert counter.refusal("book_stay", **{**plain, **wish}) == code


def test_a_hold_keeps_nights_until_it_expires(counter: Counter) -> None:
    listing, _ = place(counter)
    wish = {"listing_id": listing.id, "guests": 2, **counter.days(30)}
    counter.use("hold_stay", **wish)
    assert not counter.use("quote_stay", **wish)["available"]
    counter.wait(minutes=59)
    assert len(counter.use("list_holds")["holds"]) == 1
    counter.wait(minutes=2)
    assert counter.use("list_holds")["holds"] == []
    assert counter.use("quote_stay", **wish)["available"]


def test_a_hold_that_was_released_ends_no_later_one(counter: Counter) -> None:
    listing, _ = place(counter)
    wish = {"listing_id": listing.id, "guests": 2, **counter.days(30)}
    first = counter.use("hold_stay", **wish)["hold_id"]
    counter.use("release_hold", hold_id=first)
    counter.wait(minutes=30)
    assert counter.use("hold_stay", **wish)["hold_id"] != first
    counter.wait(minutes=31)
    assert len(counter.use("list_holds")["holds"]) == 1


def test_a_hold_is_used_up_by_its_booking(counter: Counter) -> None:
    listing, card = place(counter)
    wish = {"listing_id": listing.id, "guests": 2, **counter.days(30)}
    counter.use("hold_stay", **wish)
    counter.use("book_stay", **wish, method_ids=[card])
    assert counter.use("list_holds")["holds"] == []
    counter.wait(minutes=61)
    assert not counter.use("quote_stay", **wish)["available"]


def test_the_calendar_agrees_with_the_quote(counter: Counter) -> None:
    listing, _ = place(counter)
    days = counter.days(30, 4)
    nights = counter.use("show_calendar", listing_id=listing.id, first_night=days["check_in"], nights=4)["nights"]
    quote = counter.use("quote_stay", listing_id=listing.id, guests=2, **days)
    assert sum(night["price_cents"] for night in nights) == quote["nights_cents"]
    assert all(night["free"] for night in nights)


def test_whoever_waits_is_told_when_nights_become_free(counter: Counter) -> None:
    listing, card = place(counter)
    days = counter.days(30)
    assert counter.refusal("join_waitlist", listing_id=listing.id, **days) == "is_free"
    booked = counter.use("book_stay", listing_id=listing.id, guests=2, method_ids=[card], **days)
    counter.use("join_waitlist", listing_id=listing.id, **days)
    counter.use("cancel_reservation", reservation_id=booked["reservation_id"])
    counter.world.clear_changes()
    counter.wait(minutes=6)
    told = [c for c in counter.world.changes("world") if c.table == "booking_waitlist"]
    assert len(told) == 1


def test_a_host_answers_after_a_while(counter: Counter) -> None:
    listing, _ = place(counter, pets=False)
    counter.use("message_host", listing_id=listing.id, text="May I bring a dog?")
    assert len(counter.use("list_messages", listing_id=listing.id)["messages"]) == 1
    answered = counter.use("wait_for_host", listing_id=listing.id)["messages"]
    assert [m["by"] for m in answered] == ["user", "host"]
    assert "no pets" in answered[1]["text"]


def test_a_host_answers_all_that_it_is_asked_and_knows(counter: Counter) -> None:
    listing, _ = place(counter, amenities="wifi, desk")
    counter.use("message_host", listing_id=listing.id, text="Is there wifi and a cot? Where do we park?")
    text = counter.use("wait_for_host", listing_id=listing.id)["messages"][-1]["text"]
    for told in ("There is wifi.", "there is no cot", listing.parking[1:]):
        assert told[1:] in text


@pytest.mark.parametrize("abroad", [True, False])
def test_what_parking_costs_is_in_the_currency_of_the_place(counter: Counter, abroad: bool) -> None:
    texts = counter.plant(lambda plant: [plant.listing(plant.city(abroad=abroad)).parking for _ in range(40)])
    priced = [text for text in texts if "$" in text or "£" in text]
    assert priced
    assert all(("£" in text) == abroad for text in priced)


def test_a_calendar_has_no_free_nights_in_the_past_nor_beyond_a_year(counter: Counter) -> None:
    listing, _ = place(counter)
    for ahead in (-3, 370):
        first = str(counter.today + timedelta(days=ahead))
        nights = counter.use("show_calendar", listing_id=listing.id, first_night=first, nights=2)["nights"]
        assert not any(night["free"] for night in nights)


def test_a_stay_that_would_stay_where_it_is_is_not_moved(counter: Counter) -> None:
    listing, card = place(counter)
    booked = counter.use("book_stay", listing_id=listing.id, guests=2, method_ids=[card], **counter.days(30))
    same: dict[str, Any] = {"reservation_id": booked["reservation_id"], "method_ids": [], **counter.days(30)}
    assert counter.refusal("change_stay", **same) == "nothing_to_do"


def test_reviews_of_a_planted_place_are_what_its_stars_are_made_of(counter: Counter) -> None:
    listing, _ = place(counter, stars=(5, 4, 2))
    found = counter.use("list_reviews", listing_id=listing.id)["results"]
    shown = counter.use("show_listing", listing_id=listing.id)
    assert sorted(review["stars"] for review in found) == [2, 4, 5]
    assert (shown["stars"], shown["reviews"]) == (3.67, 3)


def test_a_stay_moves_to_other_nights_and_its_price_follows(counter: Counter) -> None:
    listing, card = place(counter, cleaning=0)
    booked = counter.use("book_stay", listing_id=listing.id, guests=2, method_ids=[card], **counter.days(30, 3))
    number = booked["reservation_id"]
    moved = counter.use("change_stay", reservation_id=number, method_ids=[], **counter.days(31, 2))
    paid = [p["amount_cents"] for p in counter.use("list_payments", reservation_id=number)["payments"]]
    assert sum(paid) == moved["total_cents"] < booked["total_cents"]
    stale = {"reservation_id": number, "method_ids": [card], "version": 1, **counter.days(40)}
    assert counter.refusal("change_stay", **stale) == "changed_meanwhile"


def test_a_stay_is_reviewed_once_and_only_after_it_ended(counter: Counter) -> None:
    past, future = counter.plant(
        lambda plant: (
            plant.stay(plant.listing(plant.city()), counter.today - timedelta(days=9), 2).id,
            plant.bystander,
        )
    )
    assert counter.refusal("write_review", reservation_id=future, stars=5, text="Nice.") == "one_review"
    counter.use("write_review", reservation_id=past, stars=5, text="Nice.")
    assert counter.refusal("write_review", reservation_id=past, stars=4, text="Again.") == "one_review"
    assert counter.refusal("cancel_reservation", reservation_id=past) == "already_begun"
    counter.use("escalate", reservation_id=past, reason="The oven was broken.")
    assert counter.refusal("escalate", reservation_id=past, reason="Again.") == "already_escalated"


def test_saved_places_are_kept_until_forgotten(counter: Counter) -> None:
    listing, _ = place(counter)
    before = [hit["listing_id"] for hit in counter.use("list_saved")["results"]]
    counter.use("save_listing", listing_id=listing.id)
    assert counter.refusal("save_listing", listing_id=listing.id) == "already_saved"
    assert [hit["listing_id"] for hit in counter.use("list_saved")["results"]] == [*before, listing.id]
    counter.use("unsave_listing", listing_id=listing.id)
    assert [hit["listing_id"] for hit in counter.use("list_saved")["results"]] == before
