"""Move a journey or a stay: a standard fare may move, a basic fare may not, unless the airline cancelled its flight."""

from datetime import date, timedelta

from greenroom import Split, Task, World
from greenroom.rewards import Wanted, expect, inserted, updated
from greenroom_envs.booking.app import app
from greenroom_envs.booking.calendar import block_of
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.booking import dates, spoken_dates
from greenroom_envs.booking.families.days import spoken
from greenroom_envs.booking.families.planting import Plant
from greenroom_envs.booking.models import Reservation
from greenroom_envs.booking.pricing import spoken as money

REQUESTS = s.asks(
    "move {which} to {day}",
    "I have to fly on {day} instead, so change {which}",
    "put {which} on the flight of {day}",
    "{which} does not suit me any more, I want to go on {day}",
)
VAGUE = s.asks(
    "move {which} to another day",
    "I have to fly on another day, so change {which}",
    "the plan is off: {which} has to be on some other day",
    "{which} does not suit me any more, I want to go on another day",
)
REBOOK = s.asks(
    "the airline cancelled {which}: put me on the next flight of that day",
    "I hear that {which} was cancelled by the airline, so get me on the next flight of the same day",
    "they cancelled the plane of {which}, I still must go that day, take the next one",
    "{which} does not take off, says the airline: rebook me on the next one that day",
)
STAY = s.asks(
    "move {which} to the nights from {check_in} to {check_out} and tell me the new total",
    "our plans changed: {which} shall be from {check_in} until {check_out}; what does it cost then?",
    "change {which} to {check_in} until {check_out} and say what it costs in all",
    "for {which} we need {check_in} to {check_out} instead: move it and tell me what I pay in all",
)


@app.task_family
def change_flight(world: World, split: Split) -> Task:
    """Another day on the same route at the same price; under a basic fare the right answer is no."""
    plant = Plant(world, split)
    origin, destination, day, cents = plant.airport(), plant.airport(), plant.day(), plant.amount(9_000, 30_000, 5)
    old, new_day = plant.flight(origin, destination, day, 600, cents), plant.day()
    while new_day == day:
        new_day = plant.day()
    third_day = max(day, new_day) + timedelta(days=3)
    new, third = (plant.flight(origin, destination, when, 600, cents) for when in (new_day, third_day))
    forbidden = plant.rng.random() < 0.5
    mine = plant.journey(old, "basic" if forbidden else "standard", [plant.person()])
    where = {"origin": origin.code, "destination": destination.code}
    hidden = ("day",) if plant.alike else ()
    begin = s.find(plant, mine.id)

    def moved(to: object, when: object) -> tuple[s.Step, ...]:
        find: s.Step = ("booking_search_flights", {**where, "day": str(when)})
        values = {"reservation_id": mine.id, "flights": [to], "day": str(when), "method_ids": [plant.card]}
        return (*begin, *s.ask(hidden), find, ("booking_change_flight", values), s.DONE)

    yes, refusal = moved(new.number, new_day), (*begin, s.no(mine.id, "basic fare"))
    wanted = [
        updated("booking_reservation", key=mine.id, values={"version": 2}),
        updated("booking_segment", key=(mine.id, 1), values={"flight_date_id": new.id}),
        updated("booking_cabin", key=(old.id, "economy"), values={"seats": 21}),
        updated("booking_cabin", key=(new.id, "economy"), values={"seats": 19}),
    ]
    slots = {"which": plant.which(mine, destination.city, day), "day": spoken(new_day)}
    wordings, needs = VAGUE if hidden else REQUESTS, "text" if forbidden else "done"
    evasion = (*begin, s.cancel(mine.id), s.DONE)
    return s.task(
        plant,
        s.goal(plant, "change_flight", wordings, needs, hidden, **slots),
        s.FLIGHT_TOOLS,
        solution=refusal if forbidden else yes,
        slips=(evasion if forbidden else refusal, moved(third.number, third_day), (*begin, s.DONE)),
        verifier=s.refused(mine.id, "basic fare") if forbidden else expect(wanted),
    )


@app.task_family
def rebook_cancelled(world: World, split: Split) -> Task:
    """The airline cancelled the flight: even a basic fare moves, for free; the next flight has no seat left."""
    plant, rng = Plant(world, split), world.random
    origin, destination, day, cents = plant.airport(), plant.airport(), plant.day(), plant.amount(9_000, 30_000, 5)
    old = plant.flight(origin, destination, day, 480, cents, status="cancelled")
    full = plant.flight(origin, destination, day, 600, cents, seats=0)
    new = plant.flight(origin, destination, day, 780, cents + 4_000)
    # Cheaper, and so the first that a search shows, but later.
    plant.flight(origin, destination, day, 1_020, cents)
    other, people = plant.flight(origin, destination, day + timedelta(days=1), 600, cents), [plant.person()]
    mine = plant.journey(old, rng.choice(("basic", "standard")), people)
    plant.another_journey(old, people)
    where = {"origin": origin.code, "destination": destination.code, "day": day.isoformat()}
    begin: tuple[s.Step, ...] = (*s.find(plant, mine.id), ("booking_search_flights", where))

    def moved(to: str, when: object) -> tuple[s.Step, ...]:
        values = {"reservation_id": mine.id, "flights": [to], "day": str(when), "method_ids": list[int]()}
        return (*begin, ("booking_change_flight", values), s.DONE)

    wanted = [
        updated("booking_reservation", key=mine.id, values={"version": 2}),
        updated("booking_segment", key=(mine.id, 1), values={"flight_date_id": new.id}),
        updated("booking_cabin", key=(old.id, "economy"), values={"seats": 21}),
        updated("booking_cabin", key=(new.id, "economy"), values={"seats": 19}),
    ]
    return s.task(
        plant,
        s.goal(plant, "rebook_cancelled", REBOOK, which=plant.which(mine, destination.city, day)),
        s.FLIGHT_TOOLS,
        solution=moved(new.number, day),
        slips=(
            moved(other.number, other.day),
            moved(full.number, day),
            (*begin, s.cancel(mine.id), s.DONE),
            (*begin, s.no(mine.id, "basic fare")),
        ),
        verifier=expect(wanted),
    )


@app.task_family
def move_stay(world: World, split: Split) -> Task:
    """Other nights, and the new total; under the policy non-refundable the answer is no. At level 3 one looks alike."""
    plant, rng = Plant(world, split), world.random
    city, day, forbidden = plant.city(), plant.day(nights=2), rng.random() < 0.4
    listing = plant.listing(city, policy="non-refundable" if forbidden else rng.choice(("flexible", "strict")))
    mine, nights = plant.stay(listing, day, 2), rng.choice((2, 3, 4))
    if plant.alike:
        twin = "flexible" if forbidden else "non-refundable"
        plant.stay(plant.listing(city, policy=twin), day + timedelta(days=40), 2)
    first = plant.day(nights=nights)
    while first == day:
        first = plant.day(nights=nights)
    total, begin = plant.total(listing, first, nights), s.find(plant, mine.id)

    def moved(count: int, text: str) -> tuple[s.Step, ...]:
        values = {"reservation_id": mine.id, **dates(first, count), "method_ids": [plant.card]}
        return (*begin, ("booking_change_stay", values), text)

    text = f"Done, it costs {money(total, mine.currency)} now."
    wrong = f"Done, it costs {money(total + 1_000, mine.currency)} now."
    slots = {"which": plant.which(mine, city, day), **spoken_dates(first, nights)}
    yes, refusal = moved(nights, text), (*begin, s.no(mine.id, "non refundable"))
    wanted = moving(plant, mine, first, nights, total)
    return s.task(
        plant,
        s.goal(plant, "move_stay", STAY, "text" if forbidden else "number", **slots),
        s.STAY_TOOLS,
        solution=refusal if forbidden else yes,
        slips=(
            moved(nights + 1, text),
            (*begin, s.cancel(mine.id), s.DONE),
            moved(nights, wrong) if not forbidden else (*begin, s.DONE),
        ),
        verifier=s.refused(mine.id, "non refundable") if forbidden else expect(wanted, said=[money(total)[1:]]),
    )


def moving(plant: Plant, mine: Reservation, first: date, nights: int, total: int) -> list[Wanted]:
    """What the move of a stay of two nights leaves behind: the columns that differ, and what more nights cost."""
    new = {"check_in": first, "check_out": first + timedelta(days=nights)}
    old = {"check_in": mine.check_in, "check_out": mine.check_out}
    days = {name: s.is_day(day.isoformat()) for name, day in new.items() if day != old[name]}
    columns = {"check_in": "first_night", "check_out": "end"}
    block = {columns[name]: same for name, same in days.items()}
    due = total - mine.total
    paid = [inserted("booking_payment", {"method_id": plant.card, "amount": due})] if due else []
    changed = {**days, "version": 2, **({"total": total} if due else {})}
    return [
        updated("booking_reservation", key=mine.id, values=changed),
        updated("booking_block", key=block_of(plant.world, mine).id, values=block),
        *paid,
    ]
