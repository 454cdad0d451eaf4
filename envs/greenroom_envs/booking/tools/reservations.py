"""The user's reservations: looking at them, cancelling them."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import bindparam, delete, select

from greenroom import World
from greenroom_envs.booking.app import app
from greenroom_envs.booking.calendar import block_of, freed, seats_freed
from greenroom_envs.booking.desk import (
    Number,
    Page,
    Version,
    flights_of,
    host_of,
    listing_of,
    me,
    open_reservation,
    passengers_of,
    reservation_of,
    utc_now,
)
from greenroom_envs.booking.flights import Airport, Cabin, FlightDate, Seat, Segment
from greenroom_envs.booking.models import Payment, PaymentMethod, Read, Reservation, User
from greenroom_envs.booking.money import give_back, refund_due, write
from greenroom_envs.booking.pricing import spoken
from greenroom_envs.booking.showing import (
    RESERVATION_LINE,
    Row,
    paged,
    read_page,
    show_flight_line,
    show_line,
    show_payment,
    utc_text,
)
from greenroom_envs.booking.stays import Listing

PAYMENTS = (
    select(Payment.method_id, PaymentMethod.label, Payment.amount, Payment.reason, Payment.made_at)
    .join(PaymentMethod, PaymentMethod.id == Payment.method_id)
    .where(Payment.reservation_id == bindparam("id"))
    .order_by(Payment.id)
)

MINE = paged(
    select(*RESERVATION_LINE)
    .where(Reservation.user_id == bindparam("user"))
    .order_by(Reservation.made_at.desc(), Reservation.id.desc())
)
PLACES = select(Listing.id, Listing.title, Listing.city).where(Listing.id.in_(bindparam("ids", expanding=True)))
LEGS = (
    select(Segment.reservation_id, FlightDate.day, Airport.city)
    .join(FlightDate, FlightDate.id == Segment.flight_date_id)
    .join(Airport, Airport.code == FlightDate.destination)
    .where(Segment.reservation_id.in_(bindparam("ids", expanding=True)))
    .order_by(Segment.reservation_id, Segment.position)
)
SITTING = (
    select(Seat.passenger_id, Seat.seat, FlightDate.number)
    .join(FlightDate, FlightDate.id == Seat.flight_date_id)
    .where(Seat.passenger_id.in_(bindparam("ids", expanding=True)))
)
# No seat is ever read as an object where this runs: the session need not look for them.
STAND_UP = (
    delete(Seat)
    .where(Seat.passenger_id.in_(bindparam("ids", expanding=True)))
    .execution_options(synchronize_session=False)
)


@app.tool
def list_reservations(world: World, page: Page = 1) -> Row:
    """List the user's reservations, latest first, five a page.

    Args:
        page: Which page.
    """
    rows, next_page = read_page(world, MINE, page, user=me(world).id)
    where, today = _places(world, rows), utc_now(world).date()
    return {"results": [{**show_line(r, today), **where[r.id]} for r in rows], "next_page": next_page}


def _places(world: World, rows: Sequence[Read]) -> dict[int, Row]:
    """Where each of some reservations goes, in one look a kind."""
    listings = [r.listing_id for r in rows if r.listing_id]
    places = world.session.execute(PLACES, {"ids": listings}).all() if listings else ()
    titles = {number: {"title": title, "to": city} for number, title, city in places}
    journeys = [r.id for r in rows if r.kind == "flight"]
    legs = world.session.execute(LEGS, {"ids": journeys}).all() if journeys else ()
    ends: dict[int, Row] = {}
    for number, day, city in legs:  # the first day, the last city
        ends[number] = {"day": ends.get(number, {"day": day})["day"], "to": city}
    return {r.id: titles.get(r.listing_id or 0) or ends.get(r.id, {}) for r in rows}


@app.tool
def show_reservation(world: World, reservation_id: Number) -> Row:
    """Show a reservation in full: a stay with its listing and policy, a journey with flights, passengers and bags.

    Args:
        reservation_id: The reservation's number.
    """
    reservation = reservation_of(world, me(world), reservation_id)
    shown = {**show_line(reservation, utc_now(world).date()), "made_utc": utc_text(reservation.made_at)}
    if reservation.kind == "stay":
        listing = listing_of(world, reservation.listing_id or 0)
        return {
            **shown,
            "title": listing.title,
            "city": listing.city,
            "host": host_of(world, listing).name,
            "check_in_from": f"{listing.check_in_from}:00",
            "check_out_by": f"{listing.check_out_by}:00",
            "policy": listing.policy,
            "guests": reservation.guests,
            "pets": reservation.pets,
            "version": reservation.version,
        }
    return {
        **shown,
        "flights": [show_flight_line(flight) for flight in flights_of(world, reservation)],
        "passengers": _passengers(world, reservation),
        "cabin": reservation.cabin,
        "fare": reservation.fare,
        "bags": reservation.bags,
        "insured": reservation.insured,
        "version": reservation.version,
    }


def _passengers(world: World, reservation: Reservation) -> list[Row]:
    """Who flies, and where they sit."""
    people = passengers_of(world, reservation)
    seats: dict[int | None, Row] = defaultdict(dict)
    for number, seat, flight in world.session.execute(SITTING, {"ids": [p.id for p in people]}):
        seats[number][flight] = seat
    return [{"passenger_id": p.id, "name": p.name, "seats": seats.get(p.id)} for p in people]


@app.tool
def list_payments(world: World, reservation_id: Number) -> Row:
    """List all money that moved for a reservation; refunds are negative.

    Args:
        reservation_id: The reservation's number.
    """
    reservation = reservation_of(world, me(world), reservation_id)
    rows = world.session.execute(PAYMENTS, {"id": reservation.id}).all()
    return {"currency": reservation.currency, "payments": [show_payment(row) for row in rows]}


@app.tool
def quote_refund(world: World, reservation_id: Number) -> Row:
    """Tell what would come back if a reservation were cancelled now, without cancelling it.

    Args:
        reservation_id: The reservation's number.
    """
    reservation = open_reservation(world, me(world), reservation_id)
    due = refund_due(world, reservation)
    return {"refund_cents": due, "paid_cents": reservation.total, "currency": reservation.currency}


@app.tool
def cancel_reservation(world: World, reservation_id: Number, version: Version = 0) -> Row:
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
    shown = {"refund_cents": due, "currency": reservation.currency}
    return {"reservation_id": reservation.id, "status": "cancelled", **shown}


def give_up_seats(world: World, reservation: Reservation) -> None:
    """Put the seats of a journey back on sale."""
    passengers = passengers_of(world, reservation)
    world.session.execute(STAND_UP, {"ids": [p.id for p in passengers]})
    for flight in flights_of(world, reservation):
        cabin = world.session.get_one(Cabin, (flight.id, reservation.cabin))
        cabin.seats += len(passengers)
        seats_freed(world, flight.id)


def _tell(world: World, user: User, reservation: Reservation, due: int) -> None:
    back = f"You get {spoken(due, reservation.currency)} back." if due else "Nothing is refunded."
    write(world, user, f"Reservation {reservation.id} is cancelled", back, reservation)
