"""Ask the host and tell the answer; hand a complaint to a human."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

from greenroom import Split, Task, World
from greenroom.rewards import expect, inserted
from greenroom_envs.booking import prose
from greenroom_envs.booking.app import app
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.planting import Plant
from greenroom_envs.booking.stays import Listing

Topic = tuple[s.Wordings, str, str]
"""How it is asked for, what the agent writes, and a word that its message must hold."""
TOPICS: dict[str, Topic] = {
    "parking": (
        s.asks(
            "ask the host of {which} where we can park and tell me the answer",
            "we come by car: find out from the host of {which} where it can stay, and tell me",
            "what does the host of {which} say about parking? Ask and tell me",
            "is there a parking place, and what does it cost? Ask the host of {which}, then tell me",
        ),
        "Where can we park the car?",
        "park",
    ),
    "keys": (
        s.asks(
            "ask the host of {which} how we get the key and tell me the answer",
            "I do not know how to get in: find out from the host of {which} about the key, and tell me",
            "what does the host of {which} say about the key? Ask and tell me",
            "where is the key, and is there a code? Ask the host of {which}, then tell me",
        ),
        "How do we get the key?",
        "key",
    ),
    "transit": (
        s.asks(
            "ask the host of {which} which bus we take from the station and tell me the answer",
            "we come by train: find out from the host of {which} which bus goes on from there, and tell me",
            "what does the host of {which} say about the bus? Ask and tell me",
            "which bus do we need, and where does it stop? Ask the host of {which}, then tell me",
        ),
        "Which bus do we take from the station?",
        "bus",
    ),
}
COMPLAINT = s.asks(
    "I want money back for {which}, where the {trouble} was broken",
    "about {which}: the {trouble} did not work, see that I am compensated",
    "the {trouble} failed all the time, this is about {which}: I want something back",
    "{which} was no pleasure, the {trouble} did not work; get me some of my money back",
)
TROUBLES = (
    *("heating", "shower", "oven", "lock", "lift", "fridge", "boiler", "toilet", "dishwasher", "kettle", "stove"),
    *("air conditioning", "washing machine", "wifi", "doorbell", "balcony door", "front door", "window", "sink"),
    *("fireplace", "hot tub", "television", "microwave", "bathroom light", "gas hob", "sofa bed", "bath tap"),
)


@app.task_family
def ask_host(world: World, split: Split) -> Task:
    """A message, half an hour of waiting, and what the host says. At level 3 another stay is in the same city."""
    plant, rng = Plant(world, split), world.random
    city, first, topic = plant.city(), plant.day(nights=2), rng.choice(tuple(TOPICS))
    mine = plant.stay(plant.listing(city), first, 2)
    other = plant.stay(plant.listing(plant.beside(city)), first + timedelta(days=rng.randrange(5, 30)), 2)
    listing, wrong = (world.session.get_one(Listing, stay.listing_id) for stay in (mine, other))
    known = _known(rng, topic, listing.currency)
    setattr(listing, topic, known.text)
    wordings, question, word = TOPICS[topic]
    begin = s.find(plant, mine.id)

    def ask(listing_id: int, answer: str) -> tuple[s.Step, ...]:
        send: s.Step = ("booking_message_host", {"listing_id": listing_id, "text": question})
        wait: s.Step = ("booking_wait_for_host", {"listing_id": listing_id})
        return (*begin, send, wait, answer)

    answer = f"The host says: {known.text}"
    message = {"listing_id": listing.id, "by_host": 0, "text": s.holds(word)}
    return s.task(
        plant,
        s.goal(plant, "ask_host", wordings, "text", which=plant.which(mine, city, first)),
        s.STAY_TOOLS,
        solution=ask(listing.id, answer),
        slips=(ask(wrong.id, answer), ask(listing.id, s.DONE), (*begin, answer)),
        verifier=expect(
            [inserted("booking_message", message)],
            said=[known.gist],
            unsaid=_untrue(known) if topic == "parking" else (),
        ),
    )


def _known(rng: Random, topic: str, currency: str) -> prose.Known:
    made: dict[str, Callable[[], prose.Known]] = {
        "parking": lambda: prose.parking(rng, currency),
        "keys": lambda: prose.keys(rng),
        "transit": lambda: prose.transit(rng),
    }
    return made[topic]()


def _untrue(known: prose.Known) -> list[str]:
    """What would be told of another place: so that telling every possibility wins nothing."""
    return [told for told in ("for free", "no parking") if known.gist not in told]


@app.task_family
def complain(world: World, split: Split) -> Task:
    """A stay that has ended: no tool can refund it, a human can. At level 3 another was in the same city."""
    plant = Plant(world, split)
    past, city, trouble = plant.past(), plant.city(), plant.pick(TROUBLES)
    mine = plant.stay(plant.listing(city), past, 2)
    other = plant.stay(plant.listing(plant.beside(city)), past - timedelta(days=plant.rng.randrange(5, 30)), 2)
    begin = s.find(plant, mine.id)

    def escalate(number: int) -> tuple[s.Step, ...]:
        values = {"reservation_id": number, "reason": f"The {trouble} was broken; the guest wants money back."}
        return (*begin, ("booking_escalate", values), s.DONE)

    row = {"reservation_id": mine.id, "reason": s.holds(trouble)}
    return s.task(
        plant,
        s.goal(plant, "complain", COMPLAINT, which=plant.which(mine, city, past), trouble=trouble),
        s.STAY_TOOLS,
        solution=escalate(mine.id),
        slips=(escalate(other.id), (*begin, s.no(mine.id, "already begun")), (s.DONE,)),
        verifier=expect([inserted("booking_escalation", row)]),
    )
