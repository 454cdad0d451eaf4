"""Choose a seat: the first wish if it is free, else the second, which the user may have kept for later."""

from sqlalchemy import select

from greenroom import Split, Task, World
from greenroom.rewards import expect, inserted
from greenroom_envs.booking.app import app
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.planting import Plant
from greenroom_envs.booking.flights import Passenger, Seat
from greenroom_envs.booking.timetable import SEATS

ECONOMY = SEATS[16:]
REQUESTS = s.asks(
    "put {person} of {which} in seat {seat}, or in {other} if it is taken",
    "{person} wants seat {seat} on {which}; should it be taken, then {other}",
    "choose seat {seat} for {person} on {which}, otherwise {other}",
    "on {which} {person} likes {seat} best, {other} second: choose the better one that is free",
)
VAGUE = s.asks(
    "put {person} of {which} in seat {seat}",
    "{person} wants seat {seat} on {which}",
    "choose seat {seat} for {person} on {which}",
    "on {which} {person} likes {seat} best: choose that seat",
)


@app.task_family
def choose_seat(world: World, split: Split) -> Task:
    """One of two passengers; the first wish is taken half of the time. At level 3 it is, and the second is hidden."""
    plant, rng = Plant(world, split), world.random
    origin, end, day = plant.airport(), plant.airport(), plant.day()
    flight = plant.flight(origin, end, day, 600, plant.amount(9_000, 30_000, 5))
    mine = plant.journey(flight, "basic", [plant.person(), plant.person()])
    both = select(Passenger).where(Passenger.reservation_id == mine.id).order_by(Passenger.id)
    passengers = list(world.session.scalars(both))
    person, companion = rng.sample(passengers, 2)
    first = second = plant.pick(ECONOMY)
    while second == first:
        second = plant.pick(ECONOMY)
    taken, hidden = plant.alike or rng.random() < 0.5, ("other",) if plant.alike else ()
    free = [seat for seat in ECONOMY if seat not in (first, second)]
    strangers = [*rng.sample(free, rng.randrange(3, 12)), *([first] if taken else [])]
    world.session.add_all(Seat(flight_date_id=flight.id, seat=seat, passenger_id=None) for seat in strangers)
    look: s.Step = ("booking_show_seats", {"flight": flight.number, "day": flight.day.isoformat()})
    begin = (*s.find(plant, mine.id), look, *s.ask(hidden))
    unasked = next(seat for seat in reversed(free) if seat not in strangers)
    right, wrong = (second, unasked) if taken else (first, second)

    def choose(passenger: Passenger, seat: str) -> tuple[s.Step, ...]:
        values = {"reservation_id": mine.id, "passenger_id": passenger.id, "flight": flight.number, "seat": seat}
        return (*begin, ("booking_choose_seat", values), s.DONE)

    slots = {"person": person.name, "which": plant.which(mine, end.city, day), "seat": first, "other": second}
    row = {"flight_date_id": flight.id, "seat": right, "passenger_id": person.id}
    return s.task(
        plant,
        s.goal(plant, "choose_seat", VAGUE if hidden else REQUESTS, "done", hidden, **slots),
        s.FLIGHT_TOOLS,
        solution=choose(person, right),
        slips=(choose(companion, right), choose(person, wrong), (*begin, s.DONE)),
        verifier=expect([inserted("booking_seat", row)]),
    )
