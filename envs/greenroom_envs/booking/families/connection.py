"""Book a journey with one stop where there is no direct flight."""

from greenroom import Split, Task, World
from greenroom.rewards import expect
from greenroom_envs.booking.app import app
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.days import spoken
from greenroom_envs.booking.families.flying import book, booked
from greenroom_envs.booking.families.planting import Plant

REQUESTS = s.asks(
    "book {one} the cheapest way from {origin} to {destination} on {day}, a stop is fine, {fare} fare",
    "{one} flies from {origin} to {destination} on {day}: book the cheapest with at most one stop, {fare} fare",
    "get {one} from {origin} to {destination} on {day} as cheaply as you can, {fare} fare, one stop at most",
    "{one} has time and no money: {origin} to {destination} on {day}, {fare} fare, cheapest way, one stop is all right",
)
VAGUE = s.asks(
    "book {one} the cheapest way from {origin} to {destination} on {day}, a stop is fine",
    "{one} flies from {origin} to {destination} on {day}: book the cheapest with at most one stop",
    "get {one} from {origin} to {destination} on {day} as cheaply as you can, one stop at most",
    "{one} has time and no money: {origin} to {destination} on {day}, cheapest way, one stop is all right",
)


@app.task_family
def one_stop(world: World, split: Split) -> Task:
    """The cheapest of two ways; a cheaper one leaves too little time to change, at level 3 a direct one is dearer."""
    plant, rng = Plant(world, split), world.random
    origin, end, day, person = plant.airport(), plant.airport(), plant.day(), plant.person()
    # One clock for all of them: the times between flights are what this task is about.
    stops = [plant.airport() for _ in range(3)]
    for place in (origin, *stops):
        place.time_zone = "America/Chicago"
    cents, fare = plant.amount(7_000, 15_000, 5), rng.choice(("basic", "standard"))
    wrong_fare, hidden = "basic" if fare == "standard" else "standard", ("fare",) if plant.hidden else ()
    ways = [
        [plant.flight(origin, stop, day, 480, cents + more), plant.flight(stop, end, day, 480 + 90 + change, cents)]
        for stop, more, change in zip(stops, (0, 1_500, -2_000), (90, 90, 20), strict=True)
    ]
    nonstop = [plant.flight(origin, end, day, 540, 2 * cents + 12_000)] if plant.alike else []
    where = {"origin": origin.city, "destination": end.city, "day": day.isoformat()}
    begin: tuple[s.Step, ...] = (("booking_search_flights", where), ("booking_search_connections", where))
    slots = {"one": person, "origin": origin.city, "destination": end.city, "fare": fare}
    wordings, direct = VAGUE if hidden else REQUESTS, (*begin, book(nonstop or ways[1], [person], plant.card, fare))
    return s.task(
        plant,
        s.goal(plant, "one_stop", wordings, "done", hidden, **slots, day=spoken(day)),
        s.FLIGHT_TOOLS,
        solution=(*s.ask(hidden), *begin, book(ways[0], [person], plant.card, fare), s.DONE),
        slips=(
            (*direct, s.DONE),
            (*begin, book(ways[0], [person], plant.card, wrong_fare), s.DONE),
            (*begin, s.DONE),
        ),
        verifier=expect(booked(plant, ways[0], [person], fare)),
    )
