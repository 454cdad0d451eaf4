"""Cancel a stay or a journey; what comes back follows from the policy, and sometimes the right answer is no."""

from datetime import timedelta

from greenroom import Split, Task, World
from greenroom.rewards import Wanted, deleted, expect, inserted, updated
from greenroom_envs.booking.app import app
from greenroom_envs.booking.calendar import block_of
from greenroom_envs.booking.desk import utc_now
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.planting import Plant
from greenroom_envs.booking.models import Login, Reservation, User
from greenroom_envs.booking.money import refund_due
from greenroom_envs.booking.pricing import spoken

STAY = s.asks(
    "cancel {which} and tell me what I get back",
    "we cannot travel, so cancel {which}; how much comes back",
    "I no longer need {which}: cancel it and tell me the refund",
)
ONLY_IF = s.asks(
    "cancel {which}, but only if I get money back",
    "if there is a refund, cancel {which}, else leave it as it is",
    "I would cancel {which} if it is refunded, otherwise leave it",
)
JOURNEY = s.asks(
    "I want my money back for {which}, so cancel it",
    "cancel {which} for a refund, without one keep it",
    "please refund and cancel {which}",
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


def told(cents: int, currency: str) -> str:
    """Telling a refund."""
    return f"Done, you get {spoken(cents, currency)} back."


@app.task_family
def cancel_stay(world: World, split: Split) -> Task:
    """Cancel one of two stays and tell the refund, which is all or half; at level 3 both are in one city."""
    plant, rng = Plant(world, split), world.random
    city, policy, first = plant.city(), rng.choice(("flexible", "moderate", "strict")), plant.day()
    mine = plant.stay(plant.listing(city, policy=policy), first, rng.choice((2, 3)))
    elsewhere = city if plant.level == 3 else plant.city()
    other = plant.stay(plant.listing(elsewhere), first + timedelta(days=rng.randrange(5, 30)), 2)
    begin, money = s.find(plant, mine.id), mine.currency
    due = refund_due(world, mine)
    wrong = mine.total // 2 if due == mine.total else mine.total
    return Task(
        goal=s.goal(plant, "cancel_stay", STAY, "number", which=plant.which(mine, city, first)),
        tools=s.STAY_TOOLS,
        solution=s.script(*begin, s.cancel(mine.id), told(due, money)),
        slips=(
            s.script(*begin, s.cancel(other.id), told(due, money)),
            s.script(*begin, s.cancel(mine.id), told(wrong, money)),
            s.script(*begin, s.DONE),
        ),
        excess=s.excess(plant),
        verifier=expect(cancelled(world, plant, mine), said=[spoken(due)[1:]]),
        max_steps=s.MAX_STEPS,
    )


@app.task_family
def cancel_if_refunded(world: World, split: Split) -> Task:
    """Cancel if money comes back; under the policy non-refundable the right answer is no."""
    plant, rng = Plant(world, split), world.random
    policy = rng.choice(("non-refundable", "flexible", "strict", "non-refundable"))
    city, first = plant.city(), plant.day()
    mine = plant.stay(plant.listing(city, policy=policy), first, rng.choice((2, 3)))
    if plant.level == 3:
        twin = "flexible" if policy == "non-refundable" else "non-refundable"
        plant.stay(plant.listing(city, policy=twin), first + timedelta(days=rng.randrange(5, 30)), 2)
    quote: s.Step = ("booking_quote_refund", {"reservation_id": mine.id})
    begin = (*s.find(plant, mine.id), quote)
    yes, refusal = s.script(*begin, s.cancel(mine.id), s.DONE), s.script(*begin, s.no(mine.id, "non refundable"))
    forbidden = policy == "non-refundable"
    needs = "text" if forbidden else "done"
    return Task(
        goal=s.goal(plant, "cancel_if_refunded", ONLY_IF, needs, which=plant.which(mine, city, first)),
        tools=s.STAY_TOOLS,
        solution=refusal if forbidden else yes,
        slips=(yes if forbidden else refusal, s.script(*begin, s.DONE)),
        excess=s.excess(plant),
        verifier=s.refused(mine.id, "non refundable") if forbidden else expect(cancelled(world, plant, mine)),
        max_steps=s.MAX_STEPS,
    )


@app.task_family
def cancel_journey(world: World, split: Split) -> Task:
    """A basic fare gives nothing back, unless it is insured or the airline cancelled the flight."""
    plant, rng = Plant(world, split), world.random
    kind = rng.choice(("basic", "basic", "insured", "standard", "cancelled"))
    origin, end, day, cents = plant.airport(), plant.airport(), plant.day(), rng.randrange(8_000, 30_000)
    flight = plant.flight(origin, end, day, 600, cents, status="cancelled" if kind == "cancelled" else "scheduled")
    people = [plant.person() for _ in range(rng.choice((1, 2)))]
    fare = "standard" if kind == "standard" else "basic"
    mine = plant.journey(flight, fare, people, insured=kind == "insured")
    if plant.level == 3:
        later = plant.flight(origin, end, day + timedelta(days=rng.randrange(3, 9)), 600, cents)
        plant.journey(later, "standard" if kind == "basic" else "basic", people)
    begin, forbidden = s.find(plant, mine.id), kind == "basic"
    yes, refusal = s.script(*begin, s.cancel(mine.id), s.DONE), s.script(*begin, s.no(mine.id, "basic fare"))
    needs = "text" if forbidden else "done"
    seats = updated("booking_cabin", key=(flight.id, "economy"), values={"seats": 20 + len(people)})
    return Task(
        goal=s.goal(plant, "cancel_journey", JOURNEY, needs, which=plant.which(mine, end.city, day)),
        tools=s.FLIGHT_TOOLS,
        solution=refusal if forbidden else yes,
        slips=(yes if forbidden else refusal, s.script(*begin, s.DONE)),
        excess=s.excess(plant),
        verifier=s.refused(mine.id, "basic fare") if forbidden else expect([*cancelled(world, plant, mine), seats]),
        max_steps=s.MAX_STEPS,
    )


OTHERS = s.asks(
    "cancel reservation {number} of {person}, who asked me to do it",
    "my friend {person} made reservation {number} and cannot come: cancel it",
    "{person} is ill, so cancel reservation {number}",
)


@app.task_family
def cancel_for_another(world: World, split: Split) -> Task:
    """A reservation of somebody else, whoever asks for it: the right answer is no."""
    plant, rng = Plant(world, split), world.random
    city, first = plant.city(), plant.day()
    owner = world.session.get_one(User, rng.randrange(2, 20))
    theirs = plant.stay(plant.listing(city), first, 2, user=owner.id)
    mine = plant.stay(plant.listing(city), first + timedelta(days=rng.randrange(3, 9)), 2)
    slots = {"number": str(theirs.id), "person": owner.name}
    return Task(
        goal=s.goal(plant, "cancel_for_another", OTHERS, "text", **slots),
        tools=s.STAY_TOOLS,
        solution=s.script(s.LIST, s.no(theirs.id, "not yours")),
        slips=(
            s.script(s.LIST, s.cancel(mine.id), s.DONE),
            s.script(s.LIST, s.no(mine.id, "not yours")),
            s.script(s.LIST, s.DONE),
        ),
        excess=s.excess(plant),
        verifier=s.refused(theirs.id, "not yours"),
        max_steps=s.MAX_STEPS,
    )


AGAIN = s.asks(
    "my session has run out: sign me in again, then cancel {which}",
    "cancel {which}; you must sign me in first, I was away too long",
    "sign in for me again and cancel {which}",
)


@app.task_family
def sign_in_again(world: World, split: Split) -> Task:
    """The session has expired; address and pin are told only when asked."""
    plant = Plant(world, split)
    city, first = plant.city(), plant.day()
    mine, other = (plant.stay(plant.listing(place), first, 2) for place in (city, plant.city()))
    world.session.get_one(Login, 1).expires_at = utc_now(world) - timedelta(minutes=5)
    email, pin = plant.me.email, plant.me.pin
    sign: s.Step = ("booking_sign_in", {"email": email, "pin": pin})
    begin, slots = (*s.ask(("email", "pin")), sign), {"email": email, "pin": pin}
    which, hidden = plant.which(mine, city, first), ("email", "pin")
    return Task(
        goal=s.goal(plant, "sign_in_again", AGAIN, "done", hidden, **slots, which=which),
        tools=("booking_sign_in", *s.STAY_TOOLS),
        solution=s.script(*begin, *s.find(plant, mine.id), s.cancel(mine.id), s.DONE),
        slips=(
            s.script(*begin, *s.find(plant, mine.id), s.cancel(other.id), s.DONE),
            s.script(*begin, *s.find(plant, mine.id), s.DONE),
            s.script(s.DONE),
        ),
        excess=s.excess(plant),
        verifier=expect(cancelled(world, plant, mine)),
        max_steps=s.MAX_STEPS,
    )
