"""What tasks plant: cities, listings, reservations and flights of their own, numbered unlike any other task's."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any, TypeVar

from sqlalchemy import func, select

from greenroom import Split, World, names
from greenroom.cast import TIME_ZONES
from greenroom_envs.booking.calendar import price
from greenroom_envs.booking.desk import utc_now
from greenroom_envs.booking.events import PLANTED
from greenroom_envs.booking.flights import Airport, Cabin, FlightDate, Passenger, Segment
from greenroom_envs.booking.models import Base, Payment, PaymentMethod, Reservation, User, Voucher
from greenroom_envs.booking.populate import PARKING, PLACES, currency_of
from greenroom_envs.booking.pricing import price_journey
from greenroom_envs.booking.stays import Block, Listing
from greenroom_envs.booking.timetable import moments

ME = 1
LENGTH = 90
"""Minutes that a planted flight is in the air."""
AT_HOME = tuple(zone for zone in TIME_ZONES if currency_of(zone) == "USD")
ABROAD = tuple(zone for zone in TIME_ZONES if currency_of(zone) != "USD")
Row = TypeVar("Row", bound=Base)


@dataclass
class Plant:
    """Puts into a world what a task needs.

    Attributes:
        world: The fork, in a transaction of the world.
        split: Whose words are used.
        bystander: A reservation that nobody speaks of.
        level: How hard the task is, from 1 to 3: everything said at once and by number; something that must be
            looked up or asked for; more that looks alike.
    """

    world: World
    split: Split
    bystander: int = 0
    level: int = 1
    _zones: dict[str, str] = field(default_factory=dict[str, str])
    _words: set[str] = field(default_factory=set[str])
    _numbers: set[int] = field(default_factory=set[int])

    def __post_init__(self) -> None:
        self.level = self.rng.choice((1, 1, 2, 2, 3))
        self.bystander = self.stay(self.listing(self.city(), policy="flexible"), self.day(), 2).id

    @property
    def rng(self) -> Random:
        """The task's randomness."""
        return self.world.random

    @property
    def me(self) -> User:
        """Whom the agent works for."""
        return self.world.session.get_one(User, ME)

    def number(self) -> int:
        """A number that nothing else of the task has."""
        while (made := self.rng.randrange(PLANTED, 10 * PLANTED)) in self._numbers:
            pass
        self._numbers.add(made)
        return made

    def word(self) -> str:
        """A name for a city or a place, new in this task."""
        while (made := names.word(self.rng, self.split).capitalize()) in self._words:
            pass
        self._words.add(made)
        return made

    def city(self, *, abroad: bool | None = None) -> str:
        """A city's name; where prices are not in dollars (`abroad`), where they are, or either."""
        city, zones = self.word(), TIME_ZONES if abroad is None else ABROAD if abroad else AT_HOME
        self._zones[city] = self.rng.choice(zones)
        return city

    def person(self) -> str:
        """A full name."""
        return names.person(self.rng, self.split)

    def day(self, low: int = 20, high: int = 200) -> date:
        """A day ahead, in this year."""
        return utc_now(self.world).date() + timedelta(days=self.rng.randrange(low, high))

    def methods(self, kind: str) -> list[PaymentMethod]:
        """The user's ways to pay of one kind."""
        mine = select(PaymentMethod).where(PaymentMethod.user_id == ME, PaymentMethod.kind == kind)
        return list(self.world.session.scalars(mine.order_by(PaymentMethod.id)))

    @property
    def card(self) -> int:
        """The user's card."""
        return self.methods("card")[0].id

    def listing(self, city: str, **values: Any) -> Listing:
        """A listing without special prices, whose calendar is empty."""
        rng, zone = self.rng, self._zones.setdefault(city, AT_HOME[0])
        plain: dict[str, Any] = {
            "host_id": rng.randrange(1, 20),
            "title": f"{self.word()} {rng.choice(tuple(PLACES))}",
            "time_zone": zone,
            "currency": currency_of(zone),
            "guests": 4,
            "night": rng.randrange(6_000, 20_000),
            "cleaning": rng.choice((0, 2_000, 3_500)),
            "min_nights": 1,
            "policy": "flexible",
            "pets": True,
            "parties": False,
            "smoking": False,
            "quiet_from": 22,
            "check_in_from": 15,
            "check_out_by": 11,
            "parking": rng.choice(PARKING),
            "rating": 450,
            "reviews": 12,
        }
        return self._add(Listing(id=self.number(), city=city, **{**plain, **values}))

    def total(self, listing: Listing, first: date, nights: int) -> int:
        """What a stay costs."""
        return price(self.world, listing, first, first + timedelta(days=nights)).total

    def stay(self, listing: Listing, first: date, nights: int, user: int = ME) -> Reservation:
        """A stay of the user, or of another, paid by card some days ago."""
        total, end = self.total(listing, first, nights), first + timedelta(days=nights)
        days = {"check_in": first, "check_out": end, "currency": listing.currency, "user_id": user}
        stay = self._reservation(kind="stay", total=total, listing_id=listing.id, guests=2, **days)
        self._add(Block(listing_id=listing.id, first_night=first, end=end, reason="booked", reservation_id=stay.id))
        return stay

    def _reservation(self, **values: Any) -> Reservation:
        made = utc_now(self.world) - timedelta(days=self.rng.randrange(20, 60))
        plain: dict[str, Any] = {"user_id": ME, "status": "confirmed", "made_at": made}
        found = self._add(Reservation(id=self.number(), **{**plain, **values}))
        self._add(
            Payment(reservation_id=found.id, method_id=self.card, amount=found.total, reason="payment", made_at=made)
        )
        return found

    def airport(self) -> Airport:
        """A city with an airport whose code no other has."""
        while True:
            city = self.city()
            code = city[:3].upper()
            if self.world.session.get(Airport, code) is None:
                return self._add(Airport(code=code, city=city, time_zone=self._zones[city]))

    def flight(
        self, origin: Airport, destination: Airport, day: date, minute: int, cents: int, **values: Any
    ) -> FlightDate:
        """A flight on one day with seats to sell; `seats` and `status` may be given."""
        number = self.number()
        found = self._add(
            FlightDate(
                id=number,
                number=f"GR{number}",
                day=day,
                origin=origin.code,
                destination=destination.code,
                **moments(day, minute, LENGTH, origin.time_zone, destination.time_zone),
                status=values.get("status", "scheduled"),
            )
        )
        self._add(Cabin(flight_date_id=number, cabin="economy", price=cents, seats=values.get("seats", 20)))
        return found

    def cents(self, flight: FlightDate) -> int:
        """The price of an economy seat."""
        return self.world.session.get_one(Cabin, (flight.id, "economy")).price

    def journey(
        self, flight: FlightDate, fare: str, people: list[str], *, insured: bool = False, **values: Any
    ) -> Reservation:
        """A journey of the user, paid by card some days ago."""
        total = price_journey([self.cents(flight)], fare, len(people), 0, insured, self.me.tier)
        journey = self._reservation(kind="flight", total=total, cabin="economy", fare=fare, insured=insured, **values)
        self._add(Segment(reservation_id=journey.id, position=1, flight_date_id=flight.id))
        for name in people:
            self._add(Passenger(id=self.number(), reservation_id=journey.id, name=name))
        return journey

    def voucher(self, cents: int, days: int) -> Voucher:
        """A voucher of the user that is good for so many days; it came of the reservation that nobody speaks of."""
        until = utc_now(self.world).date() + timedelta(days=days)
        ids = {"id": self.number(), "user_id": ME, "reservation_id": self.bystander}
        return self._add(Voucher(**ids, amount=cents, valid_until=until))

    def last_method(self) -> int:
        """The highest number of a payment method."""
        return self.world.session.scalar(select(func.max(PaymentMethod.id))) or 0

    def which(self, mine: Reservation, place: str, first: date) -> str:
        """How the user speaks of a reservation: by its number, by its place, or by place and day."""
        if self.level == 1:
            return f"reservation {mine.id}"
        named = f"my {'stay in' if mine.kind == 'stay' else 'flight to'} {place}"
        return named if self.level == 2 else f"{named} on {spoken(first)}"

    def _add(self, row: Row) -> Row:
        self.world.session.add(row)
        self.world.session.flush()
        return row


def spoken(day: date) -> str:
    """A day as people write it: `14 March`."""
    return f"{day.day} {day:%B}"
