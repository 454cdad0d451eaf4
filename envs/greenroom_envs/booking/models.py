"""The data model of booking, shared part: users, how they pay, what they reserved. Money is in integer cents."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

CURRENCY = "USD"
METHOD_KINDS = ("card", "gift_card", "certificate")
TIERS = ("regular", "silver", "gold")


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
    """Who is signed in. One row."""

    __tablename__ = "booking_login"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("booking_user.id"))
    expires_at: Mapped[datetime]


class PaymentMethod(Base):
    """A way to pay; `balance` is None for cards, which cover any amount."""

    __tablename__ = "booking_payment_method"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("booking_user.id"), index=True)
    kind: Mapped[str]
    label: Mapped[str]
    balance: Mapped[int | None]


class Reservation(Base):
    """A stay or a journey that somebody booked.

    Attributes:
        kind: `stay` or `flight`.
        status: `confirmed` or `cancelled`.
        total: What it cost, in cents.
        version: Counts the changes, so that nobody overwrites what they have not seen.
        listing_id: Of a stay, with `check_in`, `check_out` (a day) and `guests`.
        cabin: Of a journey, with `fare`, `bags` and `insured`.
    """

    __tablename__ = "booking_reservation"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("booking_user.id"), index=True)
    kind: Mapped[str]
    status: Mapped[str]
    made_at: Mapped[datetime]
    total: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    listing_id: Mapped[int | None] = mapped_column(ForeignKey("booking_listing.id"))
    check_in: Mapped[date | None]
    check_out: Mapped[date | None]
    guests: Mapped[int | None]
    cabin: Mapped[str | None]
    fare: Mapped[str | None]
    bags: Mapped[int] = mapped_column(default=0)
    insured: Mapped[bool] = mapped_column(default=False)


class Payment(Base):
    """Money that moved for a reservation; refunds are negative."""

    __tablename__ = "booking_payment"

    id: Mapped[int] = mapped_column(primary_key=True)
    reservation_id: Mapped[int] = mapped_column(ForeignKey("booking_reservation.id"), index=True)
    method_id: Mapped[int] = mapped_column(ForeignKey("booking_payment_method.id"))
    amount: Mapped[int]
    reason: Mapped[str]
    made_at: Mapped[datetime]


class Voucher(Base):
    """What a certificate's share of a refund becomes."""

    __tablename__ = "booking_voucher"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("booking_user.id"), index=True)
    amount: Mapped[int]
    reservation_id: Mapped[int] = mapped_column(ForeignKey("booking_reservation.id"))
    valid_until: Mapped[date]


class Escalation(Base):
    """A case handed to a human."""

    __tablename__ = "booking_escalation"

    id: Mapped[int] = mapped_column(primary_key=True)
    reservation_id: Mapped[int] = mapped_column(ForeignKey("booking_reservation.id"), unique=True)
    reason: Mapped[str]
    made_at: Mapped[datetime]


class Saved(Base):
    """A listing that a user keeps in mind."""

    __tablename__ = "booking_saved"

    user_id: Mapped[int] = mapped_column(ForeignKey("booking_user.id"), primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("booking_listing.id"), primary_key=True)


class Waiting(Base):
    """A user who wants to be told when nights of a listing become free."""

    __tablename__ = "booking_waitlist"
    __table_args__ = (Index("booking_waitlist_user", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("booking_user.id"))
    listing_id: Mapped[int] = mapped_column(ForeignKey("booking_listing.id"), index=True)
    check_in: Mapped[date]
    check_out: Mapped[date]
    told: Mapped[bool] = mapped_column(default=False)
