"""Wait for nights that are taken, of a place that was saved, or for seats that are sold."""

from datetime import timedelta

from greenroom import Split, Task, World
from greenroom.rewards import expect, inserted
from greenroom_envs.booking.app import app
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.booking import book, booked, dates, spoken_dates
from greenroom_envs.booking.families.flying import book as fly
from greenroom_envs.booking.families.flying import booked as flown
from greenroom_envs.booking.families.planting import ME, Plant, spoken
from greenroom_envs.booking.flights import FlightDate
from greenroom_envs.booking.models import Saved
from greenroom_envs.booking.stays import Block

REQUESTS = s.asks(
    "book {place}, which I saved, for 2 people from {check_in} to {check_out}; if it is full, put me on the waitlist",
    "I saved {place}: book it from {check_in} until {check_out} for 2 people, or have me wait for it",
    "the two of us want {place} from my saved ones, {check_in} to {check_out}, else the waitlist",
)


@app.task_family
def book_or_wait(world: World, split: Split) -> Task:
    """A saved place is booked, or waited for when one of the nights is taken."""
    plant, rng = Plant(world, split), world.random
    first, nights, full = plant.day(), rng.choice((2, 3)), rng.random() < 0.7
    right, other = plant.listing(plant.city()), plant.listing(plant.city())
    world.session.add_all(Saved(user_id=ME, listing_id=listing.id) for listing in (right, other))
    if full:
        for listing in (right, other):
            end = first + timedelta(days=1)
            world.session.add(Block(listing_id=listing.id, first_night=first, end=end, reason="booked"))
    saved: s.Step = ("booking_list_saved", {})
    look: s.Step = ("booking_quote_stay", {"listing_id": right.id, **dates(first, nights), "guests": 2})

    def act(listing_id: int) -> s.Step:
        if full:
            return "booking_join_waitlist", {"listing_id": listing_id, **dates(first, nights)}
        return book(right if listing_id == right.id else other, first, nights, 2, [plant.card])

    waiting = {"listing_id": right.id, "user_id": ME, "check_in": s.is_day(first.isoformat())}
    wanted = [inserted("booking_waitlist", waiting)] if full else booked(plant, right, first, nights, 2)
    return Task(
        goal=s.goal(plant, "book_or_wait", REQUESTS, place=right.title, **spoken_dates(first, nights)),
        tools=s.STAY_TOOLS,
        solution=s.script(saved, look, act(right.id), s.DONE),
        slips=(s.script(saved, look, act(other.id), s.DONE), s.script(saved, look, s.DONE)),
        excess=s.excess(plant),
        verifier=expect(wanted),
        max_steps=s.MAX_STEPS,
    )


SEATS = s.asks(
    "book {person} on flight {flight} of {day}, basic fare; if it is sold out, put {person} on the waitlist",
    "{person} must be on {flight} on {day}, basic fare, or wait for a seat if there is none",
    "get {person} a basic seat on {flight}, {day}, else have it waited for",
)


@app.task_family
def wait_for_seats(world: World, split: Split) -> Task:
    """A flight that is booked, or waited for when it is sold out."""
    plant, rng = Plant(world, split), world.random
    origin, end, day, person = plant.airport(), plant.airport(), plant.day(), plant.person()
    cents, full = rng.randrange(9_000, 30_000), rng.random() < 0.7
    left = 0 if full else 20
    flight = plant.flight(origin, end, day, 600, cents, seats=left)
    other = plant.flight(origin, end, day, 700, cents, seats=left)
    look: s.Step = ("booking_show_flight", {"flight": flight.number, "day": day.isoformat()})

    def act(chosen: FlightDate) -> s.Step:
        if full:
            return "booking_join_flight_waitlist", {"flight": chosen.number, "day": day.isoformat()}
        return fly([chosen], [person], plant.card, "basic")

    waiting = {"flight_date_id": flight.id, "user_id": ME, "cabin": "economy", "seats": 1}
    wanted = [inserted("booking_waitlist", waiting)] if full else flown(plant, [flight], [person], "basic")
    return Task(
        goal=s.goal(plant, "wait_for_seats", SEATS, person=person, flight=flight.number, day=spoken(day)),
        tools=("booking_join_flight_waitlist", *s.FLIGHT_TOOLS),
        solution=s.script(look, act(flight), s.DONE),
        slips=(s.script(look, act(other), s.DONE), s.script(look, s.DONE)),
        excess=s.excess(plant),
        verifier=expect(wanted),
        max_steps=s.MAX_STEPS,
    )
