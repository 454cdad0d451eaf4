"""Who flies, and insured or not: names are corrected, never replaced; insurance is bought soon or not at all."""

from datetime import timedelta

from sqlalchemy import select

from greenroom import Split, Task, World
from greenroom.rewards import expect, inserted, updated
from greenroom_envs.booking.app import app
from greenroom_envs.booking.desk import utc_now
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.planting import Plant
from greenroom_envs.booking.flights import Passenger
from greenroom_envs.booking.policy import INSURANCE_FEE
from greenroom_envs.booking.pricing import spoken

NAME = s.asks(
    "on {which} the name {wrong} must be {person}",
    "change the passenger {wrong} of {which} to {person}",
    "{wrong} on {which} should read {person}, please put that right",
)
INSURE = s.asks(
    "insure {which} and tell me what it costs",
    "add insurance to {which}; what do I pay for it",
    "I want {which} insured, say the price",
)


@app.task_family
def fix_name(world: World, split: Split) -> Task:
    """A slip of the pen is corrected; for another person the right answer is no."""
    plant, rng = Plant(world, split), world.random
    origin, end, day = plant.airport(), plant.airport(), plant.day()
    flight = plant.flight(origin, end, day, 600, rng.randrange(9_000, 30_000))
    person, companion, forbidden = plant.person(), plant.person(), rng.random() < 0.5
    first, last = person.split()
    place = rng.randrange(1, len(first) - 1)
    old = plant.person() if forbidden else f"{first[:place] + first[place + 1 :]} {last}"
    mine = plant.journey(flight, "basic", [old, companion])
    both = select(Passenger).where(Passenger.reservation_id == mine.id)
    people = {passenger.name: passenger.id for passenger in world.session.scalars(both)}
    begin = s.find(plant, mine.id)

    def correct(whose: str, name: str) -> tuple[s.Message, ...]:
        values = {"reservation_id": mine.id, "passenger_id": people[whose], "name": name}
        return s.script(*begin, ("booking_correct_name", values), s.DONE)

    refusal = s.script(*begin, s.no(mine.id, "same person"))
    slots = {"which": plant.which(mine, end.city, day), "wrong": old, "person": person}
    return Task(
        goal=s.goal(plant, "fix_name", NAME, "text" if forbidden else "done", **slots),
        tools=s.FLIGHT_TOOLS,
        solution=refusal if forbidden else correct(old, person),
        slips=(
            correct(old, f"{old.split()[0]} {last}x"),
            s.script(*begin, s.cancel(mine.id), s.DONE),
            s.script(*begin, s.DONE),
        ),
        excess=s.excess(plant),
        verifier=s.refused(mine.id, "same person")
        if forbidden
        else expect([updated("booking_passenger", key=people[old], values={"name": person})]),
        max_steps=s.MAX_STEPS,
    )


@app.task_family
def insure(world: World, split: Split) -> Task:
    """Insure a journey that was booked some hours ago; days later the right answer is no."""
    plant, rng = Plant(world, split), world.random
    origin, end, day, forbidden = plant.airport(), plant.airport(), plant.day(), rng.random() < 0.5
    flight = plant.flight(origin, end, day, 600, rng.randrange(9_000, 30_000))
    people = [plant.person() for _ in range(rng.choice((1, 2, 3)))]
    ago = timedelta(hours=rng.randrange(30, 300) if forbidden else rng.randrange(2, 22))
    mine = plant.journey(flight, "basic", people, made_at=utc_now(world) - ago)
    due, begin = INSURANCE_FEE * len(people), s.find(plant, mine.id)
    pay: s.Step = ("booking_add_insurance", {"reservation_id": mine.id, "method_ids": [plant.card]})
    yes = s.script(*begin, pay, f"Done, it costs {spoken(due)}.")
    refusal = s.script(*begin, s.no(mine.id, "late insurance"))
    wanted = [
        updated("booking_reservation", key=mine.id, values={"insured": True, "total": mine.total + due, "version": 2}),
        inserted("booking_payment", {"method_id": plant.card, "amount": due}),
    ]
    needs, which = "text" if forbidden else "number", plant.which(mine, end.city, day)
    return Task(
        goal=s.goal(plant, "insure", INSURE, needs, which=which),
        tools=s.FLIGHT_TOOLS,
        solution=refusal if forbidden else yes,
        slips=(
            s.script(*begin, f"Done, it costs {spoken(due)}."),
            s.script(*begin, s.cancel(mine.id), s.DONE),
            refusal if not forbidden else s.script(*begin, s.no(mine.id, "basic fare")),
        ),
        excess=s.excess(plant),
        verifier=s.refused(mine.id, "late insurance") if forbidden else expect(wanted, said=[spoken(due)[1:]]),
        max_steps=s.MAX_STEPS,
    )
