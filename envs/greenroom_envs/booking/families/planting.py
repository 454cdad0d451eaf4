"""What tasks plant: cities, listings, reservations and flights of their own, numbered unlike any other task's."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any, TypeVar

from sqlalchemy import func, select

from greenroom import Split, World, names
from greenroom.cast import TIME_ZONES
from greenroom_envs.booking import prose
from greenroom_envs.booking.calendar import price
from greenroom_envs.booking.desk import host_of, utc_now
from greenroom_envs.booking.events import PLANTED
from greenroom_envs.booking.families.days import fits, spoken
from greenroom_envs.booking.flights import Airport, Cabin, FlightDate, Passenger, Segment
from greenroom_envs.booking.history import LAST_WRITTEN
from greenroom_envs.booking.models import Base, Payment, PaymentMethod, Reservation, User, Voucher
from greenroom_envs.booking.populate import PLACES, currency_of, furnish, tell
from greenroom_envs.booking.pricing import price_journey
from greenroom_envs.booking.stays import Block, Listing, Review
from greenroom_envs.booking.timetable import CARRIERS, moments

ME = 1
LENGTH = 90
"""Minutes that a planted flight is in the air."""
LEVELS = (1, 1, 2, 2, 3)
AT_HOME = tuple(zone for zone in TIME_ZONES if currency_of(zone) == "USD")
ABROAD = tuple(zone for zone in TIME_ZONES if currency_of(zone) != "USD")
STARS = ((), (4,), (5, 5), (5, 4, 4), (3, 5, 4, 2), (5, 5, 4, 5, 5), (4, 5, 5, 3, 4, 5, 5), (1, 5, 3))
GOOD, POOR = ((5, 5, 4, 5), (5, 4, 5, 5, 4, 5), (5, 5)), ((4, 3, 4), (5, 3, 4, 4), (2, 5, 4, 5, 4), (4,))
"""Stars of places that have 4.6 or more in the mean, and of places that have 4.0 at most."""
Row = TypeVar("Row", bound=Base)


@dataclass
class Plant:
    """Puts into a world what a task needs. Numbers, amounts, days and words are those of the split.

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
        self.level = self.rng.choice(LEVELS)
        self.bystander = self.stay(self.listing(self.city(), policy="flexible"), self.day(), 2).id

    @property
    def rng(self) -> Random:
        """The task's randomness."""
        return self.world.random

    @property
    def me(self) -> User:
        """Whom the agent works for."""
        return self.world.session.get_one(User, ME)

    @property
    def hidden(self) -> bool:
        """Whether something is told only when asked."""
        return self.level > 1

    @property
    def alike(self) -> bool:
        """Whether there are look-alikes."""
        return self.level > 2

    def number(self) -> int:
        """A number that nothing else of the task has."""
        return self._fresh(PLANTED, 10 * PLANTED)

    def _fresh(self, low: int, high: int) -> int:
        while (made := self.amount(low, high)) in self._numbers:
            pass
        self._numbers.add(made)
        return made

    def amount(self, low: int, high: int, step: int = 1) -> int:
        """A number of the split between two, such as a price in cents."""
        return self.pick(range(low, high, step))

    def pick(self, values: Sequence[Any]) -> Any:
        """One of some values, of those that belong to the split."""
        while names.split_of(str(made := self.rng.choice(values))) != self.split:
            pass
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

    def beside(self, city: str) -> str:
        """Where what looks alike is: the same city where there is such a thing, else another."""
        return city if self.alike else self.city()

    def person(self) -> str:
        """A full name."""
        return names.person(self.rng, self.split)

    def day(self, low: int = 20, high: int = 290, nights: int = 0) -> date:
        """A day ahead, in this year, of the split; so is the day after some nights from then."""
        today = utc_now(self.world).date()
        days = [today + timedelta(days=n) for n in range(low, high)]
        return self.rng.choice([day for day in days if fits(day, self.split, nights)])

    def past(self) -> date:
        """A day some weeks ago, of the split."""
        return self.day(-110, -5)

    def methods(self, kind: str, user: int = ME) -> list[PaymentMethod]:
        """The user's, or another's, ways to pay of one kind."""
        mine = select(PaymentMethod).where(PaymentMethod.user_id == user, PaymentMethod.kind == kind)
        return list(self.world.session.scalars(mine.order_by(PaymentMethod.id)))

    def gift_card(self, balance: int, currency: str) -> PaymentMethod:
        """One more gift card of the user's."""
        label = f"gift card {self.amount(1_000, 10_000)}"
        held = {"label": label, "balance": balance, "currency": currency}
        return self._add(PaymentMethod(id=self.last_method() + 1, user_id=ME, kind="gift_card", **held))

    @property
    def card(self) -> int:
        """The user's card."""
        return self.methods("card")[0].id

    def listing(self, city: str, stars: Sequence[int] | None = None, **values: Any) -> Listing:
        """A listing without special prices, whose calendar is empty; with reviews of these stars."""
        rng, zone = self.rng, self._zones.setdefault(city, AT_HOME[0])
        stars = rng.choice(STARS) if stars is None else stars
        currency = currency_of(zone)
        guests: int = values.get("guests", 4)
        plain: dict[str, Any] = {
            "host_id": rng.randrange(1, 20),
            "title": f"{self.word()} {rng.choice(tuple(PLACES))}",
            "time_zone": zone,
            "currency": currency,
            "guests": guests,
            **furnish(rng, guests),
            "night": self.amount(6_000, 20_000, 50),
            "cleaning": rng.choice((0, 2_000, 3_500)),
            "min_nights": 1,
            "policy": "flexible",
            "pets": True,
            "parties": rng.random() < 0.1,
            "smoking": rng.random() < 0.1,
            "quiet_from": rng.choice((21, 22, 22, 23)),
            "check_in_from": rng.choice((14, 15, 16)),
            "check_out_by": rng.choice((10, 11, 12)),
            **tell(rng, currency),
            "rating": round(100 * sum(stars) / len(stars)) if stars else 0,
            "reviews": len(stars),
        }
        listing = self._add(Listing(id=self.number(), city=city, **{**plain, **values}))
        self._review(listing, stars)
        return listing

    def twin(self, listing: Listing, **values: Any) -> Listing:
        """A place in the same city whose name begins alike."""
        word, kind = listing.title.split()
        other = self.rng.choice([name for name in PLACES if name != kind])
        return self.listing(listing.city, title=f"{word} {other}", **values)

    def _review(self, listing: Listing, stars: Sequence[int]) -> None:
        host, today = host_of(self.world, listing).name.split()[0], utc_now(self.world).date()
        for count in stars:
            text = prose.review(self.rng, count, self.rng.randrange(1, 9), host)
            written = {"author": self.person().split()[0], "stars": count, "text": text}
            on = today - timedelta(days=self.rng.randrange(3, 500))
            self.world.session.add(Review(listing_id=listing.id, **written, written_on=on))

    def take(self, listing: Listing, first: date, nights: int = 1) -> None:
        """Some nights of a listing belong to another guest."""
        end = first + timedelta(days=nights)
        self.world.session.add(Block(listing_id=listing.id, first_night=first, end=end, reason="booked"))

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
        """One that is among the latest of its user, so that the first page of a list shows it."""
        made = utc_now(self.world) - timedelta(minutes=self.rng.randrange(2 * 1440, LAST_WRITTEN * 1440))
        plain: dict[str, Any] = {"user_id": ME, "status": "confirmed", "made_at": made}
        number = self.number()
        while self.world.session.get(Reservation, number) is not None:
            number = self.number()
        found = self._add(Reservation(id=number, **{**plain, **values}))
        paid = {"amount": found.total, "reason": "payment", "made_at": found.made_at}
        self._add(Payment(reservation_id=found.id, method_id=self.methods("card", found.user_id)[0].id, **paid))
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
        """A flight on one day with seats to sell; `seats`, `status` and seats in `business` may be given."""
        number = self.number()
        found = self._add(
            FlightDate(
                id=number,
                number=f"{self.rng.choice(CARRIERS)}{self._fresh(1_000, 10_000)}",
                day=day,
                origin=origin.code,
                destination=destination.code,
                **moments(day, minute, LENGTH, origin.time_zone, destination.time_zone),
                status=values.get("status", "scheduled"),
            )
        )
        self._add(Cabin(flight_date_id=number, cabin="economy", price=cents, seats=values.get("seats", 20)))
        if "business" in values:
            self._add(Cabin(flight_date_id=number, cabin="business", price=3 * cents, seats=values["business"]))
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

    def another_journey(self, flight: FlightDate, people: list[str], fare: str = "basic") -> None:
        """Where there are look-alikes: a journey of the same people with the same route some days later."""
        if self.alike:
            a, b = (self.world.session.get_one(Airport, code) for code in (flight.origin, flight.destination))
            later = flight.day + timedelta(days=self.rng.randrange(12, 30))
            self.journey(self.flight(a, b, later, 600, self.cents(flight)), fare, people)

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
        return named if self.level == 2 else f"{named} ({spoken(first)})"

    def _add(self, row: Row) -> Row:
        self.world.session.add(row)
        self.world.session.flush()
        return row
