"""Choose a seat: the first wish if it is free, else the second."""

from sqlalchemy import select

from greenroom import Split, Task, World
from greenroom.rewards import expect, inserted
from greenroom_envs.booking.app import app
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.planting import Plant
from greenroom_envs.booking.flights import Passenger, Seat

REQUESTS = s.asks(
    "put {person} of {which} in seat {seat}, or in {other} if it is taken",
    "{person} wants seat {seat} on {which}; should it be taken, then {other}",
    "choose seat {seat} for {person} on {which}, otherwise {other}",
)


@app.task_family
def choose_seat(world: World, split: Split) -> Task:
    """One of two passengers; half of the time the first wish is taken."""
    plant, rng = Plant(world, split), world.random
    origin, end, day = plant.airport(), plant.airport(), plant.day()
    flight = plant.flight(origin, end, day, 600, rng.randrange(9_000, 30_000))
    mine = plant.journey(flight, "basic", [plant.person(), plant.person()])
    both = select(Passenger).where(Passenger.reservation_id == mine.id).order_by(Passenger.id)
    passengers = list(world.session.scalars(both))
    person, companion = rng.sample(passengers, 2)
    first, second = (f"{row}{rng.choice('ABCD')}" for row in rng.sample(range(5, 21), 2))
    taken = rng.random() < 0.5
    if taken:
        world.session.add(Seat(flight_date_id=flight.id, seat=first, passenger_id=None))
    begin = s.find(plant, mine.id)
    look: s.Step = ("booking_show_seats", {"flight": flight.number, "day": flight.day.isoformat()})
    right, wrong = (second, "19A" if second != "19A" else "19B") if taken else (first, second)

    def choose(passenger: Passenger, seat: str) -> tuple[s.Message, ...]:
        values = {"reservation_id": mine.id, "passenger_id": passenger.id, "flight": flight.number, "seat": seat}
        return s.script(*begin, look, ("booking_choose_seat", values), s.DONE)

    slots = {"person": person.name, "which": plant.which(mine, end.city, day), "seat": first, "other": second}
    row = {"flight_date_id": flight.id, "seat": right, "passenger_id": person.id}
    return Task(
        goal=s.goal(plant, "choose_seat", REQUESTS, **slots),
        tools=s.FLIGHT_TOOLS,
        solution=choose(person, right),
        slips=(choose(companion, right), choose(person, wrong), s.script(*begin, look, s.DONE)),
        excess=s.excess(plant),
        verifier=expect([inserted("booking_seat", row)]),
        max_steps=s.MAX_STEPS,
    )
