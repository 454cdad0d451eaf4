"""Finding flights."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field
from sqlalchemy import ScalarSelect, and_, bindparam, or_, select
from sqlalchemy.orm import aliased

from greenroom import Refusal, World
from greenroom_envs.booking.app import app
from greenroom_envs.booking.desk import FLIGHT_LINE, SEARCHES, Day, Page, in_minutes, me, require_text, utc_now
from greenroom_envs.booking.flights import BUSINESS_ROWS, LETTERS, ROWS, Airport, Cabin, FlightDate, Seat
from greenroom_envs.booking.models import HOME, Read
from greenroom_envs.booking.policy import MOST_PASSENGERS
from greenroom_envs.booking.showing import Row, page_of, show_flight_line

MOST = 50
CHANGE_MINUTES = (45, 360)
ONE_DAY = in_minutes(1440)
NONE_DIRECT = "No direct flight with seats that day: try another day, or booking_search_connections."
NONE_WITH_A_STOP = "No way with one stop and seats that day: try another day, or booking_search_flights."
CabinName = Literal["economy", "business"]
People = Annotated[int, Field(ge=1, le=MOST_PASSENGERS)]
Name = Annotated[str, Field(max_length=100)]

First, Second = aliased(FlightDate), aliased(FlightDate)
FirstCabin, SecondCabin = aliased(Cabin), aliased(Cabin)
DIRECT = (
    select(*FLIGHT_LINE, Cabin.price, Cabin.seats)
    .join(Cabin, and_(Cabin.flight_date_id == FlightDate.id, Cabin.cabin == bindparam("cabin")))
    .where(
        FlightDate.origin == bindparam("origin"),
        FlightDate.destination == bindparam("destination"),
        FlightDate.day == bindparam("day"),
        FlightDate.status != "cancelled",
        FlightDate.departs_at > bindparam("now"),
        Cabin.seats >= bindparam("passengers"),
    )
    .order_by(Cabin.price, FlightDate.id)
    .limit(MOST)
)
ONE_STOP = (
    select(First.id, Second.id, FirstCabin.price + SecondCabin.price, Second.departs_at, First.arrives_at)
    .join(FirstCabin, and_(FirstCabin.flight_date_id == First.id, FirstCabin.cabin == bindparam("cabin")))
    .join(
        Second,
        and_(
            Second.origin == First.destination,
            Second.destination == bindparam("destination"),
            or_(Second.day == bindparam("day"), Second.day == bindparam("next")),
        ),
    )
    .join(SecondCabin, and_(SecondCabin.flight_date_id == Second.id, SecondCabin.cabin == bindparam("cabin")))
    .where(
        First.origin == bindparam("origin"),
        First.day == bindparam("day"),
        First.status != "cancelled",
        Second.status != "cancelled",
        First.departs_at > bindparam("now"),
        Second.departs_at > First.arrives_at,
        FirstCabin.seats >= bindparam("passengers"),
        SecondCabin.seats >= bindparam("passengers"),
    )
    .order_by(First.id, Second.id)
    .limit(200)
)
BY_NUMBER = select(FlightDate).where(FlightDate.number == bindparam("number"), FlightDate.day == bindparam("day"))

FLOWN = select(*FLIGHT_LINE).where(FlightDate.id.in_(bindparam("ids", expanding=True)))
CABINS_OF = (
    select(Cabin.cabin, Cabin.price, Cabin.seats)
    .where(Cabin.flight_date_id == bindparam("flight"))
    .order_by(Cabin.cabin)
)
TAKEN = select(Seat.seat).where(Seat.flight_date_id == bindparam("flight")).order_by(Seat.seat)


def _named(code: str, city: str) -> ScalarSelect[str]:
    """The airport whose code or city is a value of the statement."""
    named = select(Airport.code).where(or_(Airport.code == bindparam(code), Airport.city == bindparam(city)))
    return named.order_by(Airport.code).limit(1).scalar_subquery()


# Both ends of a journey: one read.
ROUTE = select(_named("from_code", "from_city"), _named("to_code", "to_city"))


def flight_of(world: World, number: str, day: date) -> FlightDate:
    """The flight-date of that number and day.

    Raises:
        Refusal: There is none.
    """
    flight = world.session.scalars(BY_NUMBER, {"number": number.strip().upper(), "day": day}).one_or_none()
    if flight is None:
        raise Refusal("no_such_flight", f"There is no flight '{number}' on {day}; use booking_search_flights.")
    return flight


def route_of(world: World, origin: str, destination: str) -> tuple[str, str]:
    """The codes that codes or names of cities mean.

    Raises:
        Refusal: There is no such airport.
    """
    start, end = origin.strip(), destination.strip()
    names = {"from_code": start.upper(), "from_city": start.title(), "to_code": end.upper(), "to_city": end.title()}
    from_code, to_code = world.session.execute(ROUTE, names).one()
    return _found(origin, from_code), _found(destination, to_code)


def _found(name: str, code: str | None) -> str:
    if code is None:
        raise Refusal("no_such_airport", f"There is no airport '{name}'; use booking_search_airports.")
    return code


@app.tool
def search_airports(world: World, query: Name) -> Row:
    """Find airports by code or by the beginning of the city's name.

    Args:
        query: Such as a code of three letters, or a city.
    """
    me(world)
    require_text(query=query)
    starts = Airport.city.startswith(query.strip().title(), autoescape=True)
    found = select(Airport).where(or_(Airport.code == query.strip().upper(), starts)).order_by(Airport.code).limit(10)
    airports = world.session.scalars(found).all()
    return {"airports": [{"code": a.code, "city": a.city, "time_zone": a.time_zone} for a in airports]}


@app.tool(at_most=SEARCHES)
def search_flights(
    world: World,
    origin: Name,
    destination: Name,
    day: Day,
    passengers: People = 1,
    cabin: CabinName = "economy",
    page: Page = 1,
) -> Row:
    """Search direct flights with seats left, cheapest first, five a page; prices are of a basic fare a passenger.

    Args:
        origin: Code or city.
        destination: Code or city.
        day: The day of departure, such as 2026-03-14.
        passengers: How many fly.
        cabin: economy or business.
        page: Which page.
    """
    me(world)
    values = _values(world, origin, destination, day, passengers, cabin)
    found = world.session.execute(DIRECT, values).all()
    note = {} if found else {"note": NONE_DIRECT}
    return {"currency": HOME, **page_of(found, page, _show_direct), **note}


def _show_direct(flight: Read) -> Row:
    return {**show_flight_line(flight), "price_cents": flight.price, "seats": flight.seats}


@app.tool(at_most=SEARCHES)
def search_connections(
    world: World,
    origin: Name,
    destination: Name,
    day: Day,
    passengers: People = 1,
    cabin: CabinName = "economy",
    page: Page = 1,
) -> Row:
    """Search journeys with one stop of 45 minutes to 6 hours, cheapest first, five a page.

    Args:
        origin: Code or city.
        destination: Code or city.
        day: The day of departure, such as 2026-03-14.
        passengers: How many fly.
        cabin: economy or business.
        page: Which page.
    """
    me(world)
    values = _values(world, origin, destination, day, passengers, cabin)
    low, high = map(in_minutes, CHANGE_MINUTES)
    found = sorted(
        (price, first, second)
        for first, second, price, departs, arrives in world.session.execute(ONE_STOP, values).all()
        if low <= departs - arrives <= high
    )
    note = {} if found else {"note": NONE_WITH_A_STOP}
    shown = page_of(found, page, lambda way: {"flights": list(way[1:]), "price_cents": way[0]})
    _put_flights(world, shown["results"])
    return {"currency": HOME, **shown, **note}


def _put_flights(world: World, ways: list[Row]) -> None:
    """Put what is shown of flights in the place of their numbers."""
    numbers = {number for way in ways for number in way["flights"]}
    flown = {f.id: f for f in world.session.execute(FLOWN, {"ids": sorted(numbers)})} if numbers else {}
    for way in ways:
        way["flights"] = [show_flight_line(flown[number]) for number in way["flights"]]


def _values(world: World, origin: str, destination: str, day: date, passengers: int, cabin: str) -> Row:
    (start, end), yesterday = route_of(world, origin, destination), utc_now(world).date() - ONE_DAY
    if start == end:
        raise Refusal("same_place", f"'{origin}' and '{destination}' are one airport, {start}: nothing flies there.")
    if day < yesterday:
        raise Refusal("in_the_past", f"{day} has passed: today is {utc_now(world).date()}.")
    return {
        "origin": start,
        "destination": end,
        "day": day,
        "next": day + ONE_DAY,
        "passengers": passengers,
        "cabin": cabin,
        "now": utc_now(world),
    }


@app.tool
def show_flight(world: World, flight: Name, day: Day) -> Row:
    """Show a flight on a day: its status, and basic fare and seats left in each cabin.

    Args:
        flight: The flight's number.
        day: The day of departure, such as 2026-03-14.
    """
    me(world)
    found = flight_of(world, flight, day)
    cabins = world.session.execute(CABINS_OF, {"flight": found.id}).all()
    shown = [{"cabin": c.cabin, "price_cents": c.price, "seats": c.seats} for c in cabins]
    return {**show_flight_line(found), "currency": HOME, "cabins": shown}


@app.tool
def show_seats(world: World, flight: Name, day: Day) -> Row:
    """Show which seats of a flight are taken; rows are 1 to 20, letters A to D, rows 1 to 4 business.

    Args:
        flight: The flight's number.
        day: The day of departure, such as 2026-03-14.
    """
    me(world)
    found = flight_of(world, flight, day)
    taken = world.session.scalars(TAKEN, {"flight": found.id}).all()
    plan = {"rows": ROWS, "letters": LETTERS, "business_rows": BUSINESS_ROWS}
    return {"flight": found.number, "taken": list(taken), **plan}
