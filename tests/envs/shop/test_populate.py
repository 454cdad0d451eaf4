from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from greenroom import Size, Split, World
from greenroom.sandboxes import LocalSandbox
from greenroom_envs.shop import app
from greenroom_envs.shop.goods import SHELVES, seasonal
from greenroom_envs.shop.ledger import Order, OrderItem, Parcel, ParcelScan, Payment, Refund
from greenroom_envs.shop.models import Product, Question, Review, Variant
from greenroom_envs.shop.populate import SHAPES


@pytest.fixture(scope="module")
def medium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("medium")
    with LocalSandbox(app, Size.MEDIUM, cache_dir=folder).base(Split.TRAIN).open() as world:
        yield world


def test_a_medium_shop_holds_what_it_should(medium: World) -> None:
    shape = SHAPES[Size.MEDIUM]
    with medium.transaction("world") as session:
        assert session.scalar(select(func.count()).select_from(Product)) == shape.products
        assert session.scalar(select(func.count()).select_from(Order)) == shape.orders
        assert (session.scalar(select(func.count()).select_from(Variant)) or 0) > shape.products


def test_every_order_adds_up_and_was_paid(medium: World) -> None:
    with medium.transaction("world") as session:
        goods = select(OrderItem.order_id, func.sum(OrderItem.price * OrderItem.quantity)).group_by(OrderItem.order_id)
        by_order = dict(session.execute(goods).all())
        paid = dict(session.execute(select(Payment.order_id, Payment.amount)).all())
        for order in session.scalars(select(Order)):
            assert by_order[order.id] == order.goods
            total = order.goods - order.discount + order.wrap + order.delivery + order.tax
            assert total == order.total == paid[order.id]


def test_no_order_is_refunded_beyond_what_it_cost(medium: World) -> None:
    with medium.transaction("world") as session:
        refunds = select(Refund.order_id, func.sum(Refund.amount)).group_by(Refund.order_id)
        given = dict(session.execute(refunds).all())
        assert len(given) > 100
        for order in session.scalars(select(Order).where(Order.id.in_(list(given)[:500]))):
            assert given[order.id] <= order.total


def test_states_agree_with_dates(medium: World) -> None:
    with medium.transaction("world") as session:
        parcels: dict[str, set[str]] = defaultdict(set)
        for order_id, status in session.execute(select(Parcel.order_id, Parcel.status)):
            parcels[order_id].add(status)
        for order in session.scalars(select(Order)):
            assert (order.status == "delivered") == (order.delivered_at is not None)
            assert (order.id in parcels) == (order.status in ("shipped", "delivered"))
            assert (parcels.get(order.id) == {"delivered"}) == (order.status == "delivered")


def test_buyers_are_heavy_tailed(medium: World) -> None:
    with medium.transaction("world") as session:
        counts = Tally(session.scalars(select(Order.customer_id)).all())
    top = sum(n for _, n in counts.most_common(len(counts) // 10))
    assert 0.3 < top / sum(counts.values()) < 0.9


def test_garden_things_are_dearer_in_spring_than_in_autumn() -> None:
    garden = next(shelf for shelf in SHELVES if shelf.name == "garden")
    assert seasonal(garden, 10_000, date(2026, 5, 1)) > seasonal(garden, 10_000, date(2026, 11, 1)) * 1.2


def test_parcels_come_by_daylight_and_not_before_they_were_seen(medium: World) -> None:
    with medium.transaction("world") as session:
        came = session.scalars(select(Order.delivered_at).where(Order.delivered_at.is_not(None))).all()
        assert {moment.hour for moment in came if moment} <= set(range(15, 21))
        scans: dict[int, list[datetime]] = defaultdict(list)
        for parcel, at in session.execute(select(ParcelScan.parcel_id, ParcelScan.seen_at).order_by(ParcelScan.id)):
            scans[parcel].append(at)
    assert len(scans) > 100
    assert all(seen == sorted(seen) for seen in scans.values())


def test_nothing_happened_after_the_world_begins(medium: World) -> None:
    now = medium.now.replace(tzinfo=None)
    with medium.transaction("world") as session:
        for column in (Order.placed_at, Refund.made_at, Review.written_at, Question.asked_at, ParcelScan.seen_at):
            assert (session.scalar(select(func.max(column))) or now) <= now


def test_people_do_not_all_say_the_same(medium: World) -> None:
    with medium.transaction("world") as session:
        texts = session.scalars(select(Review.text)).all()
        assert len(set(texts)) > 200
        answers = set(session.scalars(select(Question.answer)).all())
    assert len(answers) > 200
