"""Booking stays and moving them to other nights."""

from datetime import date

from sqlalchemy import bindparam, select

from greenroom import Refusal, World
from greenroom_envs.booking.app import app
from greenroom_envs.booking.calendar import block_of, close_hold, freed, price, require_bookable, require_free, take
from greenroom_envs.booking.desk import (
    Cents,
    Day,
    Guests,
    Number,
    Numbers,
    Version,
    listing_of,
    me,
    open_reservation,
    utc_now,
)
from greenroom_envs.booking.models import Reservation
from greenroom_envs.booking.money import charge, give_back, require_total, write
from greenroom_envs.booking.policy import refuse
from greenroom_envs.booking.pricing import spoken
from greenroom_envs.booking.showing import Row
from greenroom_envs.booking.stays import Hold

HELD = (
    select(Hold)
    .where(
        Hold.user_id == bindparam("user"),
        Hold.listing_id == bindparam("listing"),
        Hold.check_in == bindparam("first"),
        Hold.check_out == bindparam("end"),
    )
    .limit(1)
)


@app.tool
def book_stay(
    world: World,
    listing_id: Number,
    check_in: Day,
    check_out: Day,
    guests: Guests,
    method_ids: Numbers,
    pets: bool = False,
    expected_total_cents: Cents = 0,
) -> Row:
    """Book a stay. A hold of the user on exactly these nights is used up.

    Args:
        listing_id: The listing's number.
        check_in: The first night, such as 2026-03-14.
        check_out: The day of leaving.
        guests: How many people.
        method_ids: Payment methods in the order in which they pay; the last covers the rest.
        pets: Whether a pet comes.
        expected_total_cents: What the user agreed to pay; another price is refused. 0 takes any.
    """
    user, listing = me(world), listing_of(world, listing_id)
    require_bookable(world, listing, check_in, check_out, guests)
    if pets and not listing.pets:
        refuse("no_pets", f"Listing {listing.id} takes no pets.")
    use_hold(world, user.id, listing.id, check_in, check_out)
    require_free(world, listing, check_in, check_out)
    total = price(world, listing, check_in, check_out).total
    require_total(total, expected_total_cents, listing.currency)
    reservation = Reservation(
        user_id=user.id,
        kind="stay",
        status="confirmed",
        made_at=utc_now(world),
        total=total,
        currency=listing.currency,
        listing_id=listing.id,
        check_in=check_in,
        check_out=check_out,
        guests=guests,
        pets=pets,
    )
    world.session.add(reservation)
    world.session.flush()
    take(world, listing, reservation)
    charge(world, user, reservation, total, method_ids)
    paid = spoken(total, listing.currency)
    body = f"{listing.title}, {listing.city}, from {check_in} to {check_out}, {guests} guests. You paid {paid}."
    write(world, user, f"Reservation {reservation.id} is confirmed", body, reservation)
    shown = {"total_cents": total, "currency": listing.currency}
    return {"reservation_id": reservation.id, "status": "confirmed", **shown}


def use_hold(world: World, user_id: int, listing_id: int, first: date, end: date) -> None:
    """Take a user's own hold of these nights out of the way."""
    nights = {"user": user_id, "listing": listing_id, "first": first, "end": end}
    hold = world.session.scalars(HELD, nights).one_or_none()
    if hold is not None:
        close_hold(world, hold)


@app.tool
def change_stay(
    world: World, reservation_id: Number, check_in: Day, check_out: Day, method_ids: Numbers, version: Version = 0
) -> Row:
    """Move a stay to other nights of the same listing; the difference in price is paid or refunded.

    Args:
        reservation_id: The reservation's number.
        check_in: The new first night.
        check_out: The new day of leaving.
        method_ids: What pays when the new nights cost more; may be empty otherwise.
        version: The version of the reservation that was seen, to change no other.
    """
    user = me(world)
    reservation = open_reservation(world, user, reservation_id, "stay", version)
    listing = listing_of(world, reservation.listing_id or 0)
    if listing.policy == "non-refundable":
        refuse("non_refundable", f"Reservation {reservation.id} is under the policy non-refundable.")
    if (check_in, check_out) == (reservation.check_in, reservation.check_out):
        raise Refusal("nothing_to_do", f"Reservation {reservation.id} is from {check_in} to {check_out} already.")
    require_bookable(world, listing, check_in, check_out, reservation.guests or 1)
    block = block_of(world, reservation)
    require_free(world, listing, check_in, check_out, [block.id])
    freed(world, listing.id, block.first_night, block.end)
    block.first_night, block.end = check_in, check_out
    total = price(world, listing, check_in, check_out).total
    if total > reservation.total:
        charge(world, user, reservation, total - reservation.total, method_ids)
    elif total < reservation.total:
        give_back(world, user, reservation, reservation.total - total)
    reservation.check_in, reservation.check_out, reservation.total = check_in, check_out, total
    reservation.version += 1
    cost = spoken(total, listing.currency)
    body = f"{listing.title}, {listing.city}, from {check_in} to {check_out}. The total is {cost}."
    write(world, user, f"Reservation {reservation.id} has moved", body, reservation)
    return {
        "reservation_id": reservation.id,
        "total_cents": total,
        "currency": listing.currency,
        "version": reservation.version,
    }
