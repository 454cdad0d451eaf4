"""The data model of booking, shared part: users, how they pay, what they reserved.

Money is in integer cents of a currency: a listing's is that of its country, all else is in dollars.
"""

from datetime import date, datetime
from typing import Any, TypeAlias

from sqlalchemy import ForeignKey, Index, Row
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SYMBOLS = {"USD": "$", "GBP": "£"}
HOME = "USD"
"""The currency of flights, gift cards and certificates."""
METHOD_KINDS = ("card", "gift_card", "certificate")
TIERS = ("regular", "silver", "gold")
Read: TypeAlias = Row[*tuple[Any, ...]]
"""Columns as a statement read them, by name: what is only looked at needs no mapped object, which costs more."""


class Base(DeclarativeBase):
    """The declarative base of booking's tables."""


class User(Base):
    """Somebody with an account; number 1 is whom the agent works for."""

    __tablename__ = "booking_user"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str] = mapped_column(unique=True)
    pin: Mapped[str]
    tier: Mapped[str]


class Login(Base):
    """Who is signed in. One row.

    Attributes:
        user_id: Who.
        expires_at: Until when.
        failures: Wrong pins since the last right one.
        locked_until: After too many of them nobody signs in before this.
    """

    __tablename__ = "booking_login"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("booking_user.id"))
    expires_at: Mapped[datetime]
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]


class PaymentMethod(Base):
    """A way to pay. Cards cover any amount in any currency, and have neither `balance` nor `currency`."""

    __tablename__ = "booking_payment_method"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("booking_user.id"), index=True)
    kind: Mapped[str]
    label: Mapped[str]
    balance: Mapped[int | None]
    currency: Mapped[str | None]
    removed: Mapped[bool] = mapped_column(default=False)


class Reservation(Base):
    """A stay or a journey that somebody booked.

    Attributes:
        kind: `stay` or `flight`.
        status: `confirmed` or `cancelled`.
        total: What it cost, in cents of `currency`.
        version: Counts the changes, so that nobody overwrites what they have not seen.
        listing_id: Of a stay, with `check_in`, `check_out` (a day), `guests` and `pets`.
        cabin: Of a journey, with `fare`, `bags` and `insured`.
    """

    __tablename__ = "booking_reservation"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("booking_user.id"), index=True)
    kind: Mapped[str]
    status: Mapped[str]
    made_at: Mapped[datetime]
    total: Mapped[int]
    currency: Mapped[str] = mapped_column(default=HOME)
    version: Mapped[int] = mapped_column(default=1)
    listing_id: Mapped[int | None] = mapped_column(ForeignKey("booking_listing.id"))
    check_in: Mapped[date | None]
    check_out: Mapped[date | None]
    guests: Mapped[int | None]
    pets: Mapped[bool] = mapped_column(default=False)
    cabin: Mapped[str | None]
    fare: Mapped[str | None]
    bags: Mapped[int] = mapped_column(default=0)
    insured: Mapped[bool] = mapped_column(default=False)


class Payment(Base):
    """Money that moved for a reservation, in its currency; refunds are negative."""

    __tablename__ = "booking_payment"

    id: Mapped[int] = mapped_column(primary_key=True)
    reservation_id: Mapped[int] = mapped_column(ForeignKey("booking_reservation.id"), index=True)
    method_id: Mapped[int] = mapped_column(ForeignKey("booking_payment_method.id"))
    amount: Mapped[int]
    reason: Mapped[str]
    made_at: Mapped[datetime]


class Voucher(Base):
    """What a certificate's share of a refund becomes; redeemed, it is a gift card."""

    __tablename__ = "booking_voucher"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("booking_user.id"), index=True)
    amount: Mapped[int]
    reservation_id: Mapped[int] = mapped_column(ForeignKey("booking_reservation.id"))
    currency: Mapped[str] = mapped_column(default=HOME)
    valid_until: Mapped[date]
    redeemed: Mapped[bool] = mapped_column(default=False)


class Escalation(Base):
    """A case handed to a human, who answers within some hours."""

    __tablename__ = "booking_escalation"

    id: Mapped[int] = mapped_column(primary_key=True)
    reservation_id: Mapped[int] = mapped_column(ForeignKey("booking_reservation.id"), unique=True)
    reason: Mapped[str]
    made_at: Mapped[datetime]
    answer: Mapped[str | None]


class Saved(Base):
    """A listing that a user keeps in mind."""

    __tablename__ = "booking_saved"

    user_id: Mapped[int] = mapped_column(ForeignKey("booking_user.id"), primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("booking_listing.id"), primary_key=True)


class Waiting(Base):
    """A user who wants to be told when nights of a listing, or seats of a flight-date, become free.

    Attributes:
        listing_id: For nights, with `check_in` and `check_out`.
        flight_date_id: For seats, with `cabin` and `seats`.
        told: Whether that has happened.
    """

    __tablename__ = "booking_waitlist"
    __table_args__ = (Index("booking_waitlist_user", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("booking_user.id"))
    listing_id: Mapped[int | None] = mapped_column(ForeignKey("booking_listing.id"), index=True)
    check_in: Mapped[date | None]
    check_out: Mapped[date | None]
    flight_date_id: Mapped[int | None] = mapped_column(ForeignKey("booking_flight_date.id"), index=True)
    cabin: Mapped[str | None]
    seats: Mapped[int | None]
    told: Mapped[bool] = mapped_column(default=False)
