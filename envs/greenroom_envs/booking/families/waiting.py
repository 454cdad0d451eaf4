"""Wait for nights that are taken, of a place that was saved, or for seats that are sold."""

from greenroom import Split, Task, World
from greenroom.rewards import expect, inserted
from greenroom_envs.booking.app import app
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.booking import book, booked, dates, spoken_dates
from greenroom_envs.booking.families.days import spoken
from greenroom_envs.booking.families.flying import book as fly
from greenroom_envs.booking.families.flying import booked as flown
from greenroom_envs.booking.families.planting import ME, Plant
from greenroom_envs.booking.flights import FlightDate
from greenroom_envs.booking.models import Saved
from greenroom_envs.booking.stays import Listing

REQUESTS = s.asks(
    "book {place}, which I saved, for {guests} people from {check_in} to {check_out}; if it is full, put me on the "
    "waitlist",
    "I saved {place}: book it from {check_in} until {check_out} for {guests} people, or have me wait for it",
    "the {guests} of us want {place} from my saved ones, {check_in} to {check_out}, else a place on the waitlist",
)
VAGUE = s.asks(
    "book {place}, which I saved, for us from {check_in} to {check_out}; if it is full, put me on the waitlist",
    "I saved {place}: book it for us from {check_in} until {check_out}, or have me wait for it",
    "we want {place} from my saved ones, {check_in} to {check_out}, else a place on the waitlist",
)
BY_CITY = s.asks(
    "book the place in {city} that I saved for us from {check_in} to {check_out}; if it is full, put me on the "
    "waitlist for it",
    "I saved a place in {city}: book that one for us from {check_in} until {check_out}, or have me wait for it",
    "we want the place in {city} from my saved ones, {check_in} to {check_out}, else its waitlist",
)


@app.task_family
def book_or_wait(world: World, split: Split) -> Task:
    """A saved place is booked, or waited for when a night is taken. At level 3 it is not named, and others are free."""
    plant, rng = Plant(world, split), world.random
    nights, full, guests, city = rng.choice((2, 3)), rng.random() < 0.6, rng.choice((2, 3, 4)), plant.city()
    first, hidden = plant.day(nights=nights), s.guests(plant)
    right, other = plant.listing(city), plant.listing(plant.city())
    world.session.add_all(Saved(user_id=ME, listing_id=listing.id) for listing in (right, other))
    if plant.alike:
        other = plant.twin(right, night=right.night - 1_000)
    if full:
        for listing in (right,) if plant.alike else (right, other):
            plant.take(listing, first)
    saved: s.Step = ("booking_list_saved", {})
    look: s.Step = ("booking_quote_stay", {"listing_id": right.id, **dates(first, nights), "guests": guests})
    begin = (*s.ask(hidden), saved, look)

    def act(listing: Listing) -> s.Step:
        if full and (listing is right or not plant.alike):
            return "booking_join_waitlist", {"listing_id": listing.id, **dates(first, nights)}
        return book(listing, first, nights, guests, [plant.card])

    waiting = {"listing_id": right.id, "user_id": ME, "check_in": s.is_day(first.isoformat())}
    wanted = [inserted("booking_waitlist", waiting)] if full else booked(plant, right, first, nights, guests)
    named = {"city": city} if plant.alike else {"place": right.title}
    wordings = BY_CITY if plant.alike else VAGUE if hidden else REQUESTS
    slots = {**named, "guests": str(guests), **spoken_dates(first, nights)}
    return s.task(
        plant,
        s.goal(plant, "book_or_wait", wordings, "done", hidden, **slots),
        s.STAY_TOOLS,
        solution=(*begin, act(right), s.DONE),
        slips=((*begin, act(other), s.DONE), (*begin, s.DONE)),
        verifier=expect(wanted),
    )


SEATS = s.asks(
    "book {person} on flight {flight} of {day}, basic fare; if it is sold out, put {person} on the waitlist",
    "{person} must be on {flight} on {day}, basic fare, or wait for a seat if there is none",
    "get {person} a basic seat on {flight}, {day}, else have it waited for",
)
TWO_SEATS = s.asks(
    "book {person} and {second} on flight {flight} of {day}, basic fare; if there are not two seats, have me wait for "
    "two",
    "{person} and {second} must be on {flight} on {day}, basic fare, together, or both wait if it is full for two",
    "get {person} and {second} basic seats on {flight}, {day}, or a waitlist entry for both, never one alone",
)


@app.task_family
def wait_for_seats(world: World, split: Split) -> Task:
    """A flight that is booked, or waited for when it is sold out. From level 2 for two, and one seat may be left."""
    plant, rng = Plant(world, split), world.random
    origin, end, day = plant.airport(), plant.airport(), plant.day()
    people = [plant.person() for _ in range(2 if plant.hidden else 1)]
    cents, full, count = plant.amount(9_000, 30_000, 5), rng.random() < 0.65, len(people)
    left, cabin = count - 1 if full else 20, {"business": 9} if plant.alike else {}
    flight = plant.flight(origin, end, day, 600, cents, seats=left, **cabin)
    other = plant.flight(origin, end, day, 700, cents, seats=left)
    look: s.Step = ("booking_show_flight", {"flight": flight.number, "day": day.isoformat()})

    def act(chosen: FlightDate) -> s.Step:
        if full:
            values = {"flight": chosen.number, "day": day.isoformat(), "seats": count}
            return "booking_join_flight_waitlist", values
        return fly([chosen], people, plant.card, "basic")

    waiting = {"flight_date_id": flight.id, "user_id": ME, "cabin": "economy", "seats": count}
    wanted = [inserted("booking_waitlist", waiting)] if full else flown(plant, [flight], people, "basic")
    alone = ((look, fly([flight], people[:1], plant.card, "basic"), s.DONE),) if plant.hidden else ()
    slots = {"person": people[0], "flight": flight.number, "day": spoken(day)}
    if plant.hidden:
        slots["second"] = people[1]
    return s.task(
        plant,
        s.goal(plant, "wait_for_seats", TWO_SEATS if plant.hidden else SEATS, **slots),
        ("booking_join_flight_waitlist", *s.FLIGHT_TOOLS),
        solution=(look, act(flight), s.DONE),
        slips=((look, act(other), s.DONE), (look, s.DONE), *alone),
        verifier=expect(wanted),
    )
