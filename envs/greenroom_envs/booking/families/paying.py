"""Pay with several methods: a gift card first, or two certificates, which the rules forbid."""

from greenroom import Split, Task, World
from greenroom.rewards import expect, inserted, updated
from greenroom_envs.booking.app import app
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.booking import book, reserved, search, spoken_dates
from greenroom_envs.booking.families.planting import Plant

METHODS: s.Step = ("booking_list_payment_methods", {})
GIFT = s.asks(
    "book {place} in {city} from {check_in} to {check_out} for 2 people, use up my gift card first, then the card",
    "the two of us want {place} in {city} from {check_in} until {check_out}: the gift card pays, the card the rest",
    "reserve {place} in {city} for 2 people, {check_in} to {check_out}, paid by gift card and the rest by card",
)
TWO = s.asks(
    "book {place} in {city} from {check_in} to {check_out} for 2 people and pay with both my certificates",
    "the two of us want {place} in {city} from {check_in} until {check_out}, take both certificates for it",
    "reserve {place} in {city} for 2 people, {check_in} to {check_out}, I have two certificates that shall pay",
)


@app.task_family
def split_payment(world: World, split: Split) -> Task:
    """The gift card is used up, the card pays the rest."""
    plant, rng = Plant(world, split), world.random
    city, first, nights = plant.city(), plant.day(), rng.choice((2, 3))
    right, other = plant.listing(city), plant.listing(city)
    gift, card = plant.methods("gift_card")[0], plant.card
    gift.balance = balance = rng.randrange(20, 90) * 100
    total, start = plant.total(right, first, nights), search(city, first, nights)
    wanted = [
        *reserved(right, first, nights, 2),
        inserted("booking_payment", {"method_id": gift.id, "amount": balance}),
        inserted("booking_payment", {"method_id": card, "amount": total - balance}),
        updated("booking_payment_method", key=gift.id, values={"balance": 0}),
    ]
    return Task(
        goal=s.goal(plant, "split_payment", GIFT, place=right.title, city=city, **spoken_dates(first, nights)),
        tools=s.STAY_TOOLS,
        solution=s.script(start, METHODS, book(right, first, nights, 2, [gift.id, card]), s.DONE),
        slips=(
            s.script(start, METHODS, book(right, first, nights, 2, [card]), s.DONE),
            s.script(start, METHODS, book(other, first, nights, 2, [gift.id, card]), s.DONE),
            s.script(start, METHODS, s.DONE),
        ),
        excess=s.excess(plant),
        verifier=expect(wanted),
        max_steps=s.MAX_STEPS,
    )


@app.task_family
def two_certificates(world: World, split: Split) -> Task:
    """Two certificates for one reservation: the right answer is no."""
    plant, rng = Plant(world, split), world.random
    city, first, nights = plant.city(), plant.day(), rng.choice((2, 3))
    right, one = plant.listing(city), plant.methods("certificate")[0]
    one.balance = rng.randrange(20, 50) * 100
    start, slots = search(city, first, nights), {"place": right.title, "city": city}
    return Task(
        goal=s.goal(plant, "two_certificates", TWO, "text", **slots, **spoken_dates(first, nights)),
        tools=s.STAY_TOOLS,
        solution=s.script(start, METHODS, s.no(right.id, "one certificate")),
        slips=(
            s.script(start, METHODS, book(right, first, nights, 2, [one.id, plant.card]), s.DONE),
            s.script(start, METHODS, s.DONE),
        ),
        excess=s.excess(plant),
        verifier=expect(said=[str(right.id), "one certificate"]),
        max_steps=s.MAX_STEPS,
    )
