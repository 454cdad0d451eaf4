"""The data model of flights: airports, flight-dates with an inventory for each cabin, passengers and their seats."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from greenroom_envs.booking.models import Base

CABINS = ("economy", "business")
FARES = ("basic", "standard")
STATUSES = ("scheduled", "delayed", "cancelled")
CAPACITY = {"economy": 64, "business": 16}
LETTERS = "ABCD"
BUSINESS_ROWS = 4
ROWS = 20


class Airport(Base):
    """Where flights begin and end."""

    __tablename__ = "booking_airport"

    code: Mapped[str] = mapped_column(primary_key=True)
    city: Mapped[str] = mapped_column(index=True)
    time_zone: Mapped[str]


class FlightDate(Base):
    """One flight on one day.

    Attributes:
        day: The day of departure, as it is at the origin.
        departs_at: In UTC, as is `arrives_at`.
        departs_local: As a clock at the origin shows it.
        arrives_local: As a clock at the destination shows it.
        status: `scheduled`, `delayed` or `cancelled`.
    """

    __tablename__ = "booking_flight_date"
    __table_args__ = (
        UniqueConstraint("number", "day"),
        Index("booking_flight_date_route", "origin", "day", "destination"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str]
    day: Mapped[date]
    origin: Mapped[str] = mapped_column(ForeignKey("booking_airport.code"))
    destination: Mapped[str] = mapped_column(ForeignKey("booking_airport.code"))
    departs_at: Mapped[datetime]
    arrives_at: Mapped[datetime]
    departs_local: Mapped[datetime]
    arrives_local: Mapped[datetime]
    status: Mapped[str]


class Cabin(Base):
    """What is for sale in one cabin of a flight-date; the price is that of a basic fare, in cents."""

    __tablename__ = "booking_cabin"

    flight_date_id: Mapped[int] = mapped_column(ForeignKey("booking_flight_date.id"), primary_key=True)
    cabin: Mapped[str] = mapped_column(primary_key=True)
    price: Mapped[int]
    seats: Mapped[int]


class Segment(Base):
    """One flight-date of a reservation."""

    __tablename__ = "booking_segment"

    reservation_id: Mapped[int] = mapped_column(ForeignKey("booking_reservation.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    flight_date_id: Mapped[int] = mapped_column(ForeignKey("booking_flight_date.id"), index=True)


class Passenger(Base):
    """Somebody who flies with a reservation."""

    __tablename__ = "booking_passenger"

    id: Mapped[int] = mapped_column(primary_key=True)
    reservation_id: Mapped[int] = mapped_column(ForeignKey("booking_reservation.id"), index=True)
    name: Mapped[str]


class Seat(Base):
    """A seat that was chosen on a flight-date: by a passenger of a reservation, or by somebody unknown to the app."""

    __tablename__ = "booking_seat"
    __table_args__ = (UniqueConstraint("flight_date_id", "passenger_id"),)

    flight_date_id: Mapped[int] = mapped_column(ForeignKey("booking_flight_date.id"), primary_key=True)
    seat: Mapped[str] = mapped_column(primary_key=True)
    passenger_id: Mapped[int | None] = mapped_column(ForeignKey("booking_passenger.id"), index=True)
