"""Book a direct flight: the cheapest with enough seats, for everybody named."""

from datetime import timedelta

from greenroom import Split, Task, World
from greenroom.rewards import Wanted, expect, inserted, updated
from greenroom_envs.booking.app import app
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.days import spoken
from greenroom_envs.booking.families.planting import Plant
from greenroom_envs.booking.flights import FlightDate
from greenroom_envs.booking.pricing import price_journey

REQUESTS = s.asks(
    "book {one} and {two} on the cheapest direct flight from {origin} to {destination} on {day}, fare {fare}",
    "on {day} {one} and {two} fly from {origin} to {destination}: book the cheapest direct one, fare {fare}",
    "get the cheapest direct flight of {day} from {origin} to {destination}, fare {fare}, for {one} and {two}",
    "{one} and {two} need seats from {origin} to {destination} on {day}, {fare} fare, direct and as cheap as can be",
)
VAGUE = s.asks(
    "book {one} and {two} on the cheapest direct flight from {origin} to {destination} on {day}",
    "on {day} {one} and {two} fly from {origin} to {destination}: book the cheapest direct one",
    "get the cheapest direct flight of {day} from {origin} to {destination} for {one} and {two}",
    "{one} and {two} need two seats from {origin} to {destination} on {day}, direct and as cheap as can be",
)
EITHER = s.asks(
    "book {one} on flight {flight} of {day}, fare {fare}, or on {other} if it is sold out",
    "{one} flies with {flight} on {day}, fare {fare}; should the last seat go, then with {other}",
    "get {one} a seat on {flight}, {day}, fare {fare}, else on {other}",
    "{flight} of {day} is what {one} wants, {fare} fare; if there is no seat in economy, book {other}",
)
EITHER_VAGUE = s.asks(
    "book {one} on flight {flight} of {day}, or on {other} if it is sold out",
    "{one} flies with {flight} on {day}; should the last seat go, then with {other}",
    "get {one} a seat on {flight}, {day}, else on {other}",
    "{flight} of {day} is what {one} wants; if there is no seat in economy, book {other}",
)


def book(flights: list[FlightDate], people: list[str], method: int, fare: str) -> s.Step:
    """Book flights."""
    numbers, day = [f.number for f in flights], flights[0].day.isoformat()
    values = {"passengers": people, "method_ids": [method], "fare": fare}
    return "booking_book_flight", {"flights": numbers, "day": day, **values}


def booked(plant: Plant, flights: list[FlightDate], people: list[str], fare: str) -> list[Wanted]:
    """What a journey paid by card leaves behind."""
    prices = [plant.cents(flight) for flight in flights]
    total = price_journey(prices, fare, len(people), 0, False, plant.me.tier)
    values = {"kind": "flight", "fare": fare, "bags": 0, "insured": 0, "cabin": "economy", "total": total}
    return [
        inserted("booking_reservation", values),
        inserted("booking_payment", {"method_id": plant.card, "amount": total}),
        *(inserted("booking_passenger", {"name": name}) for name in people),
        *(inserted("booking_segment", {"flight_date_id": flight.id}) for flight in flights),
        *(updated("booking_cabin", key=(f.id, "economy"), values={"seats": 20 - len(people)}) for f in flights),
    ]


@app.task_family
def book_flight(world: World, split: Split) -> Task:
    """The cheapest of some flights; a cheaper one has only one seat left. At level 3 a cheaper one has a stop."""
    plant, rng = Plant(world, split), world.random
    origin, destination, day = plant.airport(), plant.airport(), plant.day()
    cents, people = plant.amount(9_000, 20_000, 5), [plant.person(), plant.person()]
    right = plant.flight(origin, destination, day, 600, cents)
    dear = plant.flight(origin, destination, day, 800, cents + 2_000)
    plant.flight(origin, destination, day, 700, cents - 3_000, seats=1)
    fare, hidden = rng.choice(("basic", "standard")), ("fare",) if plant.hidden else ()
    if plant.alike:
        stop = plant.airport()
        plant.flight(origin, stop, day, 500, cents // 3)
        plant.flight(stop, destination, day, 700, cents // 3)
    start: s.Step = (
        "booking_search_flights",
        {"origin": origin.city, "destination": destination.city, "day": day.isoformat(), "passengers": 2},
    )
    slots = {"one": people[0], "two": people[1], "origin": origin.city, "destination": destination.city}
    wordings, wrong_fare = VAGUE if hidden else REQUESTS, "basic" if fare == "standard" else "standard"
    return s.task(
        plant,
        s.goal(plant, "book_flight", wordings, "done", hidden, **slots, day=spoken(day), fare=fare),
        s.FLIGHT_TOOLS,
        solution=(*s.ask(hidden), start, book([right], people, plant.card, fare), s.DONE),
        slips=(
            (start, book([dear], people, plant.card, fare), s.DONE),
            (start, book([right], people, plant.card, wrong_fare), s.DONE),
            (start, book([right], people[:1], plant.card, fare), s.DONE),
        ),
        verifier=expect(booked(plant, [right], people, fare)),
    )


@app.task_family
def sold_out_meanwhile(world: World, split: Split) -> Task:
    """Others buy the last seat of the first choice after it was looked at. At level 3 its business cabin has seats."""
    plant, rng = Plant(world, split), world.random
    origin, destination, day, person = plant.airport(), plant.airport(), plant.day(), plant.person()
    cents, fare = plant.amount(9_000, 20_000, 5), rng.choice(("basic", "standard"))
    cabin = {"business": 6} if plant.alike else {}
    wanted = plant.flight(origin, destination, day, 600, cents, seats=1, **cabin)
    second = plant.flight(origin, destination, day, 800, cents + 1_000)
    third, hidden = plant.flight(origin, destination, day, 700, cents), ("fare",) if plant.hidden else ()
    # A look takes five seconds and still shows the seat; before any second call it is gone.
    world.schedule("booking.others_fly", {"flight": wanted.id, "left": 0}, after=timedelta(seconds=7))
    look: s.Step = ("booking_show_flight", {"flight": wanted.number, "day": day.isoformat()})
    slots = {"one": person, "flight": wanted.number, "other": second.number, "fare": fare}

    def fly(flight: FlightDate) -> tuple[s.Step, ...]:
        return (*s.ask(hidden), look, look, book([flight], [person], plant.card, fare), s.DONE)

    return s.task(
        plant,
        s.goal(
            plant, "sold_out_meanwhile", EITHER_VAGUE if hidden else EITHER, "done", hidden, **slots, day=spoken(day)
        ),
        s.FLIGHT_TOOLS,
        solution=fly(second),
        slips=(fly(third), fly(wanted), (look, look, s.DONE)),
        verifier=expect(booked(plant, [second], [person], fare)),
    )
