"""Book a journey with one stop where there is no direct flight."""

from greenroom import Split, Task, World
from greenroom.rewards import expect
from greenroom_envs.booking.app import app
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.flying import book, booked
from greenroom_envs.booking.families.planting import Plant, spoken

REQUESTS = s.asks(
    "book {one} the cheapest way from {origin} to {destination} on {day}, a stop is fine, basic fare",
    "{one} flies from {origin} to {destination} on {day}: book the cheapest with at most one stop, basic fare",
    "get {one} from {origin} to {destination} on {day} as cheaply as you can, basic fare, one stop at most",
)


@app.task_family
def one_stop(world: World, split: Split) -> Task:
    """The cheapest of two ways; a cheaper one leaves too little time to change."""
    plant, rng = Plant(world, split), world.random
    origin, end, day, person = plant.airport(), plant.airport(), plant.day(), plant.person()
    # One clock for all of them: the times between flights are what this task is about.
    stops = [plant.airport() for _ in range(3)]
    for place in (origin, *stops):
        place.time_zone = "America/Chicago"
    cents = rng.randrange(7_000, 15_000)
    ways = [
        [plant.flight(origin, stop, day, 480, cents + more), plant.flight(stop, end, day, 480 + 90 + change, cents)]
        for stop, more, change in zip(stops, (0, 1_500, -2_000), (90, 90, 20), strict=True)
    ]
    where = {"origin": origin.city, "destination": end.city, "day": day.isoformat()}
    direct: s.Step = ("booking_search_flights", where)
    start: s.Step = ("booking_search_connections", where)
    slots = {"one": person, "origin": origin.city, "destination": end.city}
    return Task(
        goal=s.goal(plant, "one_stop", REQUESTS, **slots, day=spoken(day)),
        tools=s.FLIGHT_TOOLS,
        solution=s.script(direct, start, book(ways[0], [person], plant.card, "basic"), s.DONE),
        slips=(
            s.script(direct, start, book(ways[1], [person], plant.card, "basic"), s.DONE),
            s.script(direct, start, book(ways[0], [person], plant.card, "standard"), s.DONE),
            s.script(direct, s.DONE),
        ),
        excess=s.excess(plant),
        verifier=expect(booked(plant, ways[0], [person], "basic")),
        max_steps=s.MAX_STEPS,
    )
