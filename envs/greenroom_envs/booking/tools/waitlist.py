"""Waiting for nights that are taken and seats that are sold."""

from typing import Annotated

from pydantic import Field
from sqlalchemy import bindparam, select

from greenroom import Refusal, World
from greenroom_envs.booking.app import app
from greenroom_envs.booking.calendar import is_free, require_bookable
from greenroom_envs.booking.desk import Day, Number, Page, listing_of, me, utc_now
from greenroom_envs.booking.flights import Cabin, FlightDate
from greenroom_envs.booking.models import Read, Waiting
from greenroom_envs.booking.policy import MOST_PASSENGERS
from greenroom_envs.booking.showing import Row, paged, read_page
from greenroom_envs.booking.tools.flights import CabinName, flight_of

MINE = paged(
    select(
        Waiting.id,
        Waiting.listing_id,
        Waiting.check_in,
        Waiting.check_out,
        Waiting.flight_date_id,
        Waiting.cabin,
        Waiting.seats,
        Waiting.told,
    )
    .where(Waiting.user_id == bindparam("user"))
    .order_by(Waiting.id)
)
FLIGHTS_OF = select(FlightDate.id, FlightDate.number, FlightDate.day).where(
    FlightDate.id.in_(bindparam("ids", expanding=True))
)
SAME_NIGHTS = select(Waiting.id).where(
    Waiting.user_id == bindparam("user"),
    Waiting.listing_id == bindparam("listing"),
    Waiting.check_in == bindparam("check_in"),
    Waiting.check_out == bindparam("check_out"),
)
SAME_SEATS = select(Waiting.id).where(
    Waiting.user_id == bindparam("user"),
    Waiting.flight_date_id == bindparam("flight"),
    Waiting.cabin == bindparam("cabin"),
)


@app.tool
def join_waitlist(world: World, listing_id: Number, check_in: Day, check_out: Day) -> Row:
    """Wait for nights that are taken; a letter comes when they become free.

    Args:
        listing_id: The listing's number.
        check_in: The first night, such as 2026-03-14.
        check_out: The day of leaving.
    """
    user, listing = me(world), listing_of(world, listing_id)
    require_bookable(world, listing, check_in, check_out, 1)
    if is_free(world, listing.id, check_in, check_out):
        raise Refusal("is_free", f"Listing {listing.id} is free from {check_in} to {check_out}: book or hold it.")
    entry = Waiting(user_id=user.id, listing_id=listing.id, check_in=check_in, check_out=check_out)
    same = {"user": user.id, "listing": listing.id, "check_in": check_in, "check_out": check_out}
    if world.session.scalar(SAME_NIGHTS, same) is not None:
        raise Refusal("already_waiting", f"You wait for these nights of listing {listing.id} already.")
    return _join(world, entry)


@app.tool
def join_flight_waitlist(
    world: World,
    flight: Annotated[str, Field(max_length=20)],
    day: Day,
    seats: Annotated[int, Field(ge=1, le=MOST_PASSENGERS)] = 1,
    cabin: CabinName = "economy",
) -> Row:
    """Wait for seats of a flight that are sold; a letter comes when there are enough.

    Args:
        flight: The flight's number.
        day: The day of departure, such as 2026-03-14.
        seats: How many are needed.
        cabin: economy or business.
    """
    user, found = me(world), flight_of(world, flight, day)
    if found.status == "cancelled" or found.departs_at <= utc_now(world):
        raise Refusal("not_flying", f"Flight {found.number} on {found.day} was cancelled or has left.")
    on_sale = world.session.get(Cabin, (found.id, cabin))
    if on_sale is None:
        raise Refusal("no_such_cabin", f"Flight {found.number} has no {cabin}.")
    if on_sale.seats >= seats:
        raise Refusal("is_free", f"Flight {found.number} on {found.day} has {on_sale.seats} seats left: book it.")
    if world.session.scalar(SAME_SEATS, {"user": user.id, "flight": found.id, "cabin": cabin}) is not None:
        raise Refusal("already_waiting", f"You wait for seats of flight {found.number} on {found.day} already.")
    return _join(world, Waiting(user_id=user.id, flight_date_id=found.id, cabin=cabin, seats=seats))


def _join(world: World, entry: Waiting) -> Row:
    world.session.add(entry)
    world.session.flush()
    return {"waitlist_id": entry.id}


@app.tool
def leave_waitlist(world: World, waitlist_id: Number) -> Row:
    """Stop waiting.

    Args:
        waitlist_id: The number of the entry.
    """
    user, entry = me(world), world.session.get(Waiting, waitlist_id)
    if entry is None or entry.user_id != user.id:
        raise Refusal("not_waiting", f"You have no waitlist entry {waitlist_id}; booking_list_waitlist has all.")
    world.session.delete(entry)
    return {"left": waitlist_id}


@app.tool
def list_waitlist(world: World, page: Page = 1) -> Row:
    """List what the user waits for, five a page, and whether a letter said that it is free.

    Args:
        page: Which page.
    """
    entries, next_page = read_page(world, MINE, page, user=me(world).id)
    numbers = [entry.flight_date_id for entry in entries if entry.flight_date_id]
    flown = {f.id: f for f in world.session.execute(FLIGHTS_OF, {"ids": numbers})} if numbers else {}
    return {"results": [_show(entry, flown) for entry in entries], "next_page": next_page}


def _show(entry: Read, flown: dict[int, Read]) -> Row:
    flight = flown.get(entry.flight_date_id or 0)
    return {
        "waitlist_id": entry.id,
        "listing_id": entry.listing_id,
        "check_in": entry.check_in,
        "check_out": entry.check_out,
        "flight": flight.number if flight else None,
        "day": flight.day if flight else None,
        "cabin": entry.cabin,
        "seats": entry.seats,
        "told": entry.told,
    }
