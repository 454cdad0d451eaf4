from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select

from greenroom import Size, Split, World, names
from greenroom.worlds import build_base
from greenroom_envs.booking import app
from greenroom_envs.booking.flights import FlightDate
from greenroom_envs.booking.models import PaymentMethod
from greenroom_envs.booking.populate import SHAPES
from greenroom_envs.booking.stays import Block, Listing
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
