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
    "we cannot travel, so cancel {which}; how much comes back?",
    "I no longer need {which}: cancel it and tell me the refund",
    "{which} is off, cancel it and say how much money returns",
)
ONLY_IF = s.asks(
    "cancel {which}, but only if I get money back",
    "if there is a refund, cancel {which}, else leave it as it is",
    "I would cancel {which} if it is refunded, otherwise leave it",
    "is {which} refunded when I cancel it? Then do so, and only then",
)
JOURNEY = s.asks(
    "I want my money back for {which}, so cancel it",
    "cancel {which} for a refund, without one keep it",
    "refund {which} and cancel it",
    "I will not need {which} any more: cancel it if the money comes back",
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
    city, policy, nights = plant.city(), rng.choice(("flexible", "moderate", "strict")), rng.choice((2, 3))
    first = plant.day(nights=nights)
    mine = plant.stay(plant.listing(city, policy=policy), first, nights)
    other = plant.stay(plant.listing(plant.beside(city)), first + timedelta(days=rng.randrange(5, 30)), 2)
    begin, money = s.find(plant, mine.id), mine.currency
    due = refund_due(world, mine)
    wrong = mine.total // 2 if due == mine.total else mine.total
    return s.task(
        plant,
        s.goal(plant, "cancel_stay", STAY, "number", which=plant.which(mine, city, first)),
        s.STAY_TOOLS,
        solution=(*begin, s.cancel(mine.id), told(due, money)),
        slips=(
            (*begin, s.cancel(other.id), told(due, money)),
            (*begin, s.cancel(mine.id), told(wrong, money)),
            (*begin, s.DONE),
        ),
        verifier=expect(cancelled(world, plant, mine), said=[spoken(due)[1:]]),
    )


@app.task_family
def cancel_if_refunded(world: World, split: Split) -> Task:
    """Cancel if money comes back; non-refundable: no. At level 3 another stay in the city has the other policy."""
    plant, rng = Plant(world, split), world.random
    policy, nights = rng.choice(("non-refundable", "flexible", "strict", "non-refundable")), rng.choice((2, 3))
    city, first, forbidden = plant.city(), plant.day(nights=nights), policy == "non-refundable"
    mine = plant.stay(plant.listing(city, policy=policy), first, nights)
    if plant.alike:
        twin = "flexible" if forbidden else "non-refundable"
        plant.stay(plant.listing(city, policy=twin), first + timedelta(days=rng.randrange(5, 30)), 2)
    quote: s.Step = ("booking_quote_refund", {"reservation_id": mine.id})
    begin = (*s.find(plant, mine.id), quote)
    yes, refusal = (*begin, s.cancel(mine.id), s.DONE), (*begin, s.no(mine.id, "non refundable"))
    needs = "text" if forbidden else "done"
    return s.task(
        plant,
        s.goal(plant, "cancel_if_refunded", ONLY_IF, needs, which=plant.which(mine, city, first)),
        s.STAY_TOOLS,
        solution=refusal if forbidden else yes,
        slips=(yes if forbidden else refusal, (*begin, s.DONE)),
        verifier=s.refused(mine.id, "non refundable") if forbidden else expect(cancelled(world, plant, mine)),
    )


@app.task_family
def cancel_journey(world: World, split: Split) -> Task:
    """A basic fare gives nothing back, unless it is insured or the airline cancelled the flight."""
    plant, rng = Plant(world, split), world.random
    kind = rng.choice(("basic", "basic", "insured", "standard", "cancelled"))
    origin, end, day, cents = plant.airport(), plant.airport(), plant.day(), plant.amount(8_000, 30_000, 5)
    flight = plant.flight(origin, end, day, 600, cents, status="cancelled" if kind == "cancelled" else "scheduled")
    people = [plant.person() for _ in range(rng.choice((1, 2)))]
    fare = "standard" if kind == "standard" else "basic"
    mine = plant.journey(flight, fare, people, insured=kind == "insured")
    plant.another_journey(flight, people, "standard" if kind == "basic" else "basic")
    begin, forbidden = s.find(plant, mine.id), kind == "basic"
    yes, refusal = (*begin, s.cancel(mine.id), s.DONE), (*begin, s.no(mine.id, "basic fare"))
    needs = "text" if forbidden else "done"
    seats = updated("booking_cabin", key=(flight.id, "economy"), values={"seats": 20 + len(people)})
    return s.task(
        plant,
        s.goal(plant, "cancel_journey", JOURNEY, needs, which=plant.which(mine, end.city, day)),
        s.FLIGHT_TOOLS,
        solution=refusal if forbidden else yes,
        slips=(yes if forbidden else refusal, (*begin, s.DONE)),
        verifier=s.refused(mine.id, "basic fare") if forbidden else expect([*cancelled(world, plant, mine), seats]),
    )


OTHERS = s.asks(
    "cancel reservation {number}, {person} asked me to do it",
    "{person} cannot come: cancel reservation {number}",
    "{person} is ill, so cancel reservation {number}",
    "I promised {person} to cancel reservation {number}, do that now",
)
OTHERS_VAGUE = s.asks(
    "cancel a reservation, {person} asked me to do it",
    "{person} cannot come: cancel the reservation",
    "{person} is ill, so the reservation must be cancelled",
    "I promised {person} to cancel a reservation, do that now",
)


@app.task_family
def cancel_for_another(world: World, split: Split) -> Task:
    """Somebody else's reservation: no; the user's own for somebody else: yes. From level 2 its number when asked."""
    plant, rng = Plant(world, split), world.random
    city, first, forbidden = plant.city(), plant.day(nights=2), rng.random() < 0.65
    person = world.session.get_one(User, rng.randrange(2, 20))
    hidden = ("number",) if plant.hidden else ()
    theirs = plant.stay(plant.listing(city), first, 2, user=person.id) if forbidden else None
    flight = plant.flight(plant.airport(), plant.airport(), plant.day(), 600, plant.amount(9_000, 20_000, 5))
    ours = plant.journey(flight, "standard", [person.name])
    if plant.alike:
        # What the user has in the same city, or for the same person.
        plant.stay(plant.listing(city), first, 2)
        plant.another_journey(flight, [person.name])
    meant = theirs or ours
    look: tuple[s.Step, ...] = (s.LIST,) if forbidden else (s.LIST, s.show(ours.id))
    begin, refusal = (*s.ask(hidden), *look), s.no(meant.id, "not yours")
    seats = updated("booking_cabin", key=(flight.id, "economy"), values={"seats": 21})
    wordings, needs = OTHERS_VAGUE if hidden else OTHERS, "text" if forbidden else "done"
    yes = (*begin, s.cancel(ours.id), s.DONE)
    return s.task(
        plant,
        s.goal(plant, "cancel_for_another", wordings, needs, hidden, number=str(meant.id), person=person.name),
        s.STAY_TOOLS,
        solution=(*begin, refusal) if forbidden else yes,
        slips=(
            yes if forbidden else (*begin, refusal),
            (*begin, s.no(plant.bystander, "not yours")),
            (*begin, s.DONE),
        ),
        verifier=s.refused(meant.id, "not yours") if forbidden else expect([*cancelled(world, plant, ours), seats]),
    )


AGAIN = s.asks(
    "my session has run out: sign me in again, then cancel {which}",
    "cancel {which}; you must sign me in first, I was away too long",
    "sign in for me again and cancel {which}",
    "I was logged out: log me in and cancel {which}",
)
AGAIN_TOLD = s.asks(
    "my session has run out: sign me in again with {email} and pin {pin}, then cancel {which}",
    "cancel {which}; you must sign me in first, as {email}, pin {pin}",
    "sign in for me again, {email} and pin {pin}, and cancel {which}",
    "I was logged out: log me in, {email}, my pin is {pin}, and cancel {which}",
)


@app.task_family
def sign_in_again(world: World, split: Split) -> Task:
    """The session has expired; from level 2 address and pin are told when asked, at 3 two stays are in one city."""
    plant = Plant(world, split)
    city, first = plant.city(), plant.day(nights=2)
    mine = plant.stay(plant.listing(city), first, 2)
    other = plant.stay(plant.listing(plant.beside(city)), first + timedelta(days=plant.rng.randrange(5, 20)), 2)
    world.session.get_one(Login, 1).expires_at = utc_now(world) - timedelta(minutes=5)
    email, pin = plant.me.email, plant.me.pin
    sign: s.Step = ("booking_sign_in", {"email": email, "pin": pin})
    hidden, slots = ("email", "pin") if plant.hidden else (), {"email": email, "pin": pin}
    which, begin = plant.which(mine, city, first), (*s.ask(hidden), sign, *s.find(plant, mine.id))
    return s.task(
        plant,
        s.goal(plant, "sign_in_again", AGAIN if hidden else AGAIN_TOLD, "done", hidden, **slots, which=which),
        ("booking_sign_in", *s.STAY_TOOLS),
        solution=(*begin, s.cancel(mine.id), s.DONE),
        slips=((*begin, s.cancel(other.id), s.DONE), (*begin, s.DONE), (s.DONE,)),
        verifier=expect(cancelled(world, plant, mine)),
    )
