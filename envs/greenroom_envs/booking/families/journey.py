"""A whole trip: a flight there, and a place to stay from that day on."""

from greenroom import Split, Task, World
from greenroom.rewards import expect
from greenroom_envs.booking.app import app
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.booking import book, booked, search, spoken_dates
from greenroom_envs.booking.families.flying import book as fly
from greenroom_envs.booking.families.flying import booked as flown
from greenroom_envs.booking.families.planting import Plant

REQUESTS = s.asks(
    "{one} goes to {city}, from {origin}, on {check_in}: book the cheapest direct flight, fare {fare}, and the "
    "cheapest place to stay there alone until {check_out}",
    "book a trip for {one} alone: cheapest direct flight from {origin} to {city} on {check_in}, fare {fare}, then the "
    "cheapest place there until {check_out}",
    "I need a flight, fare {fare}, from {origin} to {city} on {check_in} for {one}, and a bed for one from that day "
    "until {check_out}; the cheapest of each",
)
VAGUE = s.asks(
    "{one} goes to {city}, from {origin}, on {check_in}: book the cheapest direct flight, and the cheapest place to "
    "stay there alone until {check_out}",
    "book a trip for {one} alone: cheapest direct flight from {origin} to {city} on {check_in}, then the cheapest "
    "place there until {check_out}",
    "I need a flight from {origin} to {city} on {check_in} for {one}, and a bed for one from that day until "
    "{check_out}; the cheapest of each",
)
TOOLS = (
    "booking_search_airports",
    "booking_search_flights",
    "booking_show_flight",
    "booking_book_flight",
    *(tool for tool in s.STAY_TOOLS if "host" not in tool and "review" not in tool),
)


@app.task_family
def whole_trip(world: World, split: Split) -> Task:
    """A flight and a stay, each the cheapest; both, or nothing is right. At level 3 cheaper ones are full or taken."""
    plant, rng = Plant(world, split), world.random
    origin, end, nights, person = plant.airport(), plant.airport(), rng.choice((2, 3)), plant.person()
    day, cents, night = plant.day(nights=nights), plant.amount(9_000, 20_000, 5), plant.amount(7_000, 12_000, 50)
    fare, hidden = rng.choice(("basic", "standard")), ("fare",) if plant.hidden else ()
    out, dear = (plant.flight(origin, end, day, 500 + more, cents + more) for more in (0, 200))
    right = plant.listing(end.city, night=night, cleaning=0)
    other = plant.listing(end.city, night=night + 900, cleaning=0)
    if plant.alike:
        plant.flight(origin, end, day, 560, cents - 2_500, seats=0)
        plant.take(plant.listing(end.city, night=night - 1_500, cleaning=0), day)
        plant.listing(end.city, night=night - 1_000, cleaning=0, min_nights=nights + 1)
    where = {"origin": origin.city, "destination": end.city, "day": day.isoformat()}
    seek: s.Step = ("booking_search_flights", where)
    begin = (*s.ask(hidden), seek, fly([out], [person], plant.card, fare))
    look, pay = search(end.city, day, nights, 1), [plant.card]
    wanted = [*flown(plant, [out], [person], fare), *booked(plant, right, day, nights, 1)]
    slots = {"one": person, "origin": origin.city, "city": end.city, "fare": fare, **spoken_dates(day, nights)}
    stay = book(right, day, nights, 1, pay)
    return s.task(
        plant,
        s.goal(plant, "whole_trip", VAGUE if hidden else REQUESTS, "done", hidden, **slots),
        TOOLS,
        solution=(*begin, look, stay, s.DONE),
        slips=(
            (*begin, look, book(other, day, nights, 1, pay), s.DONE),
            (seek, fly([dear], [person], plant.card, fare), look, stay, s.DONE),
            (*begin, s.DONE),
        ),
        verifier=expect(wanted),
    )
