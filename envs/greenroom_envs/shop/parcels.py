"""Parcels on their way: each reaches stage after stage, comes on the day it is expected, some a day later."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import bindparam, select

from greenroom import World
from greenroom_envs.shop.app import app
from greenroom_envs.shop.counter import utc_now
from greenroom_envs.shop.history import tracking
from greenroom_envs.shop.ledger import STAGES, Order, Parcel, ParcelScan
from greenroom_envs.shop.letters import write_buyer
from greenroom_envs.shop.models import Courier

LOADED_AT = time(13)
"""When vans are loaded, UTC: morning in America, noon in Europe."""
DELAYED = 0.15

UNDER_WAY = select(Parcel.id).where(Parcel.order_id == bindparam("order"), Parcel.status != STAGES[-1]).limit(1)


def hand_over(world: World, order: Order, position: int, seller: int, courier: Courier) -> Parcel:
    """A seller gives its part of an order to a courier."""
    promised = (utc_now(world) + timedelta(days=courier.days)).date()
    parcel = Parcel(
        order_id=order.id,
        seller_id=seller,
        courier_id=courier.id,
        tracking=tracking(order.id, position),
        status=STAGES[0],
        promised_on=promised,
        expected_on=promised,
    )
    world.session.add(parcel)
    world.session.flush()
    _scan(world, parcel, STAGES[0])
    move_later(world, parcel)
    return parcel


def move_later(world: World, parcel: Parcel) -> None:
    """Let a parcel reach its next stage in due time."""
    random = world.random
    if parcel.status == "in transit":
        loaded = datetime.combine(parcel.expected_on, LOADED_AT, UTC) + timedelta(minutes=random.randrange(120))
        after = max(loaded - world.now, timedelta(hours=2))
    elif parcel.status == "out for delivery":
        after = timedelta(minutes=random.randrange(120, 360))
    else:
        after = timedelta(minutes=random.randrange(180, 720))
    world.schedule("shop.parcel_moves", {"parcel": parcel.id}, after=after)


@app.on("shop.parcel_moves")
def parcel_moves(world: World, payload: dict[str, Any]) -> None:
    """A parcel reaches its next stage; some lose a day on the way."""
    parcel = world.session.get_one(Parcel, payload["parcel"])
    if parcel.status == "delivered":
        return
    _scan(world, parcel, STAGES[STAGES.index(parcel.status) + 1])
    if parcel.status == "delivered":
        parcel.expected_on = utc_now(world).date()
        _delivered(world, world.session.get_one(Order, parcel.order_id))
        return
    if parcel.status == "in transit" and world.random.random() < DELAYED:
        parcel.expected_on += timedelta(days=1)
    move_later(world, parcel)


def _scan(world: World, parcel: Parcel, status: str) -> None:
    parcel.status = status
    world.session.add(ParcelScan(parcel_id=parcel.id, status=status, seen_at=utc_now(world)))


def _delivered(world: World, order: Order) -> None:
    """An order is delivered when its last parcel is."""
    world.session.flush()
    if world.session.scalar(UNDER_WAY, {"order": order.id}) is not None:
        return
    order.status, order.delivered_at, order.version = "delivered", utc_now(world), order.version + 1
    write_buyer(world, order, f"Your order {order.id} was delivered", "Your last parcel has arrived.")
