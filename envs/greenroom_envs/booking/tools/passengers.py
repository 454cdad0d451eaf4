"""What passengers take along and where they sit."""

import re
from datetime import timedelta

from sqlalchemy import bindparam, select

from greenroom import Refusal, World
from greenroom_envs.booking.app import app
from greenroom_envs.booking.desk import (
    Count,
    Number,
    Numbers,
    Version,
    flights_of,
    me,
    open_reservation,
    passengers_of,
    utc_now,
)
from greenroom_envs.booking.flights import BUSINESS_ROWS, Passenger, Seat
from greenroom_envs.booking.models import Reservation
from greenroom_envs.booking.money import charge
from greenroom_envs.booking.policy import INSURANCE_FEE, INSURANCE_HOURS, refuse
from greenroom_envs.booking.pricing import price_bags
from greenroom_envs.booking.showing import Row
from greenroom_envs.booking.tools.flights import Name

SEAT_OF = select(Seat).where(Seat.flight_date_id == bindparam("flight"), Seat.passenger_id == bindparam("passenger"))
SEAT = re.compile(r"([1-9]|1[0-9]|20)([A-D])")


@app.tool
def set_bags(world: World, reservation_id: Number, bags: Count, method_ids: Numbers, version: Version = 0) -> Row:
    """Add checked bags to a journey.

    Args:
        reservation_id: The journey's reservation.
        bags: How many bags there shall be in all.
        method_ids: What pays for them; may be empty when they are free.
        version: The version of the reservation that was seen, to change no other.
    """
    user = me(world)
    reservation = open_reservation(world, user, reservation_id, "flight", version)
    if bags < reservation.bags:
        refuse("no_bags_back", f"Reservation {reservation.id} has {reservation.bags} bags.")
    if bags == reservation.bags:
        raise Refusal("nothing_to_do", f"Reservation {reservation.id} has {bags} bags already.")
    due = price_bags(reservation.bags, bags, user.tier)
    if due:
        charge(world, user, reservation, due, method_ids)
    reservation.bags, reservation.total = bags, reservation.total + due
    reservation.version += 1
    return {"reservation_id": reservation.id, "bags": bags, "paid_cents": due, "version": reservation.version}


@app.tool
def add_insurance(world: World, reservation_id: Number, method_ids: Numbers, version: Version = 0) -> Row:
    """Insure a journey within a day of booking it: all comes back when it is cancelled before departure.

    Args:
        reservation_id: The journey's reservation.
        method_ids: What pays for it.
        version: The version of the reservation that was seen, to change no other.
    """
    user = me(world)
    reservation = open_reservation(world, user, reservation_id, "flight", version)
    if reservation.insured:
        raise Refusal("already_insured", f"Reservation {reservation.id} is insured.")
    if utc_now(world) - reservation.made_at > timedelta(hours=INSURANCE_HOURS):
        refuse("late_insurance", f"Reservation {reservation.id} was made more than {INSURANCE_HOURS} hours ago.")
    due = INSURANCE_FEE * len(passengers_of(world, reservation))
    charge(world, user, reservation, due, method_ids)
    reservation.insured, reservation.total, reservation.version = True, reservation.total + due, reservation.version + 1
    return {"reservation_id": reservation.id, "paid_cents": due, "version": reservation.version}


@app.tool
def choose_seat(world: World, reservation_id: Number, passenger_id: Number, flight: Name, seat: Name) -> Row:
    """Choose a seat for a passenger on one flight of the journey.

    Args:
        reservation_id: The journey's reservation.
        passenger_id: Who sits there.
        flight: The flight's number.
        seat: Row and letter, such as 12C; rows 1 to 4 are business.
    """
    reservation = open_reservation(world, me(world), reservation_id, "flight")
    passenger = passenger_of(world, reservation, passenger_id)
    leg = next((f for f in flights_of(world, reservation) if f.number == flight.strip().upper()), None)
    if leg is None:
        raise Refusal("other_flight", f"Reservation {reservation.id} is not for flight '{flight}'.")
    place = _seat(seat, reservation.cabin or "")
    if world.session.get(Seat, (leg.id, place)) is not None:
        raise Refusal("seat_taken", f"Seat {place} of {leg.number} is taken; booking_show_seats has those taken.")
    old = world.session.scalars(SEAT_OF, {"flight": leg.id, "passenger": passenger.id}).one_or_none()
    if old is not None:
        world.session.delete(old)
        world.session.flush()
    world.session.add(Seat(flight_date_id=leg.id, seat=place, passenger_id=passenger.id))
    return {"flight": leg.number, "seat": place, "passenger": passenger.name}


def _seat(text: str, cabin: str) -> str:
    match = SEAT.fullmatch(text.strip().upper())
    if match is None:
        raise Refusal("no_such_seat", f"There is no seat '{text}'; one looks like 12C, rows 1 to 20, letters A to D.")
    if (int(match[1]) <= BUSINESS_ROWS) != (cabin == "business"):
        raise Refusal("other_cabin", f"Seat {match[0]} is not in {cabin}: rows 1 to {BUSINESS_ROWS} are business.")
    return match[0]


@app.tool
def correct_name(world: World, reservation_id: Number, passenger_id: Number, name: Name) -> Row:
    """Correct how a passenger's name is written; the passenger stays the same person.

    Args:
        reservation_id: The journey's reservation.
        passenger_id: Whose name it is.
        name: The right full name; its first or last name must be the one that was there.
    """
    reservation = open_reservation(world, me(world), reservation_id, "flight")
    passenger = passenger_of(world, reservation, passenger_id)
    old, new = passenger.name.split(), name.split()
    if len(new) < 2 or not {old[0], old[-1]} & {new[0], new[-1]}:
        refuse("same_person", f"'{name}' is not {passenger.name}.")
    if new == old:
        raise Refusal("nothing_to_do", f"The name is {passenger.name} already.")
    passenger.name = " ".join(new)
    return {"passenger_id": passenger.id, "name": passenger.name}


def passenger_of(world: World, reservation: Reservation, passenger_id: int) -> Passenger:
    """A passenger of a journey.

    Raises:
        Refusal: There is none of that number.
    """
    passenger = world.session.get(Passenger, passenger_id)
    if passenger is None or passenger.reservation_id != reservation.id:
        raise Refusal("no_such_passenger", f"Reservation {reservation.id} has no passenger {passenger_id}.")
    return passenger
