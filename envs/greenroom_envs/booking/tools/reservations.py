"""The user's reservations: looking at them, cancelling them."""

from sqlalchemy import delete, select

from greenroom import World
from greenroom_envs.booking.app import app
from greenroom_envs.booking.calendar import block_of, freed
from greenroom_envs.booking.desk import (
    PAGE,
    Number,
    Page,
    Row,
    flights_of,
    listing_of,
    me,
    open_reservation,
    passengers_of,
    reservation_of,
    show_flight_line,
    show_line,
    shown_payments,
)
from greenroom_envs.booking.flights import Cabin, Seat
from greenroom_envs.booking.models import Reservation, User
from greenroom_envs.booking.money import give_back, refund_due, write
from greenroom_envs.booking.pricing import dollars


@app.tool
def list_reservations(world: World, page: Page = 1) -> Row:
    """List the user's reservations, latest first, five a page.

    Args:
        page: Which page.
    """
    mine = select(Reservation).where(Reservation.user_id == me(world).id).order_by(Reservation.id.desc())
    rows = world.session.scalars(mine.limit(PAGE + 1).offset((page - 1) * PAGE)).all()
    return {"results": [show_line(r) for r in rows[:PAGE]], "next_page": page + 1 if len(rows) > PAGE else None}


@app.tool
def show_reservation(world: World, reservation_id: Number) -> Row:
    """Show a reservation in full: a stay with its listing and policy, a journey with flights, passengers and bags.

    Args:
        reservation_id: The reservation's number.
    """
    reservation = reservation_of(world, me(world), reservation_id)
    shown = {**show_line(reservation), "made_utc": f"{reservation.made_at:%Y-%m-%d %H:%M}"}
    if reservation.kind == "stay":
        listing = listing_of(world, reservation.listing_id or 0)
        stay = {"title": listing.title, "city": listing.city, "policy": listing.policy, "guests": reservation.guests}
        return {**shown, **stay, "pets": listing.pets, "version": reservation.version}
    return {
        **shown,
        "flights": [show_flight_line(flight) for flight in flights_of(world, reservation)],
        "passengers": [{"passenger_id": p.id, "name": p.name} for p in passengers_of(world, reservation)],
        "cabin": reservation.cabin,
        "fare": reservation.fare,
        "bags": reservation.bags,
        "insured": reservation.insured,
        "version": reservation.version,
    }


@app.tool
def list_payments(world: World, reservation_id: Number) -> Row:
    """List all money that moved for a reservation; refunds are negative.

    Args:
        reservation_id: The reservation's number.
    """
    return {"payments": shown_payments(world, reservation_of(world, me(world), reservation_id))}


@app.tool
def quote_refund(world: World, reservation_id: Number) -> Row:
    """Tell what would come back if a reservation were cancelled now, without cancelling it.

    Args:
        reservation_id: The reservation's number.
    """
    reservation = open_reservation(world, me(world), reservation_id)
    return {"refund_cents": refund_due(world, reservation), "paid_cents": reservation.total}


@app.tool
def cancel_reservation(world: World, reservation_id: Number, version: int = 0) -> Row:
    """Cancel a reservation; what comes back follows from its policy or fare, and may be nothing.

    Args:
        reservation_id: The reservation's number.
        version: The version of the reservation that was seen, to cancel no other.
    """
    user = me(world)
    reservation = open_reservation(world, user, reservation_id, version=version)
    due = refund_due(world, reservation)
    if reservation.kind == "stay":
        block = block_of(world, reservation)
        freed(world, block.listing_id, block.first_night, block.end)
        world.session.delete(block)
    else:
        give_up_seats(world, reservation)
    reservation.status, reservation.version = "cancelled", reservation.version + 1
    if due:
        give_back(world, user, reservation, due)
    _tell(world, user, reservation, due)
    return {"reservation_id": reservation.id, "status": "cancelled", "refund_cents": due}


def give_up_seats(world: World, reservation: Reservation) -> None:
    """Put the seats of a journey back on sale."""
    passengers = passengers_of(world, reservation)
    world.session.execute(delete(Seat).where(Seat.passenger_id.in_([p.id for p in passengers])))
    for flight in flights_of(world, reservation):
        cabin = world.session.get_one(Cabin, (flight.id, reservation.cabin))
        cabin.seats += len(passengers)


def _tell(world: World, user: User, reservation: Reservation, due: int) -> None:
    back = f"You get {dollars(due)} back." if due else "Nothing is refunded."
    write(world, user, f"Reservation {reservation.id} is cancelled", back, reservation)
