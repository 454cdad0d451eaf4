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
    "{wrong} on {which} should read {person}, put that right",
    "there is a mistake on {which}: it says {wrong}, and it is {person} who flies",
)
INSURE = s.asks(
    "insure {which} and tell me what it costs",
    "add insurance to {which}; what do I pay for it?",
    "I want {which} insured, and the price of that",
    "one never knows: get insurance for {which} and say how much it is",
)


@app.task_family
def fix_name(world: World, split: Split) -> Task:
    """A slip of the pen is corrected; for another person the answer is no. At level 3 a relative flies along."""
    plant, rng = Plant(world, split), world.random
    origin, end, day = plant.airport(), plant.airport(), plant.day()
    flight = plant.flight(origin, end, day, 600, plant.amount(9_000, 30_000, 5))
    person, forbidden = plant.person(), rng.random() < 0.5
    companion = _stranger(plant, person)
    first, last = person.split()
    if plant.alike:
        companion = f"{companion.split()[0]} {last}"
    place = rng.randrange(1, len(first) - 1)
    old = _stranger(plant, person, companion) if forbidden else f"{first[:place] + first[place + 1 :]} {last}"
    mine = plant.journey(flight, "basic", [old, companion])
    both = select(Passenger).where(Passenger.reservation_id == mine.id)
    people = {passenger.name: passenger.id for passenger in world.session.scalars(both)}
    begin = s.find(plant, mine.id)

    def correct(whose: str, name: str) -> tuple[s.Step, ...]:
        values = {"reservation_id": mine.id, "passenger_id": people[whose], "name": name}
        return (*begin, ("booking_correct_name", values), s.DONE)

    refusal = (*begin, s.no(mine.id, "same person"))
    slots = {"which": plant.which(mine, end.city, day), "wrong": old, "person": person}
    return s.task(
        plant,
        s.goal(plant, "fix_name", NAME, "text" if forbidden else "done", **slots),
        s.FLIGHT_TOOLS,
        solution=refusal if forbidden else correct(old, person),
        slips=(
            correct(companion, f"{first} {companion.split()[1]}"),
            correct(old, f"{old.split()[0]} {last}x"),
            (*begin, s.cancel(mine.id), s.DONE),
            (*begin, s.DONE),
        ),
        verifier=s.refused(mine.id, "same person")
        if forbidden
        else expect([updated("booking_passenger", key=people[old], values={"name": person})]),
    )


def _stranger(plant: Plant, *others: str) -> str:
    """A full name that shares no word with some others."""
    taken = {word for name in others for word in name.split()}
    while taken & set((made := plant.person()).split()):
        pass
    return made


@app.task_family
def insure(world: World, split: Split) -> Task:
    """Insure a journey that was booked some hours ago; days later the right answer is no. At level 3 there are two."""
    plant, rng = Plant(world, split), world.random
    origin, end, day, forbidden = plant.airport(), plant.airport(), plant.day(), rng.random() < 0.5
    flight = plant.flight(origin, end, day, 600, plant.amount(9_000, 30_000, 5))
    people = [plant.person() for _ in range(rng.choice((1, 2, 3)))]
    ago = timedelta(minutes=rng.randrange(1_800, 18_000) if forbidden else rng.randrange(90, 1_320))
    mine = plant.journey(flight, "basic", people, made_at=utc_now(world) - ago)
    plant.another_journey(flight, people)
    due, begin = INSURANCE_FEE * len(people), s.find(plant, mine.id)
    pay: s.Step = ("booking_add_insurance", {"reservation_id": mine.id, "method_ids": [plant.card]})
    yes = (*begin, pay, f"Done, it costs {spoken(due)}.")
    refusal = (*begin, s.no(mine.id, "late insurance"))
    wanted = [
        updated("booking_reservation", key=mine.id, values={"insured": True, "total": mine.total + due, "version": 2}),
        inserted("booking_payment", {"method_id": plant.card, "amount": due}),
    ]
    needs, which = "text" if forbidden else "number", plant.which(mine, end.city, day)
    return s.task(
        plant,
        s.goal(plant, "insure", INSURE, needs, which=which),
        s.FLIGHT_TOOLS,
        solution=refusal if forbidden else yes,
        slips=(
            (*begin, f"Done, it costs {spoken(due)}."),
            (*begin, s.cancel(mine.id), s.DONE),
            refusal if not forbidden else (*begin, s.no(mine.id, "basic fare")),
        ),
        verifier=s.refused(mine.id, "late insurance") if forbidden else expect(wanted, said=[spoken(due)[1:]]),
    )
