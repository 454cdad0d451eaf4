"""Cancel a stay or a journey; what comes back follows from the policy, and sometimes the right answer is no."""

from greenroom import Split, Task, World
from greenroom.rewards import Wanted, deleted, expect, inserted, updated
from greenroom_envs.booking.app import app
from greenroom_envs.booking.calendar import block_of
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.planting import Plant
from greenroom_envs.booking.models import Reservation
from greenroom_envs.booking.money import refund_due
from greenroom_envs.booking.pricing import dollars

STAY = s.asks(
    "cancel reservation {number} and tell me what I get back",
    "we cannot travel, so cancel {number}; how much comes back",
    "I no longer need {number}: cancel it and tell me the refund",
)
ONLY_IF = s.asks(
    "cancel reservation {number}, but only if I get money back",
    "if there is a refund, cancel {number}, else leave it as it is",
    "I would cancel {number} if it is refunded, otherwise leave it",
)
JOURNEY = s.asks(
    "I want my money back for flight reservation {number}, so cancel it",
    "cancel my journey {number} for a refund, without one keep it",
    "please refund and cancel the flight booking {number}",
)


def cancelled(world: World, plant: Plant, reservation: Reservation) -> list[Wanted]:
    """What a cancellation leaves behind, seats aside."""
    due = refund_due(world, reservation)
    wanted = [updated("booking_reservation", key=reservation.id, values={"status": "cancelled", "version": 2})]
    if due:
        wanted.append(inserted("booking_payment", {"method_id": plant.card, "amount": -due}))
    if reservation.kind == "stay":
        wanted.append(deleted("booking_block", key=block_of(world, reservation).id))
    return wanted


def told(cents: int) -> str:
    """Telling a refund."""
    return f"Done, you get {dollars(cents)} back."


@app.task_family
def cancel_stay(world: World, split: Split) -> Task:
    """Cancel one of two stays and tell the refund, which is all or half."""
    plant, rng = Plant(world, split), world.random
    city, policy = plant.city(), rng.choice(("flexible", "moderate", "strict"))
    mine = plant.stay(plant.listing(city, policy=policy), plant.day(), rng.choice((2, 3)))
    other = plant.stay(plant.listing(city), plant.day(), 2)
    due = refund_due(world, mine)
    wrong = mine.total // 2 if due == mine.total else mine.total
    return Task(
        goal=s.goal(plant, "cancel_stay", STAY, "number", number=str(mine.id)),
        tools=s.STAY_TOOLS,
        solution=s.script(s.show(mine.id), s.cancel(mine.id), told(due)),
        slips=(
            s.script(s.show(mine.id), s.cancel(other.id), told(due)),
            s.script(s.show(mine.id), s.cancel(mine.id), told(wrong)),
            s.script(s.show(mine.id), s.DONE),
        ),
        excess=s.excess(plant),
        verifier=expect(cancelled(world, plant, mine), said=[dollars(due)[1:]]),
        max_steps=s.MAX_STEPS,
    )


@app.task_family
def cancel_if_refunded(world: World, split: Split) -> Task:
    """Cancel if money comes back; under the policy non-refundable the right answer is no."""
    plant, rng = Plant(world, split), world.random
    policy = rng.choice(("non-refundable", "flexible", "strict", "non-refundable"))
    mine = plant.stay(plant.listing(plant.city(), policy=policy), plant.day(), rng.choice((2, 3)))
    quote: s.Step = ("booking_quote_refund", {"reservation_id": mine.id})
    begin = (s.show(mine.id), quote)
    yes, refusal = s.script(*begin, s.cancel(mine.id), s.DONE), s.script(*begin, s.no(mine.id, "non refundable"))
    forbidden = policy == "non-refundable"
    return Task(
        goal=s.goal(plant, "cancel_if_refunded", ONLY_IF, "text" if forbidden else "done", number=str(mine.id)),
        tools=s.STAY_TOOLS,
        solution=refusal if forbidden else yes,
        slips=(yes if forbidden else refusal, s.script(*begin, s.DONE)),
        excess=s.excess(plant),
        verifier=expect(said=[str(mine.id), "non refundable"])
        if forbidden
        else expect(cancelled(world, plant, mine)),
        max_steps=s.MAX_STEPS,
    )


@app.task_family
def cancel_journey(world: World, split: Split) -> Task:
    """A basic fare gives nothing back, unless it is insured or the airline cancelled the flight."""
    plant, rng = Plant(world, split), world.random
    kind = rng.choice(("basic", "basic", "insured", "standard", "cancelled"))
    flight = plant.flight(
        plant.airport(),
        plant.airport(),
        plant.day(),
        600,
        rng.randrange(8_000, 30_000),
        status="cancelled" if kind == "cancelled" else "scheduled",
    )
    people = [plant.person() for _ in range(rng.choice((1, 2)))]
    fare = "standard" if kind == "standard" else "basic"
    mine = plant.journey(flight, fare, people, insured=kind == "insured")
    begin, forbidden = s.show(mine.id), kind == "basic"
    yes, refusal = s.script(begin, s.cancel(mine.id), s.DONE), s.script(begin, s.no(mine.id, "basic fare"))
    seats = updated("booking_cabin", key=(flight.id, "economy"), values={"seats": 20 + len(people)})
    return Task(
        goal=s.goal(plant, "cancel_journey", JOURNEY, "text" if forbidden else "done", number=str(mine.id)),
        tools=s.FLIGHT_TOOLS,
        solution=refusal if forbidden else yes,
        slips=(yes if forbidden else refusal, s.script(begin, s.DONE)),
        excess=s.excess(plant),
        verifier=expect(said=[str(mine.id), "basic fare"])
        if forbidden
        else expect([*cancelled(world, plant, mine), seats]),
        max_steps=s.MAX_STEPS,
    )
