"""What users have booked before and for later: stays, journeys, and what was paid, said and kept."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from greenroom.cast import Person
from greenroom_envs.booking import flights, models, prose, stays
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
LIKED = (5, 5, 5, 4, 4, 4, 3, 3, 2, 1)
KEPT = (0, 0, 0, 1, 1, 2, 4, 7)
NUMBERS = (100_000, 1_000_000)
"""Between which the numbers of reservations lie; later ones are higher."""
QUESTIONS = {
    "parking": ("Is there a place for our car?", "Where can we park?", "We come by car, where does it go?"),
    "keys": ("How do we get the key?", "Where is the key when nobody is there?", "How do we come in?"),
    "transit": ("How do we get to you by bus?", "We come by train, what then?", "Which bus do we take?"),
}
LAST_WRITTEN = 20
"""Whatever users have booked, they did so many days ago at least."""


class History:
    """Writes reservations for users, with everything that hangs on them.

    Args:
        rng: The population's randomness.
        now: The time at which the world begins.
        listings: Rows of listings.
        rules: Rows of their price rules.
        cards: By user, what pays.
        hosts: First names of hosts, by number.

    Attributes:
        rows: What to insert, by model, in order.
        reviews: Of stays of the past.
    """

    def __init__(
        self, rng: Random, now: datetime, listings: Rows, rules: Rows, cards: dict[int, int], hosts: Sequence[str]
    ) -> None:
        self.rng, self.now, self.listings, self.cards, self.hosts = rng, now, listings, cards, hosts
        self.rules: dict[int, list[stays.PriceRule]] = defaultdict(list)
        for rule in rules:
            self.rules[rule["listing_id"]].append(stays.PriceRule(**rule))
        models_in_order = (models.Reservation, models.Payment, flights.Passenger, flights.Segment, stays.HostMessage)
        self.rows: dict[type[models.Base], Rows] = {model: [] for model in (*models_in_order, models.Saved)}
        self.reviews: Rows = []

    def write(self, persons: Sequence[Person], blocks: Rows, flown: Timetable) -> None:
        """Fill `rows` and `reviews`; some blocks become reservations of users, some seats are theirs."""
        booked: Rows = [block for block in blocks if block["reason"] == "booked"]
        homes: dict[int, list[str]] = defaultdict(list)
        for person in persons:
            homes[person.household_id].append(person.name)
        for person in persons:
            for _ in range(self.rng.choice(PAST)):
                self._past(person)
            for _ in range(self.rng.choice((0, 0, 1, 2))):
                self._coming(person.id, self.rng.choice(booked))
            for _ in range(self.rng.choice((0, 0, 1))):
                self._journey(person, homes[person.household_id], flown)
            kept = self.rng.sample(self.listings, self.rng.choice(KEPT))
            self.rows[models.Saved] += [{"user_id": person.id, "listing_id": listing["id"]} for listing in kept]
        self._number(blocks)

    def _past(self, person: Person) -> None:
        """A stay that has ended, or was cancelled; half of the former have a review, some a talk with the host."""
        nights = self.rng.randrange(1, 9)
        day = self.now.date() - timedelta(days=self.rng.randrange(30, 600))
        listing = self.rng.choice(self.listings)
        stay = self._stay(person.id, listing, day, day + timedelta(days=nights))
        if self.rng.random() < 0.12:
            stay |= {"status": "cancelled", "version": 2}
            if listing["policy"] == "flexible":
                self._pay(stay, -stay["total"], "refund", stay["made_at"] + timedelta(hours=self.rng.randrange(1, 48)))
            return
        if self.rng.random() < 0.3:
            self._talk(person, listing, stay["made_at"])
        if self.rng.random() < 0.5:
            stars, host = self.rng.choice(LIKED), self.hosts[int(listing["host_id"]) - 1]
            text = prose.review(self.rng, stars, nights, host)
            written = {"author": person.first_name, "stars": stars, "text": text}
            ids = {"listing_id": listing["id"], "reservation_id": stay["id"]}
            on = day + timedelta(days=nights + self.rng.randrange(0, 12))
            self.reviews.append({**ids, **written, "written_on": on})

    def _talk(self, person: Person, listing: dict[str, Any], booked: datetime) -> None:
        """A question and the host's answer, some time after booking."""
        topic = self.rng.choice(tuple(QUESTIONS))
        asked = booked + timedelta(minutes=self.rng.randrange(20, 9_000))
        host = self.hosts[int(listing["host_id"]) - 1]
        said = prose.host_answer(self.rng, [listing[topic]], person.first_name, host)
        ids = {"listing_id": listing["id"], "user_id": person.id}
        answered = asked + timedelta(minutes=self.rng.randrange(3, 200))
        self.rows[stays.HostMessage] += [
            {**ids, "by_host": False, "text": self.rng.choice(QUESTIONS[topic]), "sent_at": asked},
            {**ids, "by_host": True, "text": said, "sent_at": answered},
        ]

    def _coming(self, user: int, block: dict[str, Any]) -> None:
        """A run of booked nights turns out to be this user's."""
        if block["reservation_id"] is None:
            row: dict[str, Any] = self.listings[int(block["listing_id"]) - 1]
            block["reservation_id"] = self._stay(user, row, block["first_night"], block["end"])["id"]

    def _stay(self, user: int, row: dict[str, Any], first: date, end: date) -> dict[str, Any]:
        listing = stays.Listing(night=row["night"], cleaning=row["cleaning"])
        total = price_stay(listing, self.rules[row["id"]], first, end).total
        days = {"listing_id": row["id"], "check_in": first, "check_out": end, "currency": row["currency"]}
        guests = self.rng.randrange(1, row["guests"] + 1)
        made = self._moment(first)
        return self._reservation(user, made, total, kind="stay", guests=guests, **days)

    def _journey(self, person: Person, home: list[str], flown: Timetable) -> None:
        """A flight of somebody, often with others of the household."""
        number, business = self.rng.randrange(len(flown.dates)), self.rng.random() < 0.1
        cabin = flown.cabins[2 * number + business]
        fare, made = self.rng.choice(flights.FARES), self._moment(self.now.date())
        others = [name for name in home if name != person.name]
        names = [person.name, *self.rng.sample(others, self.rng.randrange(len(others) + 1))]
        bags, insured = self.rng.choice((0, 0, 1, len(names))), self.rng.random() < 0.2
        total = price_journey([cabin["price"]], fare, len(names), bags, insured, "regular")
        what = {"cabin": cabin["cabin"], "fare": fare, "bags": bags, "insured": insured}
        found = self._reservation(person.id, made, total, kind="flight", **what)["id"]
        segment = {"reservation_id": found, "position": 1, "flight_date_id": flown.dates[number]["id"]}
        self.rows[flights.Segment].append(segment)
        self.rows[flights.Passenger] += [{"reservation_id": found, "name": name} for name in names]

    def _moment(self, before: date) -> datetime:
        """When something was booked: some days before it begins, and before the world does."""
        latest = self.now - timedelta(days=LAST_WRITTEN)
        day = min(latest, datetime(before.year, before.month, before.day)).date()
        ago = timedelta(days=1 + min(200, int(self.rng.expovariate(1 / 30))))
        return datetime(day.year, day.month, day.day) - ago + timedelta(seconds=self.rng.randrange(6 * 3600, 86_400))

    def _reservation(self, user: int, made: datetime, total: int, **values: Any) -> dict[str, Any]:
        """A reservation and its payment by the user's card."""
        number = len(self.rows[models.Reservation]) + 1
        row = {**EMPTY, "id": number, "user_id": user, "made_at": made, "total": total, **values}
        self.rows[models.Reservation].append(row)
        self._pay(row, total, "payment", made)
        return row

    def _pay(self, stay: dict[str, Any], amount: int, reason: str, at: datetime) -> None:
        method = self.cards[stay["user_id"]]
        paid = {"amount": amount, "reason": reason, "made_at": at}
        self.rows[models.Payment].append({"reservation_id": stay["id"], "method_id": method, **paid})

    def _number(self, blocks: Rows) -> None:
        """Number the reservations in the order in which they were made, with gaps, as a real desk has them."""
        made = sorted(self.rows[models.Reservation], key=lambda row: (row["made_at"], row["id"]))
        numbers = sorted(self.rng.sample(range(*NUMBERS), len(made)))
        new = {row["id"]: number for row, number in zip(made, numbers, strict=True)}
        for row in made:
            row["id"] = new[row["id"]]
        hanging = (*(self.rows[m] for m in (models.Payment, flights.Passenger, flights.Segment)), self.reviews, blocks)
        for rows in hanging:
            for row in rows:
                row["reservation_id"] = new.get(row["reservation_id"])
