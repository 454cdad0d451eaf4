"""The data model of stays: hosts, listings, their calendars and prices, messages and reviews.

The nightly calendar is stored as exceptions: one row for each run of nights that are not free. 5,000 listings of
365 nights are 1.8 million nights, but about 190,000 runs; whether nights are free is one look into an index either
way, and a price is a formula of a few rules, so that a night which differs in nothing needs no row.
"""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from greenroom_envs.booking.models import Base

POLICIES = ("flexible", "moderate", "strict", "non-refundable")


class Host(Base):
    """Who lets; answers messages after some minutes."""

    __tablename__ = "booking_host"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    answers_after: Mapped[int]


class Listing(Base):
    """A place to stay.

    Attributes:
        currency: Of its prices.
        night: The plain price of a night, in cents.
        cleaning: The cleaning fee of a stay, in cents.
        min_nights: The shortest stay.
        policy: The cancellation policy.
        smoking: A house rule, as `pets`, `parties`, `quiet_from` (an hour, local time) and the two hours below.
        check_in_from: The hour from which guests come in, local time.
        check_out_by: The hour at which they leave.
        amenities: What there is, separated by commas.
        parking: What the host answers when asked about parking; `keys` and `transit` alike, none of them shown.
        rating: The mean of the stars of its reviews, in hundredths; 0 without any.
        reviews: How many there are.
    """

    __tablename__ = "booking_listing"
    __table_args__ = (Index("booking_listing_city", "city", "guests"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    host_id: Mapped[int] = mapped_column(ForeignKey("booking_host.id"))
    title: Mapped[str]
    city: Mapped[str]
    time_zone: Mapped[str]
    guests: Mapped[int]
    bedrooms: Mapped[int]
    beds: Mapped[int]
    amenities: Mapped[str]
    currency: Mapped[str]
    night: Mapped[int]
    cleaning: Mapped[int]
    min_nights: Mapped[int]
    policy: Mapped[str]
    pets: Mapped[bool]
    parties: Mapped[bool]
    smoking: Mapped[bool]
    quiet_from: Mapped[int]
    check_in_from: Mapped[int]
    check_out_by: Mapped[int]
    parking: Mapped[str]
    keys: Mapped[str]
    transit: Mapped[str]
    rating: Mapped[int]
    reviews: Mapped[int]
    host: Mapped[Host] = relationship()


class PriceRule(Base):
    """What changes a listing's price by some per cent.

    Attributes:
        kind: `season` (nights from `first_day` to `last_day`), `weekend` (Friday and Saturday nights), or `length`
            (the whole stay, from `min_nights` nights on).
        percent: Added; negative for a discount.
    """

    __tablename__ = "booking_price_rule"

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("booking_listing.id"), index=True)
    kind: Mapped[str]
    percent: Mapped[int]
    first_day: Mapped[date | None]
    last_day: Mapped[date | None]
    min_nights: Mapped[int | None]


class Block(Base):
    """Nights that are not free: from `first_night` up to, without, `end`.

    Attributes:
        reason: `booked`, `held`, or `closed` by the host.
        reservation_id: Which reservation, where it is one that the app knows in full.
        hold_id: Which hold.
    """

    __tablename__ = "booking_block"
    __table_args__ = (Index("booking_block_listing", "listing_id", "end"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("booking_listing.id"))
    first_night: Mapped[date]
    end: Mapped[date]
    reason: Mapped[str]
    reservation_id: Mapped[int | None] = mapped_column(ForeignKey("booking_reservation.id"), index=True)
    hold_id: Mapped[int | None] = mapped_column(ForeignKey("booking_hold.id"), index=True)


class Hold(Base):
    """Nights kept for a user for a while."""

    __tablename__ = "booking_hold"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("booking_user.id"), index=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("booking_listing.id"))
    check_in: Mapped[date]
    check_out: Mapped[date]
    expires_at: Mapped[datetime]


class HostMessage(Base):
    """A message between a user and the host of a listing."""

    __tablename__ = "booking_message"
    __table_args__ = (Index("booking_message_thread", "listing_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("booking_listing.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("booking_user.id"))
    by_host: Mapped[bool]
    text: Mapped[str]
    sent_at: Mapped[datetime]


class Review(Base):
    """What a guest thought of a stay."""

    __tablename__ = "booking_review"

    id: Mapped[int] = mapped_column(primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("booking_listing.id"), index=True)
    reservation_id: Mapped[int | None] = mapped_column(ForeignKey("booking_reservation.id"), unique=True)
    author: Mapped[str]
    stars: Mapped[int]
    text: Mapped[str]
    written_on: Mapped[date]
