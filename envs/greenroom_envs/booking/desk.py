"""What several tools need: who is asking, whose reservation it is, what stands in the way."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field
from sqlalchemy import bindparam, select

from greenroom import Rate, Refusal, World
from greenroom_envs.booking.flights import FlightDate, Passenger, Segment
from greenroom_envs.booking.models import Login, Read, Reservation, User
from greenroom_envs.booking.policy import CALENDAR_DAYS, MOST_NIGHTS, refuse
from greenroom_envs.booking.stays import Block, Host, Listing, PriceRule

Number = Annotated[int, Field(ge=1, le=2**53)]
Page = Annotated[int, Field(ge=1, le=1_000)]
Guests = Annotated[int, Field(ge=1, le=30)]
Count = Annotated[int, Field(ge=0, le=20)]
Numbers = Annotated[list[Number], Field(max_length=6)]
Texts = Annotated[list[str], Field(max_length=6)]
Text = Annotated[str, Field(max_length=2_000)]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2099, 12, 31))]
Version = Annotated[int, Field(ge=0, le=2**53)]
Cents = Annotated[int, Field(ge=0, le=10**9)]
SEARCHES = Rate(60, timedelta(minutes=10))
CALENDAR = timedelta(days=CALENDAR_DAYS)

# Made once: building a statement costs as much as running it.
LOGIN = select(Login.expires_at, User).join(User, User.id == Login.user_id).where(Login.id == 1)
# Of what is only looked at, only the columns: a mapped object costs several times as much.
PRICE_RULE = (PriceRule.kind, PriceRule.percent, PriceRule.first_day, PriceRule.last_day, PriceRule.min_nights)
RULES_OF = select(*PRICE_RULE).where(PriceRule.listing_id == bindparam("id")).order_by(PriceRule.id)
TAKEN = (
    select(Block.id, Block.first_night, Block.end)
    .where(Block.listing_id == bindparam("id"), Block.end > bindparam("first"), Block.first_night < bindparam("end"))
    .order_by(Block.first_night)
)
FLIGHT_LINE = (
    FlightDate.id,
    FlightDate.number,
    FlightDate.day,
    FlightDate.origin,
    FlightDate.destination,
    FlightDate.departs_at,
    FlightDate.arrives_at,
    FlightDate.departs_local,
    FlightDate.arrives_local,
    FlightDate.status,
)
FLIGHTS = (
    select(*FLIGHT_LINE)
    .join(Segment, Segment.flight_date_id == FlightDate.id)
    .where(Segment.reservation_id == bindparam("id"))
    .order_by(Segment.position)
)
PASSENGERS = (
    select(Passenger.id, Passenger.name).where(Passenger.reservation_id == bindparam("id")).order_by(Passenger.id)
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


def require_nights(first: date, end: date, today: date) -> None:
    """Refuse what are no nights of a stay: begun already, or too many.

    Raises:
        Refusal: They are none.
    """
    if end <= first:
        raise Refusal("bad_nights", f"check_out {end} must be after check_in {first}.")
    if first < today:
        raise Refusal("in_the_past", f"check_in {first} has passed: today is {today}.")
    if (end - first).days > MOST_NIGHTS:
        raise Refusal("too_long", f"A stay is {MOST_NIGHTS} nights at most, not {(end - first).days}.")
    if (end - today).days > CALENDAR_DAYS:
        raise Refusal("too_far", f"Calendars are open for {CALENDAR_DAYS} days, until {today + CALENDAR}.")


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
        refuse("not_yours", f"Reservation {reservation_id} is somebody else's.")
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


def flights_of(world: World, reservation: Reservation) -> Sequence[Read]:
    """The flights of a journey, in order: their `FLIGHT_LINE`."""
    return world.session.execute(FLIGHTS, {"id": reservation.id}).all()


def passengers_of(world: World, reservation: Reservation) -> Sequence[Read]:
    """Who flies: number and name."""
    return world.session.execute(PASSENGERS, {"id": reservation.id}).all()


def rules_of(world: World, listing: Listing) -> Sequence[Read]:
    """The price rules of a listing."""
    return world.session.execute(RULES_OF, {"id": listing.id}).all()


def blocks_of(world: World, listing_id: int, first: date, end: date) -> Sequence[Read]:
    """The runs of nights that are not free between two days."""
    return world.session.execute(TAKEN, {"id": listing_id, "first": first, "end": end}).all()


def host_of(world: World, listing: Listing) -> Host:
    """Who lets a listing."""
    return world.session.get_one(Host, listing.host_id)


def in_minutes(minutes: int) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=minutes)
