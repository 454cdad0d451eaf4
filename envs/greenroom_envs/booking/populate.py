"""Fills a world: users of the cast, listings whose calendars fill up by season, flights whose fares do, and a past."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from greenroom import Size, Split, World, names
from greenroom.cast import OWNER, TIME_ZONES, Person, people
from greenroom_envs.booking import flights, models, prose, stays
from greenroom_envs.booking.app import app
from greenroom_envs.booking.desk import utc_now
from greenroom_envs.booking.events import BUYING_EVERY, SLIPPING_EVERY
from greenroom_envs.booking.history import History
from greenroom_envs.booking.policy import CALENDAR_DAYS
from greenroom_envs.booking.rows import Rows, bulk
from greenroom_envs.booking.timetable import City, Timetable, routes, timetable
from greenroom_envs.booking.tools.account import SESSION

PLACES = {"Loft": 110, "Cottage": 105, "Cabin": 80, "Flat": 90, "House": 125, "Studio": 70, "Villa": 170, "Barn": 95}
"""Kinds of places, and how their prices compare in per cent."""
GUESTS = (1, 2, 2, 2, 3, 4, 4, 5, 6, 8)
POLICY_SHARES = ("flexible", "flexible", "moderate", "moderate", "strict", "non-refundable")
AMENITIES = {
    "wifi": 0.95,
    "kitchen": 0.8,
    "washing machine": 0.5,
    "heating": 0.9,
    "air conditioning": 0.3,
    "balcony": 0.3,
    "garden": 0.25,
    "cot": 0.2,
    "desk": 0.4,
    "lift": 0.2,
    "fireplace": 0.1,
    "bicycles": 0.1,
}
"""What places have, and how many of them do."""
DEMAND = (70, 75, 85, 95, 105, 120, 140, 140, 110, 95, 80, 115)
"""How full calendars are over the year, in per cent."""


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
    persons = everybody[: shape.users]
    cards = _insert_users(world, persons, now)
    cities = _cities(rng, split, shape.cities)
    hosts = _insert_hosts(world, everybody[len(everybody) // 2 :])
    listings = list(_listings(rng, split, shape.listings, cities, len(hosts)))
    rules = list(_rules(rng, listings, now.date()))
    blocks = list(_blocks(rng, listings, now.date()))
    flown = timetable(
        rng, routes(rng, cities, shape.flight_dates // shape.days), now.date() + timedelta(days=1), shape.days
    )
    history = History(rng, now, listings, rules, cards, hosts)
    history.write(persons, blocks, flown)
    reviews = [*history.reviews, *_reviews(rng, split, listings, hosts, now.date())]
    _rate(listings, reviews)
    bulk(world, stays.Listing, listings)
    bulk(world, stays.PriceRule, rules)
    _insert_flights(world, cities, flown)
    for model, rows in history.rows.items():
        bulk(world, model, rows)
    bulk(world, stays.Block, blocks)
    bulk(world, stays.Review, reviews)
    world.schedule("booking.others_buy", {}, after=BUYING_EVERY)
    world.schedule("booking.flights_slip", {}, after=SLIPPING_EVERY)


def _insert_users(world: World, persons: Sequence[Person], now: datetime) -> dict[int, int]:
    """Users and their ways to pay; returns everybody's card."""
    rng = world.random
    users = [_user(rng, person) for person in persons]
    bulk(world, models.User, users)
    login = {"id": 1, "user_id": OWNER, "expires_at": now + SESSION, "failures": 0, "locked_until": None}
    bulk(world, models.Login, [login])
    methods = [row for user in users for row in _methods(rng, user["id"])]
    numbered = [{"id": number, **row} for number, row in enumerate(methods, start=1)]
    bulk(world, models.PaymentMethod, numbered)
    return {row["user_id"]: row["id"] for row in numbered if row["kind"] == "card"}


def _user(rng: Random, person: Person) -> dict[str, Any]:
    pin, tier = f"{rng.randrange(10**6):06}", rng.choice(("regular", "regular", "regular", "silver", "gold"))
    return {"id": person.id, "name": person.name, "email": person.email, "pin": pin, "tier": tier}


def _methods(rng: Random, user: int) -> Iterator[dict[str, Any]]:
    """A card for everybody; number 1 has all kinds, so that every task finds them."""
    card = {"kind": "card", "label": f"card ending {rng.randrange(1000, 10_000)}", "balance": None, "currency": None}
    yield {"user_id": user, **card, "removed": False}
    for kind, share in (("gift_card", 0.4), ("certificate", 0.2), ("certificate", 0.1)):
        if user == OWNER or rng.random() < share:
            label = f"{kind.replace('_', ' ')} {rng.randrange(1000, 10_000)}"
            held = {"label": label, "balance": rng.randrange(20, 120) * 100, "currency": models.HOME}
            yield {"user_id": user, "kind": kind, **held, "removed": False}


def _cities(rng: Random, split: Split, count: int) -> list[City]:
    """Cities on a map of ten by ten; the first ones are hubs."""
    found: dict[str, City] = {}
    taken: set[str] = set()
    while len(found) < count:
        word = names.word(rng, split)
        code = word[:3].upper()
        if code not in found and word not in taken:
            taken.add(word)
            place = rng.uniform(0, 10), rng.uniform(0, 10)
            found[code] = City(word.capitalize(), code, rng.choice(TIME_ZONES), place)
    return list(found.values())


def _insert_hosts(world: World, persons: Sequence[Person]) -> list[str]:
    """Hosts; returns their first names, by number."""
    rows = [{"name": p.name, "email": p.email, "answers_after": world.random.randrange(5, 26)} for p in persons]
    bulk(world, stays.Host, rows)
    return [person.first_name for person in persons]


def _listings(rng: Random, split: Split, count: int, cities: Sequence[City], hosts: int) -> Iterator[dict[str, Any]]:
    """Prices are log-normal around the city's level; few hosts let many places, most let one or two."""
    levels = [rng.uniform(0.7, 1.5) for _ in cities]
    for number in range(1, count + 1):
        guests, kind = rng.choice(GUESTS), rng.choice(tuple(PLACES))
        city = cities[number % len(cities)]
        plain = rng.lognormvariate(4.3, 0.35) * levels[number % len(cities)] * PLACES[kind] / 100
        currency = currency_of(city.time_zone)
        yield {
            "id": number,
            "host_id": 1 + min(hosts - 1, int(rng.paretovariate(0.8)) - 1 if rng.random() < 0.3 else number % hosts),
            "title": f"{names.word(rng, split).capitalize()} {kind}",
            "city": city.name,
            "time_zone": city.time_zone,
            "guests": guests,
            **furnish(rng, guests),
            "currency": currency,
            "night": round(plain) * 100 + guests * 1_000,
            "cleaning": rng.choice((0, 2_000, 3_500, 5_000, 8_000)),
            "min_nights": rng.choice((1, 1, 1, 2, 2, 3)),
            "policy": rng.choice(POLICY_SHARES),
            "pets": rng.random() < 0.4,
            "parties": rng.random() < 0.1,
            "smoking": rng.random() < 0.15,
            "quiet_from": rng.choice((21, 22, 22, 23)),
            "check_in_from": rng.choice((14, 15, 16)),
            "check_out_by": rng.choice((10, 11, 12)),
            **tell(rng, currency),
        }


def furnish(rng: Random, guests: int) -> dict[str, Any]:
    """Rooms, beds and amenities of a place that takes so many guests."""
    beds = max(1, guests - rng.choice((0, 0, 1, 2)))
    has = [name for name, share in AMENITIES.items() if rng.random() < share]
    return {"bedrooms": max(1, (guests + rng.choice((0, 1))) // 2), "beds": beds, "amenities": ", ".join(has)}


def tell(rng: Random, currency: str) -> dict[str, str]:
    """What the host of a place says when asked."""
    known = {"parking": prose.parking(rng, currency), "keys": prose.keys(rng), "transit": prose.transit(rng)}
    return {name: told.text for name, told in known.items()}


def currency_of(time_zone: str) -> str:
    """The money of a place."""
    return "GBP" if time_zone.startswith("Europe/") else models.HOME


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
        while day < today + timedelta(days=CALENDAR_DAYS):
            nights = rng.choice((1, 2, 2, 3, 3, 4, 5, 7))
            reason = "booked" if rng.random() < 0.95 else "closed"
            end = day + timedelta(days=nights)
            yield {**empty, "listing_id": listing["id"], "first_night": day, "end": end, "reason": reason}
            ahead = 1 + (day - today).days / 120
            day = end + timedelta(days=round(rng.expovariate(DEMAND[day.month - 1] / 400 / ahead)))


def _reviews(
    rng: Random, split: Split, listings: Sequence[dict[str, Any]], hosts: Sequence[str], today: date
) -> Iterator[dict[str, Any]]:
    """Heavy-tailed: most listings have few, some have dozens; a good place is liked by most."""
    for listing in listings:
        good = rng.uniform(0.3, 0.9)
        for _ in range(min(60, int(rng.paretovariate(0.9)))):
            stars = 5 if rng.random() < good else rng.choice((5, 4, 4, 4, 3, 3, 2, 1))
            yield {
                "listing_id": listing["id"],
                "reservation_id": None,
                "author": rng.choice(names.first_names(split)),
                "stars": stars,
                "text": prose.review(rng, stars, rng.randrange(1, 9), hosts[int(listing["host_id"]) - 1]),
                "written_on": today - timedelta(days=rng.randrange(1, 700)),
            }


def _rate(listings: Sequence[dict[str, Any]], reviews: Rows) -> None:
    """Count and average the reviews of each listing."""
    stars: dict[int, list[int]] = defaultdict(list)
    for review in reviews:
        stars[review["listing_id"]].append(review["stars"])
    for listing in listings:
        mine = stars[listing["id"]]
        listing["reviews"] = len(mine)
        listing["rating"] = round(100 * sum(mine) / len(mine)) if mine else 0


def _insert_flights(world: World, cities: Sequence[City], flown: Timetable) -> None:
    bulk(world, flights.Airport, [{"code": c.code, "city": c.name, "time_zone": c.time_zone} for c in cities])
    bulk(world, flights.FlightDate, flown.dates)
    bulk(world, flights.Cabin, flown.cabins)
    bulk(world, flights.Seat, flown.seats)
