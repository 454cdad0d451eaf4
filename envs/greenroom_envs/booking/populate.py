"""Fills a world: users of the cast, listings whose calendars fill up by season, flights whose prices do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from greenroom import Size, Split, World, names
from greenroom.cast import TIME_ZONES, Person, people
from greenroom_envs.booking import flights, models, stays
from greenroom_envs.booking.app import app
from greenroom_envs.booking.desk import utc_now
from greenroom_envs.booking.events import BUYING_EVERY
from greenroom_envs.booking.tools.account import SESSION

CHUNK = 5_000
DAYS = 365
PLACES = ("Loft", "Cottage", "Cabin", "Flat", "House", "Studio", "Villa", "Barn")
GUESTS = (1, 2, 2, 2, 3, 4, 4, 5, 6, 8)
POLICY_SHARES = ("flexible", "flexible", "moderate", "moderate", "strict", "non-refundable")
PARKING = (
    "Parking is free at the house.",
    "There is a garage around the corner, $15 a night.",
    "There is no parking nearby, take the bus.",
)
REMARKS = {
    5: ("Wonderful stay.", "We would come again at once.", "Spotless, and a kind host."),
    4: ("Very nice, a little noisy.", "Good place, small kitchen.", "All as described."),
    3: ("Fine for a night.", "The bed was hard.", "Not as big as it looks."),
    2: ("It was cold.", "Hard to find, and dusty."),
}
MONTHS = (70, 75, 85, 95, 105, 120, 140, 140, 110, 95, 80, 115)
"""How prices and demand follow the year, in per cent."""


@dataclass(frozen=True)
class Shape:
    """How much a world holds; `flight_dates` is reached by routes flown once a day for `days` days."""

    users: int
    cities: int
    listings: int
    flight_dates: int
    days: int


SHAPES = {
    Size.SMALL: Shape(users=20, cities=8, listings=60, flight_dates=400, days=20),
    Size.MEDIUM: Shape(users=300, cities=30, listings=800, flight_dates=4_000, days=50),
    Size.LARGE: Shape(users=3_000, cities=100, listings=5_000, flight_dates=20_000, days=100),
}


@app.populate
def populate(world: World, size: Size, split: Split) -> None:
    """Fill an empty world."""
    shape, rng, now = SHAPES[size], world.random, utc_now(world)
    everybody = people(world.session)
    _insert_users(world, everybody[: shape.users], now)
    cities = _cities(rng, split, shape.cities)
    hosts = _insert_hosts(world, everybody[len(everybody) // 2 :])
    listings = list(_listings(rng, split, shape.listings, list(cities), hosts))
    _bulk(world, stays.Listing, listings)
    _bulk(world, stays.PriceRule, list(_rules(rng, listings, now.date())))
    _bulk(world, stays.Block, list(_blocks(rng, listings, now.date())))
    _bulk(world, stays.Review, list(_reviews(rng, split, listings, now.date())))
    _insert_flights(world, shape, cities)
    _insert_history(world, everybody[: shape.users], listings, now)
    world.schedule("booking.others_buy", {}, after=BUYING_EVERY)


def _bulk(world: World, model: type[models.Base], rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), CHUNK):
        world.session.execute(insert(model.__table__), rows[start : start + CHUNK])  # pyright: ignore[reportArgumentType]


def _insert_users(world: World, persons: Sequence[Person], now: datetime) -> None:
    rng = world.random
    users = [_user(rng, person) for person in persons]
    _bulk(world, models.User, users)
    _bulk(world, models.Login, [{"id": 1, "user_id": 1, "expires_at": now + SESSION}])
    _bulk(world, models.PaymentMethod, [row for user in users for row in _methods(rng, user["id"])])


def _user(rng: Random, person: Person) -> dict[str, Any]:
    pin, tier = f"{rng.randrange(10**6):06}", rng.choice(("regular", "regular", "regular", "silver", "gold"))
    return {"id": person.id, "name": person.name, "email": person.email, "pin": pin, "tier": tier}


def _methods(rng: Random, user: int) -> Iterator[dict[str, Any]]:
    """A card for everybody; number 1 has all kinds, so that every task finds them."""
    yield {"user_id": user, "kind": "card", "label": f"card ending {rng.randrange(1000, 10_000)}", "balance": None}
    for kind, share in (("gift_card", 0.4), ("certificate", 0.2), ("certificate", 0.1)):
        if user == 1 or rng.random() < share:
            label = f"{kind.replace('_', ' ')} {rng.randrange(1000, 10_000)}"
            yield {"user_id": user, "kind": kind, "label": label, "balance": rng.randrange(20, 120) * 100}


def _cities(rng: Random, split: Split, count: int) -> dict[str, tuple[str, str]]:
    """Names of cities, each with its airport's code and its time zone."""
    found: dict[str, tuple[str, str]] = {}
    codes: set[str] = set()
    while len(found) < count:
        word = names.word(rng, split)
        code = word[:3].upper()
        if code not in codes:
            codes.add(code)
            found[word.capitalize()] = (code, rng.choice(TIME_ZONES))
    return found


def _insert_hosts(world: World, persons: Sequence[Person]) -> int:
    rows = [{"name": p.name, "email": p.email, "answers_after": world.random.randrange(5, 26)} for p in persons]
    _bulk(world, stays.Host, rows)
    return len(rows)


def _listings(rng: Random, split: Split, count: int, cities: Sequence[str], hosts: int) -> Iterator[dict[str, Any]]:
    """Prices are log-normal; few hosts let many places, most let one or two."""
    for number in range(1, count + 1):
        guests = rng.choice(GUESTS)
        night = round(rng.lognormvariate(4.4, 0.45)) * 100 + guests * 1_000
        yield {
            "id": number,
            "host_id": 1 + min(hosts - 1, int(rng.paretovariate(0.8)) - 1 if rng.random() < 0.3 else number % hosts),
            "title": f"{names.word(rng, split).capitalize()} {rng.choice(PLACES)}",
            "city": cities[number % len(cities)],
            "time_zone": rng.choice(TIME_ZONES),
            "guests": guests,
            "night": night,
            "cleaning": rng.choice((0, 2_000, 3_500, 5_000, 8_000)),
            "min_nights": rng.choice((1, 1, 1, 2, 2, 3)),
            "policy": rng.choice(POLICY_SHARES),
            "pets": rng.random() < 0.4,
            "parties": rng.random() < 0.1,
            "check_in_from": rng.choice((14, 15, 16)),
            "parking": rng.choice(PARKING),
            "rating": min(50, round(rng.gauss(44, 4))),
        }


def _rules(rng: Random, listings: Sequence[dict[str, Any]], today: date) -> Iterator[dict[str, Any]]:
    """Summer for everybody, weekends for most, a discount from a week on for many."""
    empty = {"first_day": None, "last_day": None, "min_nights": None}
    for listing in listings:
        mine = {**empty, "listing_id": listing["id"]}
        first, last = date(today.year, 6, rng.randrange(1, 20)), date(today.year, 9, rng.randrange(1, 15))
        season = {"first_day": first, "last_day": last, "percent": rng.randrange(15, 45, 5)}
        yield {**mine, "kind": "season", **season}
        if rng.random() < 0.8:
            yield {**mine, "kind": "weekend", "percent": rng.randrange(5, 30, 5)}
        if rng.random() < 0.6:
            yield {**mine, "kind": "length", "percent": -rng.randrange(5, 25, 5), "min_nights": 7}


def _blocks(rng: Random, listings: Sequence[dict[str, Any]], today: date) -> Iterator[dict[str, Any]]:
    """Runs of booked nights, denser soon and in the season, up to a year ahead."""
    empty = {"reservation_id": None, "hold_id": None}
    for listing in listings:
        day = today + timedelta(days=rng.randrange(0, 5))
        while day < today + timedelta(days=DAYS):
            nights = rng.choice((1, 2, 2, 3, 3, 4, 5, 7))
            reason = "booked" if rng.random() < 0.95 else "closed"
            end = day + timedelta(days=nights)
            yield {**empty, "listing_id": listing["id"], "first_night": day, "end": end, "reason": reason}
            ahead = 1 + (day - today).days / 120
            day = end + timedelta(days=round(rng.expovariate(MONTHS[day.month - 1] / 400 / ahead)))


def _reviews(rng: Random, split: Split, listings: Sequence[dict[str, Any]], today: date) -> Iterator[dict[str, Any]]:
    """Heavy-tailed: most listings have few, some have dozens."""
    for listing in listings:
        for _ in range(min(60, int(rng.paretovariate(0.9)))):
            stars = rng.choice((5, 5, 5, 4, 4, 3, 2))
            yield {
                "listing_id": listing["id"],
                "reservation_id": None,
                "author": rng.choice(names.first_names(split)),
                "stars": stars,
                "text": rng.choice(REMARKS[stars]),
                "written_on": today - timedelta(days=rng.randrange(1, 700)),
            }


def _insert_flights(world: World, shape: Shape, cities: dict[str, tuple[str, str]]) -> None:
    rng, airports = world.random, [(code, zone) for code, zone in cities.values()]
    _bulk(world, flights.Airport, [{"code": c, "city": n, "time_zone": z} for n, (c, z) in cities.items()])
    dates: list[dict[str, Any]] = []
    cabins: list[dict[str, Any]] = []
    for route in range(shape.flight_dates // shape.days):
        (origin, zone), (destination, _) = rng.sample(airports, 2)
        minute, length, price = rng.randrange(6 * 60, 21 * 60, 5), rng.randrange(60, 360, 5), rng.randrange(60, 300)
        for n in range(shape.days):
            day = utc_now(world).date() + timedelta(days=n + 1)
            departs = moment(day, minute, zone)
            dates.append(
                {
                    "id": len(dates) + 1,
                    "number": f"GR{100 + route}",
                    "day": day,
                    "origin": origin,
                    "destination": destination,
                    "departs_at": departs,
                    "arrives_at": departs + timedelta(minutes=length),
                    "status": rng.choices(flights.STATUSES, (95, 4, 1))[0],
                }
            )
            cabins += _on_sale(rng, len(dates), price, day, n)
    _bulk(world, flights.FlightDate, dates)
    _bulk(world, flights.Cabin, cabins)


def moment(day: date, minute: int, zone: str) -> datetime:
    """A minute of a local day, as it is stored."""
    there = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=ZoneInfo(zone))
    return there.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)


def _on_sale(rng: Random, number: int, price: int, day: date, ahead: int) -> Iterator[dict[str, Any]]:
    """Prices follow the month, and rise as the day comes near and seats go."""
    near = 130 if ahead < 7 else 110 if ahead < 21 else 100
    for cabin, factor, seats in (("economy", 1, 64), ("business", 3, 16)):
        left = max(0, round(seats * min(1, (ahead + 5) / 60) * rng.uniform(0.3, 1)))
        yield {
            "flight_date_id": number,
            "cabin": cabin,
            "price": price * factor * MONTHS[day.month - 1] * near // 100,
            "seats": left,
        }


def _insert_history(world: World, persons: Sequence[Person], listings: Sequence[dict[str, Any]], now: datetime) -> None:
    """Stays of the past, a few for each user."""
    rows: list[dict[str, Any]] = []
    for person in persons:
        for _ in range(world.random.choice((0, 1, 2, 3))):
            listing, nights = world.random.choice(listings), world.random.randrange(2, 6)
            day = now.date() - timedelta(days=world.random.randrange(30, 600))
            rows.append(
                {
                    "user_id": person.id,
                    "kind": "stay",
                    "status": "confirmed",
                    "made_at": now - timedelta(days=620),
                    "total": listing["night"] * nights + listing["cleaning"],
                    "version": 1,
                    "listing_id": listing["id"],
                    "check_in": day,
                    "check_out": day + timedelta(days=nights),
                    "guests": 1,
                    "bags": 0,
                    "insured": False,
                }
            )
    _bulk(world, models.Reservation, rows)
