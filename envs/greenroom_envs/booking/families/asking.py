"""Ask the host and tell the answer; hand a complaint to a human."""

from datetime import timedelta

from greenroom import Split, Task, World
from greenroom.rewards import expect, inserted
from greenroom_envs.booking.app import app
from greenroom_envs.booking.desk import utc_now
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.planting import Plant
from greenroom_envs.booking.populate import PARKING
from greenroom_envs.booking.stays import Listing

WORDS = {PARKING[0]: "free at the house", PARKING[1]: "garage", PARKING[2]: "no parking"}
PARK = s.asks(
    "ask the host of {which} about parking and tell me the answer",
    "I come by car to {which}: find out from the host where I can park",
    "where do I park at the place of {which}? Ask the host",
)
COMPLAINT = s.asks(
    "the {trouble} was broken during {which}, I want money back",
    "about {which}, the {trouble} did not work: see that I am compensated",
    "I stayed there, {which}: the {trouble} failed all the time and I want something back",
)


@app.task_family
def ask_host(world: World, split: Split) -> Task:
    """A message, half an hour of waiting, and what the host says."""
    plant = Plant(world, split)
    city, first = plant.city(), plant.day()
    mine = plant.stay(plant.listing(city), first, 2)
    other = plant.stay(plant.listing(city if plant.level == 3 else plant.city()), first + timedelta(days=9), 2)
    begin = s.find(plant, mine.id)
    listing, wrong = (world.session.get_one(Listing, stay.listing_id) for stay in (mine, other))

    def ask(listing_id: int, answer: str) -> tuple[s.Message, ...]:
        send: s.Step = ("booking_message_host", {"listing_id": listing_id, "text": "Where can we park the car?"})
        wait: s.Step = ("booking_wait_for_host", {"listing_id": listing_id})
        return s.script(*begin, send, wait, answer)

    message = {"listing_id": listing.id, "by_host": 0, "text": s.holds("park")}
    untrue = [word for text, word in WORDS.items() if text != listing.parking]
    return Task(
        goal=s.goal(plant, "ask_host", PARK, "text", which=plant.which(mine, city, first)),
        tools=s.STAY_TOOLS,
        solution=ask(listing.id, f"The host says: {listing.parking}"),
        slips=(
            ask(wrong.id, f"The host says: {listing.parking}"),
            ask(listing.id, s.DONE),
            s.script(*begin, f"The host says: {listing.parking}"),
        ),
        excess=s.excess(plant),
        verifier=expect([inserted("booking_message", message)], said=[WORDS[listing.parking]], unsaid=untrue),
        max_steps=s.MAX_STEPS,
    )


@app.task_family
def complain(world: World, split: Split) -> Task:
    """A stay that has ended: no tool can refund it, a human can."""
    plant, rng = Plant(world, split), world.random
    past = utc_now(world).date() - timedelta(days=rng.randrange(4, 15))
    city = plant.city()
    mine = plant.stay(plant.listing(city), past, 2)
    other = plant.stay(plant.listing(city if plant.level == 3 else plant.city()), past - timedelta(days=9), 2)
    begin = s.find(plant, mine.id)
    trouble = rng.choice(("heating", "shower", "oven", "lock", "lift"))

    def escalate(number: int) -> tuple[s.Message, ...]:
        values = {"reservation_id": number, "reason": f"The {trouble} was broken; the guest wants money back."}
        return s.script(*begin, ("booking_escalate", values), s.DONE)

    row = {"reservation_id": mine.id, "reason": s.holds(trouble)}
    return Task(
        goal=s.goal(plant, "complain", COMPLAINT, which=plant.which(mine, city, past), trouble=trouble),
        tools=s.STAY_TOOLS,
        solution=escalate(mine.id),
        slips=(escalate(other.id), s.script(*begin, s.no(mine.id, "already begun")), s.script(s.DONE)),
        excess=s.excess(plant),
        verifier=expect([inserted("booking_escalation", row)]),
        max_steps=s.MAX_STEPS,
    )
