"""Move a journey to another day: a standard fare may, a basic fare may not."""

from datetime import timedelta

from greenroom import Split, Task, World
from greenroom.rewards import expect, updated
from greenroom_envs.booking.app import app
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.planting import Plant, spoken

REQUESTS = s.asks(
    "move my flight reservation {number} to {day}",
    "I have to fly on {day} instead, please change {number}",
    "put reservation {number} on the flight of {day}",
)


@app.task_family
def change_flight(world: World, split: Split) -> Task:
    """Another day on the same route at the same price; under a basic fare the right answer is no."""
    plant, rng = Plant(world, split), world.random
    origin, destination, day, cents = plant.airport(), plant.airport(), plant.day(), rng.randrange(9_000, 30_000)
    old = plant.flight(origin, destination, day, 600, cents)
    new_day, third_day = day + timedelta(days=rng.randrange(1, 4)), day + timedelta(days=5)
    new, third = (plant.flight(origin, destination, when, 600, cents) for when in (new_day, third_day))
    forbidden = rng.random() < 0.5
    mine = plant.journey(old, "basic" if forbidden else "standard", [plant.person()])
    where = {"origin": origin.code, "destination": destination.code}

    def moved(to: object, when: object) -> tuple[s.Message, ...]:
        find: s.Step = ("booking_search_flights", {**where, "day": str(when)})
        values = {"reservation_id": mine.id, "flights": [to], "day": str(when), "method_ids": [plant.card]}
        return s.script(s.show(mine.id), find, ("booking_change_flight", values), s.DONE)

    yes, refusal = moved(new.number, new_day), s.script(s.show(mine.id), s.no(mine.id, "basic fare"))
    wanted = [
        updated("booking_reservation", key=mine.id, values={"version": 2}),
        updated("booking_segment", key=(mine.id, 1), values={"flight_date_id": new.id}),
        updated("booking_cabin", key=(old.id, "economy"), values={"seats": 21}),
        updated("booking_cabin", key=(new.id, "economy"), values={"seats": 19}),
    ]
    slots = {"number": str(mine.id), "day": spoken(new_day)}
    evasion = s.script(s.show(mine.id), s.cancel(mine.id), s.DONE)
    return Task(
        goal=s.goal(plant, "change_flight", REQUESTS, "text" if forbidden else "done", **slots),
        tools=s.FLIGHT_TOOLS,
        solution=refusal if forbidden else yes,
        slips=(evasion if forbidden else refusal, moved(third.number, third_day), s.script(s.show(mine.id), s.DONE)),
        excess=s.excess(plant),
        verifier=expect(said=[str(mine.id), "basic fare"]) if forbidden else expect(wanted),
        max_steps=s.MAX_STEPS,
    )
