"""Move a journey or a stay: a standard fare may move, a basic fare may not, unless the airline cancelled its flight."""

from datetime import timedelta

from greenroom import Split, Task, World
from greenroom.rewards import expect, inserted, updated
from greenroom_envs.booking.app import app
from greenroom_envs.booking.calendar import block_of
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.booking import dates, spoken_dates
from greenroom_envs.booking.families.planting import Plant, spoken
from greenroom_envs.booking.pricing import spoken as money

REQUESTS = s.asks(
    "move {which} to {day}",
    "I have to fly on {day} instead, please change {which}",
    "put {which} on the flight of {day}",
)
VAGUE = s.asks(
    "move {which} to another day",
    "I have to fly on another day, please change {which}",
    "the plan is off: {which} has to be on some other day",
)
REBOOK = s.asks(
    "the airline cancelled {which}: put me on the next flight of that day",
    "I hear that {which} was cancelled by the airline, so get me on another flight the same day",
    "they cancelled the plane of {which}, I still must go that day, change it",
)
STAY = s.asks(
    "move {which} to the nights from {check_in} to {check_out} and tell me the new total",
    "we come later: {which} shall be from {check_in} until {check_out}; what does it cost then",
    "change {which} to {check_in} until {check_out} and say what it costs in all",
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
    hidden = ("day",) if plant.level == 3 else ()
    begin = s.find(plant, mine.id)

    def moved(to: object, when: object) -> tuple[s.Message, ...]:
        find: s.Step = ("booking_search_flights", {**where, "day": str(when)})
        values = {"reservation_id": mine.id, "flights": [to], "day": str(when), "method_ids": [plant.card]}
        return s.script(*begin, *s.ask(hidden), find, ("booking_change_flight", values), s.DONE)

    yes, refusal = moved(new.number, new_day), s.script(*begin, s.no(mine.id, "basic fare"))
    wanted = [
        updated("booking_reservation", key=mine.id, values={"version": 2}),
        updated("booking_segment", key=(mine.id, 1), values={"flight_date_id": new.id}),
        updated("booking_cabin", key=(old.id, "economy"), values={"seats": 21}),
        updated("booking_cabin", key=(new.id, "economy"), values={"seats": 19}),
    ]
    slots = {"which": plant.which(mine, destination.city, day), "day": spoken(new_day)}
    wordings, needs = VAGUE if hidden else REQUESTS, "text" if forbidden else "done"
    evasion = s.script(*begin, s.cancel(mine.id), s.DONE)
    return Task(
        goal=s.goal(plant, "change_flight", wordings, needs, hidden, **slots),
        tools=s.FLIGHT_TOOLS,
        solution=refusal if forbidden else yes,
        slips=(evasion if forbidden else refusal, moved(third.number, third_day), s.script(*begin, s.DONE)),
        excess=s.excess(plant),
        verifier=s.refused(mine.id, "basic fare") if forbidden else expect(wanted),
        max_steps=s.MAX_STEPS,
    )


@app.task_family
def rebook_cancelled(world: World, split: Split) -> Task:
    """The airline cancelled the flight: even a basic fare moves, for free; the next flight has no seat left."""
    plant, rng = Plant(world, split), world.random
    origin, destination, day, cents = plant.airport(), plant.airport(), plant.day(), rng.randrange(9_000, 30_000)
    old = plant.flight(origin, destination, day, 480, cents, status="cancelled")
    full = plant.flight(origin, destination, day, 600, cents, seats=0)
    new = plant.flight(origin, destination, day, 780, cents + 4_000)
    other = plant.flight(origin, destination, day + timedelta(days=1), 600, cents)
    mine = plant.journey(old, rng.choice(("basic", "standard")), [plant.person()])
    where = {"origin": origin.code, "destination": destination.code, "day": day.isoformat()}
    begin: tuple[s.Step, ...] = (*s.find(plant, mine.id), ("booking_search_flights", where))

    def moved(to: str, when: object) -> tuple[s.Message, ...]:
        values = {"reservation_id": mine.id, "flights": [to], "day": str(when), "method_ids": list[int]()}
        return s.script(*begin, ("booking_change_flight", values), s.DONE)

    wanted = [
        updated("booking_reservation", key=mine.id, values={"version": 2}),
        updated("booking_segment", key=(mine.id, 1), values={"flight_date_id": new.id}),
        updated("booking_cabin", key=(old.id, "economy"), values={"seats": 21}),
        updated("booking_cabin", key=(new.id, "economy"), values={"seats": 19}),
    ]
    return Task(
        goal=s.goal(plant, "rebook_cancelled", REBOOK, which=plant.which(mine, destination.city, day)),
        tools=s.FLIGHT_TOOLS,
        solution=moved(new.number, day),
        slips=(
            moved(other.number, other.day),
            moved(full.number, day),
            s.script(*begin, s.cancel(mine.id), s.DONE),
            s.script(*begin, s.no(mine.id, "basic fare")),
        ),
        excess=s.excess(plant),
        verifier=expect(wanted),
        max_steps=s.MAX_STEPS,
    )


@app.task_family
def move_stay(world: World, split: Split) -> Task:
    """Other nights of the same place and what they cost; under the policy non-refundable the right answer is no."""
    plant, rng = Plant(world, split), world.random
    city, day, forbidden = plant.city(), plant.day(), rng.random() < 0.4
    listing = plant.listing(city, policy="non-refundable" if forbidden else rng.choice(("flexible", "strict")))
    mine = plant.stay(listing, day, 2)
    if plant.level == 3:
        plant.stay(plant.listing(city), day + timedelta(days=40), 2)
    first, nights = day + timedelta(days=rng.randrange(1, 20)), rng.choice((2, 3, 4))
    total, begin = plant.total(listing, first, nights), s.find(plant, mine.id)

    def moved(count: int, text: str) -> tuple[s.Message, ...]:
        values = {"reservation_id": mine.id, **dates(first, count), "method_ids": [plant.card]}
        return s.script(*begin, ("booking_change_stay", values), text)

    text = f"Done, it costs {money(total, mine.currency)} now."
    wrong = f"Done, it costs {money(total + 1_000, mine.currency)} now."
    days = dates(first, nights)
    changed = {"check_in": s.is_day(days["check_in"]), "check_out": s.is_day(days["check_out"]), "version": 2}
    wanted = [
        updated("booking_reservation", key=mine.id, values={**changed, **({"total": total} if nights != 2 else {})}),
        updated("booking_block", key=block_of(world, mine).id, values={"first_night": _any, "end": _any}),
    ]
    if nights != 2:
        wanted.append(inserted("booking_payment", {"method_id": plant.card, "amount": total - mine.total}))
    slots = {"which": plant.which(mine, city, day), **spoken_dates(first, nights)}
    yes, refusal = moved(nights, text), s.script(*begin, s.no(mine.id, "non refundable"))
    return Task(
        goal=s.goal(plant, "move_stay", STAY, "text" if forbidden else "number", **slots),
        tools=s.STAY_TOOLS,
        solution=refusal if forbidden else yes,
        slips=(
            moved(nights + 1, text),
            s.script(*begin, s.cancel(mine.id), s.DONE),
            moved(nights, wrong) if not forbidden else s.script(*begin, s.DONE),
        ),
        excess=s.excess(plant),
        verifier=s.refused(mine.id, "non refundable") if forbidden else expect(wanted, said=[money(total)[1:]]),
        max_steps=s.MAX_STEPS,
    )


def _any(_value: object) -> bool:
    return True
