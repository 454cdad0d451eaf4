"""Booking flights and moving to others."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy import bindparam, delete, select

from greenroom import Refusal, World
from greenroom_envs.booking.app import app
from greenroom_envs.booking.desk import (
    Cents,
    Count,
    Day,
    Number,
    Numbers,
    Version,
    flights_of,
    me,
    open_reservation,
    passengers_of,
    utc_now,
)
from greenroom_envs.booking.flights import Cabin, FlightDate, Passenger, Segment
from greenroom_envs.booking.models import HOME, Reservation
from greenroom_envs.booking.money import charge, give_back, require_total, write
from greenroom_envs.booking.policy import MOST_PASSENGERS, refuse
from greenroom_envs.booking.pricing import price_journey, spoken
from greenroom_envs.booking.showing import Row
from greenroom_envs.booking.tools.flights import CHANGE_MINUTES, CabinName, Name, flight_of
from greenroom_envs.booking.tools.reservations import give_up_seats

Some = Annotated[list[Name], Field(max_length=2)]
Names = Annotated[list[Name], Field(max_length=MOST_PASSENGERS)]
Fare = Literal["basic", "standard"]
# No leg is ever read as an object where this runs: the session need not look for them.
DROP_LEGS = (
    delete(Segment)
    .where(Segment.reservation_id == bindparam("reservation"))
    .execution_options(synchronize_session=False)
)
LATER = (
    select(FlightDate)
    .where(FlightDate.number == bindparam("number"), FlightDate.departs_at > bindparam("arrives"))
    .order_by(FlightDate.departs_at)
    .limit(1)
)


@app.tool
def book_flight(
    world: World,
    flights: Some,
    day: Day,
    passengers: Names,
    method_ids: Numbers,
    cabin: CabinName = "economy",
    fare: Fare = "basic",
    bags: Count = 0,
    insurance: bool = False,
    expected_total_cents: Cents = 0,
) -> Row:
    """Book a direct flight, or two flights with a stop between.

    Args:
        flights: The numbers of one or two flights, in order.
        day: The day on which the first departs, such as 2026-03-14.
        passengers: The full names of all who fly.
        method_ids: Payment methods in the order in which they pay; the last covers the rest.
        cabin: economy or business.
        fare: basic or standard.
        bags: How many checked bags in all.
        insurance: Whether to insure the journey.
        expected_total_cents: What the user agreed to pay; another price is refused. 0 takes any.
    """
    user = me(world)
    legs = legs_of(world, flights, day)
    names = [name.strip() for name in passengers]
    if not names or len(set(names)) < len(names) or any(len(name.split()) < 2 for name in names):
        raise Refusal("bad_passengers", f"Give the different full names of all who fly, not {passengers}.")
    prices = [take_seats(world, leg, cabin, len(names)) for leg in legs]
    total = price_journey(prices, fare, len(names), bags, insurance, user.tier)
    require_total(total, expected_total_cents, HOME)
    reservation = Reservation(
        user_id=user.id,
        kind="flight",
        status="confirmed",
        made_at=utc_now(world),
        total=total,
        cabin=cabin,
        fare=fare,
        bags=bags,
        insured=insurance,
    )
    world.session.add(reservation)
    world.session.flush()
    put_legs(world, reservation, legs)
    world.session.add_all(Passenger(reservation_id=reservation.id, name=name) for name in names)
    charge(world, user, reservation, total, method_ids)
    body = f"{way_of(legs)}. You paid {spoken(total)}."
    write(world, user, f"Reservation {reservation.id} is confirmed", body, reservation)
    return {"reservation_id": reservation.id, "status": "confirmed", "total_cents": total, "currency": HOME}


@app.tool
def change_flight(
    world: World, reservation_id: Number, flights: Some, day: Day, method_ids: Numbers, version: Version = 0
) -> Row:
    """Move a journey to other flights between the same places; the difference is paid or refunded.

    A basic fare moves only when the airline cancelled a flight of it, and then nothing is paid or refunded.

    Args:
        reservation_id: The journey's reservation.
        flights: The numbers of one or two new flights, in order.
        day: The day on which the first departs.
        method_ids: What pays when the new flights cost more; may be empty otherwise.
        version: The version of the reservation that was seen, to change no other.
    """
    user = me(world)
    reservation = open_reservation(world, user, reservation_id, "flight", version)
    old = flights_of(world, reservation)
    free = any(flight.status == "cancelled" for flight in old)
    if reservation.fare == "basic" and not free:
        refuse("basic_fare", f"Reservation {reservation.id} is of a basic fare.")
    legs = legs_of(world, flights, day)
    if [f.id for f in old] == [f.id for f in legs]:
        raise Refusal("same_flight", f"Reservation {reservation.id} is for these flights already.")
    if (old[0].origin, old[-1].destination) != (legs[0].origin, legs[-1].destination):
        raise Refusal("other_route", f"Reservation {reservation.id} goes {old[0].origin} to {old[-1].destination}.")
    count, cabin = len(passengers_of(world, reservation)), reservation.cabin or ""
    give_up_seats(world, reservation)
    prices = [take_seats(world, leg, cabin, count) for leg in legs]
    world.session.execute(DROP_LEGS, {"reservation": reservation.id})
    put_legs(world, reservation, legs)
    total = reservation.total
    if not free:
        total = price_journey(prices, "standard", count, reservation.bags, reservation.insured, user.tier)
    if total > reservation.total:
        charge(world, user, reservation, total - reservation.total, method_ids)
    elif total < reservation.total:
        give_back(world, user, reservation, reservation.total - total)
    reservation.total, reservation.version = total, reservation.version + 1
    body = f"{way_of(legs)}. The total is {spoken(total)}."
    write(world, user, f"Reservation {reservation.id} has moved", body, reservation)
    return {
        "reservation_id": reservation.id,
        "total_cents": total,
        "currency": reservation.currency,
        "version": reservation.version,
    }


def way_of(legs: Sequence[FlightDate]) -> str:
    """A journey in words."""
    return ", ".join(f"{leg.number} {leg.origin} to {leg.destination} on {leg.day}" for leg in legs)


def legs_of(world: World, flights: list[str], day: date) -> list[FlightDate]:
    """The flight-dates of a journey: the second leaves within the time for a change, maybe on the next day.

    Raises:
        Refusal: They are no journey, or one of them cannot be booked.
    """
    if not flights:
        raise Refusal("no_flights", "'flights' is empty: give one or two flight numbers.")
    legs = [flight_of(world, flights[0], day)]
    if len(flights) > 1:
        legs.append(_connection(world, legs[0], flights[1]))
    for leg in legs:
        if leg.status == "cancelled" or leg.departs_at <= utc_now(world):
            raise Refusal("not_flying", f"Flight {leg.number} on {leg.day} was cancelled or has left.")
    return legs


def _connection(world: World, first: FlightDate, number: str) -> FlightDate:
    after = {"number": number.strip().upper(), "arrives": first.arrives_at}
    second = world.session.scalars(LATER, after).one_or_none()
    change = (second.departs_at - first.arrives_at).total_seconds() / 60 if second else 0
    if second is None or second.origin != first.destination or not CHANGE_MINUTES[0] <= change <= CHANGE_MINUTES[1]:
        raise Refusal("no_connection", f"'{number}' does not go on from {first.destination} in 45 minutes to 6 hours.")
    return second


def take_seats(world: World, flight: FlightDate, cabin: str, count: int) -> int:
    """Take seats off sale; returns the price of one.

    Raises:
        Refusal: Too few are left.
    """
    found = world.session.get(Cabin, (flight.id, cabin))
    left = found.seats if found else 0
    if found is None or left < count:
        raise Refusal("sold_out", f"Flight {flight.number} on {flight.day} has {left} seats left in {cabin}.")
    found.seats -= count
    return found.price


def put_legs(world: World, reservation: Reservation, legs: list[FlightDate]) -> None:
    """Write down which flights a journey is made of."""
    for position, leg in enumerate(legs, start=1):
        world.session.add(Segment(reservation_id=reservation.id, position=position, flight_date_id=leg.id))
