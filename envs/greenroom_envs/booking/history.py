"""What users have booked before and for later: stays that stand in the calendars, journeys, what was paid, reviews."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from greenroom.cast import Person
from greenroom_envs.booking import flights, models, stays
from greenroom_envs.booking.pricing import price_journey, price_stay
from greenroom_envs.booking.rows import Rows
from greenroom_envs.booking.timetable import Timetable

EMPTY: dict[str, Any] = {
    "status": "confirmed",
    "version": 1,
    "currency": models.HOME,
    "listing_id": None,
    "check_in": None,
    "check_out": None,
    "guests": None,
    "pets": False,
    "cabin": None,
    "fare": None,
    "bags": 0,
    "insured": False,
}
PAST = (0, 0, 1, 1, 2, 2, 3, 5, 9)
"""Heavy-tailed: how many stays of the past people have."""
LIKED = ((5, "As good as they say."), (4, "Good value."), (3, "All right, no more."))


class History:
    """Writes reservations for users, with everything that hangs on them.

    Args:
        rng: The population's randomness.
        now: The time at which the world begins.
        listings: Rows of listings.
        rules: Rows of their price rules.
        cards: By user, what pays.

    Attributes:
        rows: What to insert, by model, in order.
        reviews: Of stays of the past.
    """

    def __init__(self, rng: Random, now: datetime, listings: Rows, rules: Rows, cards: dict[int, int]) -> None:
        self.rng, self.now, self.listings, self.cards = rng, now, listings, cards
        self.rules: dict[int, list[stays.PriceRule]] = defaultdict(list)
        for rule in rules:
            self.rules[rule["listing_id"]].append(stays.PriceRule(**rule))
        self.rows: dict[type[models.Base], Rows] = {
            model: [] for model in (models.Reservation, models.Payment, flights.Passenger, flights.Segment)
        }
        self.reviews: Rows = []

    def write(self, persons: Sequence[Person], blocks: Rows, flown: Timetable) -> None:
        """Fill `rows` and `reviews`; some blocks become reservations of users, some seats are theirs."""
        booked: Rows = [block for block in blocks if block["reason"] == "booked"]
        for person in persons:
            for _ in range(self.rng.choice(PAST)):
                self._past(person)
            for _ in range(self.rng.choice((0, 0, 1, 2))):
                self._coming(person.id, self.rng.choice(booked))
            for _ in range(self.rng.choice((0, 0, 1))):
                self._journey(person, flown)

    def _past(self, person: Person) -> None:
        day = self.now.date() - timedelta(days=self.rng.randrange(30, 600))
        listing = self.rng.choice(self.listings)
        number = self._stay(person.id, listing, day, day + timedelta(days=self.rng.randrange(2, 6)))
        if self.rng.random() < 0.5:
            stars, text = self.rng.choice(LIKED)
            written = {"author": person.first_name, "stars": stars, "text": text}
            ids = {"listing_id": listing["id"], "reservation_id": number}
            self.reviews.append({**ids, **written, "written_on": day + timedelta(days=8)})

    def _coming(self, user: int, block: dict[str, Any]) -> None:
        """A run of booked nights turns out to be this user's."""
        if block["reservation_id"] is None:
            row: dict[str, Any] = self.listings[int(block["listing_id"]) - 1]
            block["reservation_id"] = self._stay(user, row, block["first_night"], block["end"])

    def _stay(self, user: int, row: dict[str, Any], first: date, end: date) -> int:
        listing = stays.Listing(night=row["night"], cleaning=row["cleaning"])
        total = price_stay(listing, self.rules[row["id"]], first, end).total
        made = min(self.now, datetime(first.year, first.month, first.day)) - timedelta(days=self.rng.randrange(2, 60))
        days = {"listing_id": row["id"], "check_in": first, "check_out": end, "currency": row["currency"]}
        guests = self.rng.randrange(1, row["guests"] + 1)
        return self._reservation(user, made, total, kind="stay", guests=guests, **days)

    def _journey(self, person: Person, flown: Timetable) -> None:
        number = self.rng.randrange(len(flown.dates))
        cabin = flown.cabins[2 * number]
        fare, made = self.rng.choice(flights.FARES), self.now - timedelta(days=self.rng.randrange(2, 40))
        total = price_journey([cabin["price"]], fare, 1, 0, False, "regular")
        found = self._reservation(person.id, made, total, kind="flight", cabin="economy", fare=fare)
        segment = {"reservation_id": found, "position": 1, "flight_date_id": flown.dates[number]["id"]}
        self.rows[flights.Segment].append(segment)
        self.rows[flights.Passenger].append({"reservation_id": found, "name": person.name})

    def _reservation(self, user: int, made: datetime, total: int, **values: Any) -> int:
        """A reservation and its payment by the user's card."""
        number = len(self.rows[models.Reservation]) + 1
        row = {**EMPTY, "id": number, "user_id": user, "made_at": made, "total": total, **values}
        self.rows[models.Reservation].append(row)
        paid = {"amount": total, "reason": "payment", "made_at": made}
        self.rows[models.Payment].append({"reservation_id": number, "method_id": self.cards[user], **paid})
        return number
