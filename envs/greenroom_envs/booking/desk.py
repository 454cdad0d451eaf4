"""What several tools need: who is asking, whose reservation it is, how things are shown."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field
from sqlalchemy import bindparam, select

from greenroom import Refusal, World
from greenroom_envs.booking.flights import FlightDate, Passenger, Segment
from greenroom_envs.booking.models import Login, Payment, PaymentMethod, Reservation, User
from greenroom_envs.booking.policy import MOST_NIGHTS, refuse
from greenroom_envs.booking.stays import Block, Host, Listing, PriceRule

Row = dict[str, Any]
Number = Annotated[int, Field(ge=1, le=2**53)]
Page = Annotated[int, Field(ge=1, le=1_000)]
Guests = Annotated[int, Field(ge=1, le=30)]
Count = Annotated[int, Field(ge=0, le=20)]
Numbers = Annotated[list[Number], Field(max_length=6)]
Texts = Annotated[list[str], Field(max_length=6)]
PAGE = 5
YEARS = range(2000, 2100)

# Made once: building a statement costs as much as running it.
LOGIN = select(Login.expires_at, User).join(User, User.id == Login.user_id).where(Login.id == 1)
RULES_OF = select(PriceRule).where(PriceRule.listing_id == bindparam("id")).order_by(PriceRule.id)
TAKEN = (
    select(Block)
    .where(Block.listing_id == bindparam("id"), Block.end > bindparam("first"), Block.first_night < bindparam("end"))
    .order_by(Block.first_night)
)
FLIGHTS = (
    select(FlightDate)
    .join(Segment, Segment.flight_date_id == FlightDate.id)
    .where(Segment.reservation_id == bindparam("id"))
    .order_by(Segment.position)
)
PASSENGERS = select(Passenger).where(Passenger.reservation_id == bindparam("id")).order_by(Passenger.id)
PAYMENTS = (
    select(Payment, PaymentMethod.label)
    .join(PaymentMethod, PaymentMethod.id == Payment.method_id)
    .where(Payment.reservation_id == bindparam("id"))
    .order_by(Payment.id)
)


def utc_now(world: World) -> datetime:
    """The virtual time as it is stored: UTC without a zone, whole seconds."""
    return world.now.astimezone(UTC).replace(tzinfo=None, microsecond=0)


def local(moment: datetime, time_zone: str) -> datetime:
    """A stored moment as a clock on the wall of a place shows it."""
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(time_zone)).replace(tzinfo=None)


def today_at(world: World, time_zone: str) -> date:
    """Today's date in a place."""
    return local(utc_now(world), time_zone).date()


def me(world: World) -> User:
    """Who is signed in.

    Raises:
        Refusal: The session has expired.
    """
    expires, user = world.session.execute(LOGIN).one()
    if expires <= utc_now(world):
        raise Refusal("session_expired", "The session has expired: sign in again with booking_sign_in.")
    return user


def read_day(name: str, text: str) -> date:
    """A date as tools take it.

    Raises:
        Refusal: It is no date.
    """
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        day = date.min
    if day.year not in YEARS:
        raise Refusal("bad_date", f"'{name}' must be a date such as 2026-03-14, not '{text}'.")
    return day


def read_nights(check_in: str, check_out: str, today: date) -> tuple[date, date]:
    """The nights of a stay, not begun and not too many.

    Raises:
        Refusal: They are none.
    """
    first, end = read_day("check_in", check_in), read_day("check_out", check_out)
    if end <= first:
        raise Refusal("bad_nights", f"check_out {end} must be after check_in {first}.")
    if first < today:
        raise Refusal("in_the_past", f"check_in {first} has passed: today is {today}.")
    if (end - first).days > MOST_NIGHTS:
        raise Refusal("too_long", f"A stay is {MOST_NIGHTS} nights at most, not {(end - first).days}.")
    return first, end


def require_one_of(name: str, value: str, known: Sequence[str]) -> str:
    """The value as it is written in a list.

    Raises:
        Refusal: It is not in the list.
    """
    found = value.strip().lower()
    if found not in known:
        raise Refusal(f"bad_{name}", f"'{value}' is no {name}; there is: {', '.join(known)}.")
    return found


def require_text(**texts: str) -> None:
    """Refuse empty texts.

    Raises:
        Refusal: One is empty or blank; its name is quoted.
    """
    for name, text in texts.items():
        if not text.strip():
            raise Refusal("empty_text", f"'{name}' is empty: say what it should be.")


def listing_of(world: World, listing_id: int) -> Listing:
    """The listing of that number.

    Raises:
        Refusal: There is none.
    """
    listing = world.session.get(Listing, listing_id)
    if listing is None:
        raise Refusal("no_such_listing", f"There is no listing {listing_id}; use booking_search_stays.")
    return listing


def reservation_of(world: World, user: User, reservation_id: int, kind: str = "") -> Reservation:
    """One of a user's own reservations.

    Raises:
        Refusal: There is none, it is somebody else's, or of the other kind.
    """
    found = world.session.get(Reservation, reservation_id)
    if found is None:
        raise Refusal("no_such_reservation", f"There is no reservation {reservation_id}; list the reservations.")
    if found.user_id != user.id:
        raise Refusal("not_yours", f"Reservation {reservation_id} is somebody else's: nobody is told of it.")
    if kind and found.kind != kind:
        raise Refusal("wrong_kind", f"Reservation {reservation_id} is a {found.kind}, not a {kind}.")
    return found


def open_reservation(world: World, user: User, reservation_id: int, kind: str = "", version: int = 0) -> Reservation:
    """One of a user's own reservations that can still be changed.

    Raises:
        Refusal: As in `reservation_of`, or it was cancelled, has begun, or was changed since it was seen.
    """
    found = reservation_of(world, user, reservation_id, kind)
    if found.status == "cancelled":
        raise Refusal("already_cancelled", f"Reservation {found.id} was cancelled before.")
    if begun(world, found):
        refuse("already_begun", f"Reservation {found.id} has begun or ended.")
    if version and version != found.version:
        raise Refusal("changed_meanwhile", f"Reservation {found.id} is at version {found.version}: look again.")
    return found


def begun(world: World, reservation: Reservation) -> bool:
    """Whether its first night has come or its first flight has left."""
    if reservation.kind == "stay":
        zone = world.session.get_one(Listing, reservation.listing_id).time_zone
        return reservation.check_in is not None and reservation.check_in <= today_at(world, zone)
    flights = flights_of(world, reservation)
    return bool(flights) and flights[0].departs_at <= utc_now(world) and flights[0].status != "cancelled"


def flights_of(world: World, reservation: Reservation) -> Sequence[FlightDate]:
    """The flights of a journey, in order."""
    return world.session.scalars(FLIGHTS, {"id": reservation.id}).all()


def passengers_of(world: World, reservation: Reservation) -> Sequence[Passenger]:
    """Who flies."""
    return world.session.scalars(PASSENGERS, {"id": reservation.id}).all()


def rules_of(world: World, listing: Listing) -> Sequence[PriceRule]:
    """The price rules of a listing."""
    return world.session.scalars(RULES_OF, {"id": listing.id}).all()


def blocks_of(world: World, listing: Listing, first: date, end: date) -> Sequence[Block]:
    """The runs of nights that are not free between two days."""
    return world.session.scalars(TAKEN, {"id": listing.id, "first": first, "end": end}).all()


def shown_payments(world: World, reservation: Reservation) -> list[Row]:
    """All money that moved for a reservation."""
    rows = world.session.execute(PAYMENTS, {"id": reservation.id}).all()
    return [
        {"method_id": p.method_id, "label": label, "amount_cents": p.amount, "reason": p.reason, "on": p.made_at.date()}
        for p, label in rows
    ]


def show_flight_line(flight: FlightDate) -> Row:
    """A flight-date as lists show it: moments in UTC, the day as it is at the place of departure."""
    return {
        "flight": flight.number,
        "day": flight.day,
        "from": flight.origin,
        "to": flight.destination,
        "departs_utc": f"{flight.departs_at:%Y-%m-%d %H:%M}",
        "arrives_utc": f"{flight.arrives_at:%Y-%m-%d %H:%M}",
        "status": flight.status,
    }


def show_line(reservation: Reservation) -> Row:
    """A reservation as lists show it."""
    return {
        "reservation_id": reservation.id,
        "kind": reservation.kind,
        "status": reservation.status,
        "listing_id": reservation.listing_id,
        "check_in": reservation.check_in,
        "check_out": reservation.check_out,
        "total_cents": reservation.total,
    }


def show_listing_line(listing: Listing) -> Row:
    """A listing as lists show it."""
    return {
        "listing_id": listing.id,
        "title": listing.title,
        "city": listing.city,
        "guests": listing.guests,
        "pets": listing.pets,
        "min_nights": listing.min_nights,
        "policy": listing.policy,
        "stars": listing.rating / 10 if listing.rating else None,
    }


def host_of(world: World, listing: Listing) -> Host:
    """Who lets a listing."""
    return world.session.get_one(Host, listing.host_id)


def page_of(rows: Sequence[Any], page: int) -> Row:
    """One page of a list that is at hand in full."""
    out: Row = {"results": list(rows[(page - 1) * PAGE : page * PAGE])}
    if len(rows) > page * PAGE:
        out["next_page"] = page + 1
    return out


def in_minutes(minutes: int) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=minutes)
