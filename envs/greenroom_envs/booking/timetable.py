"""Makes a timetable: hubs and spokes on a map, flown both ways every day; fares by distance, season and demand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import dist
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from greenroom_envs.booking.flights import CAPACITY, LETTERS, ROWS, STATUSES
from greenroom_envs.booking.rows import Rows

MONTHS = (80, 80, 90, 95, 100, 115, 130, 130, 105, 95, 85, 120)
"""How fares follow the year, in per cent."""
WEEKDAYS = (100, 92, 92, 100, 112, 100, 112)
SEATS = tuple(f"{row}{letter}" for row in range(1, ROWS + 1) for letter in LETTERS)
SPLIT = CAPACITY["business"]
CARRIERS = ("GR", "NK", "VO", "ZY", "QT")
"""Airlines: each hub is the home of one."""


@dataclass(frozen=True)
class City:
    """A city with an airport, and where it lies."""

    name: str
    code: str
    time_zone: str
    place: tuple[float, float]


@dataclass(frozen=True)
class Route:
    """A flight number: flown every day at the same local minute."""

    number: str
    origin: City
    destination: City
    minute: int

    @property
    def length(self) -> int:
        """Minutes in the air."""
        return 45 + round(dist(self.origin.place, self.destination.place) * 24) * 5

    @property
    def price(self) -> int:
        """The plain economy fare, in cents."""
        return 4_900 + round(dist(self.origin.place, self.destination.place) * 90) * 100


def routes(rng: Random, cities: Sequence[City], count: int) -> list[Route]:
    """Every spoke to its nearest hub and back, hubs among each other, then more of the same until there are enough."""
    hubs = cities[: max(2, len(cities) // 12)]
    pairs = [(city, min(hubs, key=lambda hub: dist(hub.place, city.place))) for city in cities[len(hubs) :]]
    pairs += [(a, b) for number, a in enumerate(hubs) for b in hubs[number + 1 :]]
    while len(pairs) * 2 < count:
        pairs.append((rng.choice(cities[len(hubs) :]), rng.choice(hubs)))
    made: list[Route] = []
    for a, b in pairs[: count // 2]:
        for origin, destination in ((a, b), (b, a)):
            carrier = CARRIERS[hubs.index(b) % len(CARRIERS)]
            made.append(Route(f"{carrier}{100 + len(made)}", origin, destination, rng.randrange(6 * 60, 21 * 60, 5)))
    return made


@dataclass
class Timetable:
    """Rows of flight-dates, of their cabins, and of the seats that strangers chose."""

    dates: Rows
    cabins: Rows
    seats: Rows


def timetable(rng: Random, flown: Sequence[Route], first: date, days: int) -> Timetable:
    """Fly every route on every day."""
    made = Timetable([], [], [])
    for route in flown:
        for ahead in range(days):
            day = first + timedelta(days=ahead)
            number = len(made.dates) + 1
            made.dates.append(_flight(rng, number, route, day))
            cabins = list(_cabins(rng, number, route.price, day, ahead))
            made.cabins += cabins
            made.seats += _chosen(rng, number, cabins)
    return made


def moments(day: date, minute: int, length: int, origin: str, destination: str) -> dict[str, datetime]:
    """Departure and arrival, in UTC and as the clocks of the two places show them."""
    there = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=ZoneInfo(origin))
    departs = there.astimezone(ZoneInfo("UTC"))
    arrives = departs + timedelta(minutes=length)
    found = {
        "departs_at": departs,
        "arrives_at": arrives,
        "departs_local": there,
        "arrives_local": arrives.astimezone(ZoneInfo(destination)),
    }
    return {name: moment.replace(tzinfo=None) for name, moment in found.items()}


def _flight(rng: Random, number: int, route: Route, day: date) -> dict[str, Any]:
    return {
        "id": number,
        "number": route.number,
        "day": day,
        "origin": route.origin.code,
        "destination": route.destination.code,
        **moments(day, route.minute, route.length, route.origin.time_zone, route.destination.time_zone),
        "status": rng.choices(STATUSES, (96, 3, 1))[0],
    }


def _cabins(rng: Random, number: int, price: int, day: date, ahead: int) -> Iterator[dict[str, Any]]:
    """Fares follow month and weekday, and rise as the day comes near and seats go."""
    near = 140 if ahead < 7 else 115 if ahead < 21 else 100
    fare = price * MONTHS[day.month - 1] * WEEKDAYS[day.weekday()] * near // 1_000_000
    for cabin, factor in (("economy", 1.0), ("business", rng.uniform(2.2, 3.4))):
        capacity = CAPACITY[cabin]
        left = max(0, round(capacity * min(1, (ahead + 5) / 60) * rng.uniform(0.3, 1)))
        scarce = 125 if left < capacity // 5 else 100
        yield {
            "flight_date_id": number,
            "cabin": cabin,
            "price": round(fare * factor * scarce / 100),
            "seats": left,
        }


def _chosen(rng: Random, number: int, cabins: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """About a sixth of those who bought a seat have chosen which."""
    for cabin, places in zip(cabins, (SEATS[SPLIT:], SEATS[:SPLIT]), strict=True):
        sold = len(places) - cabin["seats"]
        for seat in rng.sample(places, sold // 6):
            yield {"flight_date_id": number, "seat": seat, "passenger_id": None}
