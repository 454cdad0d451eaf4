"""No tool asks the database once for each row that it shows: ten times the rows, as many statements."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from greenroom.messages import call
from greenroom.statements import counting
from greenroom_envs.booking import app
from greenroom_envs.booking.desk import utc_now
from greenroom_envs.booking.families.planting import ME, Plant
from greenroom_envs.booking.models import Escalation, Saved, Waiting
from greenroom_envs.booking.stays import HostMessage, PriceRule, Review
from support.booking import Counter

FEW = 8
"""No list needs more statements than this."""


class Scene:
    """A city full of places and journeys, which grows."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        counter.plant(self._begin)

    def _begin(self, plant: Plant) -> None:
        self.a, self.b, self.stop = plant.airport(), plant.airport(), plant.airport()
        for place in (self.a, self.b, self.stop):
            place.time_zone = "America/Chicago"
        self.day, self.first = plant.day(), plant.listing(self.a.city)
        self.flight = plant.flight(self.a, self.b, self.day, 300, 10_000)
        self.journey = plant.journey(self.flight, "standard", [plant.person()])
        self.grow(plant, 1)

    def grow(self, plant: Plant, count: int) -> None:
        """Make more of everything that lists show."""
        now, add = utc_now(plant.world), plant.world.session.add
        for n in range(count):
            listing = plant.listing(self.a.city)
            add(PriceRule(listing_id=listing.id, kind="weekend", percent=10))
            stay = plant.stay(listing, self.day + timedelta(days=100), 2)
            journey = plant.journey(self.flight, "standard", [plant.person(), plant.person()])
            add(Saved(user_id=ME, listing_id=listing.id))
            add(Waiting(user_id=ME, flight_date_id=self.flight.id, cabin="economy", seats=1))
            add(Waiting(user_id=ME, listing_id=listing.id, check_in=stay.check_in, check_out=stay.check_out))
            add(Escalation(reservation_id=journey.id, reason="Late.", made_at=now))
            message = {"listing_id": self.first.id, "user_id": ME, "sent_at": now}
            add(HostMessage(**message, by_host=False, text="Hello?"))
            add(Review(listing_id=self.first.id, author="Ann", stars=5, text="Fine.", written_on=now.date()))
            plant.flight(self.a, self.b, self.day, 400 + n, 10_000)
            plant.flight(self.a, self.stop, self.day, 400 + n, 5_000)
            plant.flight(self.stop, self.b, self.day, 600 + n, 5_000)
            plant.voucher(5_000, 30)

    def statements(self, tool: str, **arguments: Any) -> int:
        """How many statements a call takes."""
        with counting(self.counter.world) as found:
            result = app.call(self.counter.world, call(f"booking_{tool}", **arguments))
        assert result.refused is None, result.text
        return len(found.sql)


@pytest.fixture
def scene(counter: Counter) -> Scene:
    return Scene(counter)


LISTS: dict[str, Callable[[Scene], dict[str, Any]]] = {
    "list_reservations": lambda scene: {},
    "list_saved": lambda scene: {},
    "list_waitlist": lambda scene: {},
    "list_cases": lambda scene: {},
    "list_vouchers": lambda scene: {},
    "list_payment_methods": lambda scene: {},
    "list_holds": lambda scene: {},
    "list_reviews": lambda scene: {"listing_id": scene.first.id},
    "list_messages": lambda scene: {"listing_id": scene.first.id},
    "list_payments": lambda scene: {"reservation_id": scene.journey.id},
    "show_reservation": lambda scene: {"reservation_id": scene.journey.id},
    "show_seats": lambda scene: {"flight": scene.flight.number, "day": str(scene.day)},
    "show_calendar": lambda scene: {"listing_id": scene.first.id, "first_night": str(scene.day), "nights": 31},
    "search_stays": lambda scene: {"city": scene.a.city, "guests": 2, **scene.counter.days(300)},
    "search_flights": lambda scene: {"origin": scene.a.code, "destination": scene.b.code, "day": str(scene.day)},
    "search_connections": lambda scene: {"origin": scene.a.code, "destination": scene.b.code, "day": str(scene.day)},
    "search_airports": lambda scene: {"query": scene.a.city[:2]},
}


@pytest.mark.parametrize("tool", LISTS)
def test_a_list_costs_as_many_statements_however_long_it_is(scene: Scene, tool: str) -> None:
    arguments = LISTS[tool](scene)
    short = scene.statements(tool, **arguments)
    scene.counter.plant(lambda plant: scene.grow(plant, 9))
    assert scene.statements(tool, **arguments) == short <= FEW


def test_cancelling_a_journey_of_six_costs_as_many_statements_as_one_of_two(counter: Counter) -> None:
    def fly(count: int) -> int:
        def make(plant: Plant) -> int:
            flight = plant.flight(plant.airport(), plant.airport(), plant.day(), 600, 9_000)
            return plant.journey(flight, "standard", [plant.person() for _ in range(count)]).id

        number = counter.plant(make)
        with counting(counter.world) as found:
            counter.use("cancel_reservation", reservation_id=number)
        return len(found.sql)

    assert fly(2) == fly(6)
