"""The nightly calendar: whether nights are free, taking them, freeing them, and who waits for what is freed."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import bindparam, select

from greenroom import Refusal, World
from greenroom_envs.booking.desk import blocks_of, require_nights, rules_of, today_at
from greenroom_envs.booking.models import Reservation, Waiting
from greenroom_envs.booking.policy import refuse
from greenroom_envs.booking.pricing import StayPrice, price_stay
from greenroom_envs.booking.stays import Block, Hold, Listing

_SOON = timedelta(minutes=5)
BLOCK_OF = select(Block).where(Block.reservation_id == bindparam("reservation"))
BLOCK_OF_HOLD = select(Block).where(Block.hold_id == bindparam("hold"))
WAIT_NIGHTS = (
    select(Waiting.id)
    .where(
        Waiting.listing_id == bindparam("listing"),
        Waiting.check_in < bindparam("end"),
        Waiting.check_out > bindparam("first"),
        Waiting.told.is_(False),
    )
    .limit(1)
)
WAIT_SEATS = select(Waiting.id).where(Waiting.flight_date_id == bindparam("flight"), Waiting.told.is_(False)).limit(1)


def price(world: World, listing: Listing, check_in: date, check_out: date) -> StayPrice:
    """What some nights of a listing cost."""
    return price_stay(listing, rules_of(world, listing), check_in, check_out)


def is_free(world: World, listing_id: int, check_in: date, check_out: date, but: Sequence[int] = ()) -> bool:
    """Whether nights of a listing are free, blocks of the given ids left aside."""
    return all(block.id in but for block in blocks_of(world, listing_id, check_in, check_out))


def require_bookable(world: World, listing: Listing, first: date, end: date, guests: int) -> None:
    """Refuse nights that the rules do not allow.

    Raises:
        Refusal: Dates, guests or length do not fit.
    """
    require_nights(first, end, today_at(world, listing.time_zone))
    if guests > listing.guests:
        refuse("guest_limit", f"Listing {listing.id} takes {listing.guests} guests, not {guests}.")
    if (end - first).days < listing.min_nights:
        refuse("minimum_stay", f"Listing {listing.id} takes no stay under {listing.min_nights} nights.")


def require_free(world: World, listing: Listing, first: date, end: date, but: Sequence[int] = ()) -> None:
    """Refuse nights that are taken.

    Raises:
        Refusal: One of them is.
    """
    if not is_free(world, listing.id, first, end, but):
        raise Refusal("not_free", f"Listing {listing.id} is not free from {first} to {end}; see booking_show_calendar.")


def take(world: World, listing: Listing, reservation: Reservation) -> None:
    """Put a reservation into the calendar."""
    world.session.add(
        Block(
            listing_id=listing.id,
            first_night=reservation.check_in,
            end=reservation.check_out,
            reason="booked",
            reservation_id=reservation.id,
        )
    )


def block_of(world: World, reservation: Reservation) -> Block:
    """Where a reservation stands in the calendar."""
    return world.session.scalars(BLOCK_OF, {"reservation": reservation.id}).one()


def drop_hold(world: World, hold: Hold) -> None:
    """End a hold; its nights are free again."""
    freed(world, *close_hold(world, hold))


def close_hold(world: World, hold: Hold) -> tuple[int, date, date]:
    """Take a hold and its block out of the way; returns the listing and the nights."""
    block = world.session.scalars(BLOCK_OF_HOLD, {"hold": hold.id}).one()
    nights = block.listing_id, block.first_night, block.end
    world.session.delete(block)
    world.session.flush()
    world.session.delete(hold)
    world.session.flush()
    return nights


def freed(world: World, listing_id: int, first: date, end: date) -> None:
    """Let those who wait for nights know, in a while."""
    if world.session.scalar(WAIT_NIGHTS, {"listing": listing_id, "first": first, "end": end}) is not None:
        world.schedule("booking.nights_freed", {"listing": listing_id}, after=_SOON)


def seats_freed(world: World, flight_date_id: int) -> None:
    """Let those who wait for seats of a flight-date know, in a while."""
    if world.session.scalar(WAIT_SEATS, {"flight": flight_date_id}) is not None:
        world.schedule("booking.seats_freed", {"flight": flight_date_id}, after=_SOON)
