from collections import Counter as Counting
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select

from greenroom import Size, Split, World, names
from greenroom.worlds import build_base
from greenroom_envs.booking import app
from greenroom_envs.booking.flights import Cabin, FlightDate
from greenroom_envs.booking.models import PaymentMethod, Reservation
from greenroom_envs.booking.populate import SHAPES
from greenroom_envs.booking.stays import Block, Listing, Review
from support.booking import Counter


def count(world: World, *models: type) -> list[int]:
    with world.transaction("world") as session:
        return [session.scalar(select(func.count()).select_from(model)) or 0 for model in models]


def test_a_small_world_holds_what_its_shape_says(counter: Counter) -> None:
    shape = SHAPES[Size.SMALL]
    assert count(counter.world, Listing, FlightDate) == [shape.listings, shape.flight_dates]


def test_the_user_has_every_kind_of_payment_method(counter: Counter) -> None:
    with counter.world.transaction("world") as session:
        kinds = session.scalars(select(PaymentMethod.kind).where(PaymentMethod.user_id == 1)).all()
    assert sorted(kinds) == ["card", "certificate", "certificate", "gift_card"]


def test_hardly_two_reviews_read_alike_and_none_of_a_rating_reads_like_one_of_another(counter: Counter) -> None:
    with counter.world.transaction("world") as session:
        reviews = session.execute(select(Review.stars, Review.text)).all()
    texts = Counting(text for _, text in reviews)
    assert len(reviews) > 200
    assert len(texts) > 0.85 * len(reviews)
    good, bad = ({text for stars, text in reviews if stars in some} for some in ((5,), (1, 2)))
    assert not good & bad


def test_reservations_are_numbered_in_the_order_in_which_they_were_made(counter: Counter) -> None:
    with counter.world.transaction("world") as session:
        rows = session.execute(select(Reservation.id, Reservation.made_at, Reservation.status).order_by(Reservation.id))
        numbers, moments, statuses = zip(*rows, strict=True)
    assert list(moments) == sorted(moments)
    assert min(numbers) >= 100_000
    assert set(statuses) == {"confirmed", "cancelled"}
    assert len({f"{moment:%H:%M}" for moment in moments}) > len(moments) // 2


def test_flights_are_of_several_carriers_and_business_is_dearer_by_another_factor_each_time(counter: Counter) -> None:
    with counter.world.transaction("world") as session:
        carriers = set(session.scalars(select(func.substr(FlightDate.number, 1, 2))))
        cabins = session.execute(select(Cabin.flight_date_id, Cabin.cabin, Cabin.price)).all()
    prices = {(number, cabin): price for number, cabin, price in cabins}
    factors = {round(prices[number, "business"] / prices[number, "economy"], 1) for number, _ in prices}
    assert len(carriers) >= 2
    assert len(factors) > 5
    assert min(factors) > 1.5


def test_runs_of_taken_nights_never_overlap(counter: Counter) -> None:
    for _ in range(30):
        counter.wait(hours=1)  # others buy meanwhile
    with counter.world.transaction("world") as session:
        blocks = session.scalars(select(Block).order_by(Block.listing_id, Block.first_night)).all()
    for one, next_one in pairwise(blocks):
        assert one.first_night < one.end
        assert one.listing_id != next_one.listing_id or one.end <= next_one.first_night


def test_others_buy_nights_and_seats_and_flights_slip_while_time_passes(counter: Counter) -> None:
    for _ in range(48):
        counter.wait(hours=1)
    changed = {(change.op, change.table) for change in counter.world.changes("world")}
    assert {("insert", "booking_block"), ("delete", "booking_block"), ("update", "booking_cabin")} <= changed
    assert ("update", "booking_flight_date") in changed


@pytest.mark.parametrize("split", [Split.TRAIN, Split.TEST])
def test_words_of_a_split_stay_in_it(bases: object, split: Split) -> None:
    world = build_base(app.recipe("small", split), bases).snapshot().open()  # pyright: ignore[reportArgumentType]
    try:
        with world.transaction("world") as session:
            listings = session.scalars(select(Listing)).all()
            words = {listing.city for listing in listings} | {listing.title.split()[0] for listing in listings}
    finally:
        world.close()
    assert {names.split_of(word) for word in words} == {split}


@pytest.mark.slow
def test_summer_is_dearer_and_fuller_than_winter(bases: object) -> None:
    world = build_base(app.recipe("medium", "train"), bases).snapshot().open()  # pyright: ignore[reportArgumentType]
    try:
        with world.transaction("world") as session:
            blocks = session.scalars(select(Block)).all()
    finally:
        world.close()
    nights = [b.first_night + timedelta(days=n) for b in blocks for n in range((b.end - b.first_night).days)]
    july, january = (sum(1 for night in nights if night.month == month) for month in (7, 1))
    assert july > 1.1 * january
