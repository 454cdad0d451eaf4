"""Pay with several methods: a gift card first, a voucher, two certificates or foreign money, which rules forbid."""

from greenroom import Split, Task, World
from greenroom.rewards import expect, inserted, updated
from greenroom_envs.booking.app import app
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.booking import book, reserved, search, spoken_dates
from greenroom_envs.booking.families.planting import Plant

TOOLS = (
    "booking_list_vouchers",
    "booking_redeem_voucher",
    *(tool for tool in s.STAY_TOOLS if "host" not in tool),
)
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
    city, first, nights = plant.city(abroad=False), plant.day(), rng.choice((2, 3))
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
    city, first, nights = plant.city(abroad=False), plant.day(), rng.choice((2, 3))
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
        verifier=s.refused(right.id, "one certificate"),
        max_steps=s.MAX_STEPS,
    )


ABROAD = s.asks(
    "book {place} in {city} from {check_in} to {check_out} for 2 people and take the gift card for what it covers",
    "the two of us want {place} in {city} from {check_in} until {check_out}: first the gift card, then the card",
    "reserve {place} in {city} for 2 people, {check_in} to {check_out}; use my gift card up, the card pays the rest",
)
VOUCHER = s.asks(
    "redeem my voucher and book {place} in {city} with it from {check_in} to {check_out} for 2 people, the card pays "
    "the rest",
    "I have a voucher: turn it into money, and book {place} in {city} from {check_in} until {check_out} for the two of "
    "us, rest by card",
    "use my voucher, then the card, for {place} in {city}, {check_in} to {check_out}, 2 people",
)


@app.task_family
def pay_abroad(world: World, split: Split) -> Task:
    """A gift card of dollars: where prices are in another money, the right answer is no."""
    plant, rng = Plant(world, split), world.random
    forbidden = rng.random() < 0.6
    city, first, nights = plant.city(abroad=forbidden), plant.day(), rng.choice((2, 3))
    right, gift, card = plant.listing(city), plant.methods("gift_card")[0], plant.card
    gift.balance = balance = rng.randrange(20, 90) * 100
    total, start = plant.total(right, first, nights), search(city, first, nights)
    wanted = [
        *reserved(right, first, nights, 2),
        inserted("booking_payment", {"method_id": gift.id, "amount": balance}),
        inserted("booking_payment", {"method_id": card, "amount": total - balance}),
        updated("booking_payment_method", key=gift.id, values={"balance": 0}),
    ]
    yes = s.script(start, METHODS, book(right, first, nights, 2, [gift.id, card]), s.DONE)
    refusal = s.script(start, METHODS, s.no(right.id, "own currency"))
    by_card = s.script(start, METHODS, book(right, first, nights, 2, [card]), s.DONE)
    slots = {"place": right.title, "city": city, **spoken_dates(first, nights)}
    return Task(
        goal=s.goal(plant, "pay_abroad", ABROAD, "text" if forbidden else "done", **slots),
        tools=s.STAY_TOOLS,
        solution=refusal if forbidden else yes,
        slips=(by_card, s.script(start, METHODS, s.DONE)),
        excess=s.excess(plant),
        verifier=s.refused(right.id, "own currency") if forbidden else expect(wanted),
        max_steps=s.MAX_STEPS,
    )


@app.task_family
def use_voucher(world: World, split: Split) -> Task:
    """A voucher becomes a gift card, which pays first; one that has run out must be left alone."""
    plant, rng = Plant(world, split), world.random
    city, first, nights = plant.city(abroad=False), plant.day(), rng.choice((2, 3))
    right, card = plant.listing(city), plant.card
    voucher, total = plant.voucher(rng.randrange(20, 60) * 100, 90), plant.total(right, first, nights)
    plant.voucher(rng.randrange(20, 60) * 100, -20)
    start: tuple[s.Step, ...] = (search(city, first, nights), ("booking_list_vouchers", {}))
    redeem: s.Step = ("booking_redeem_voucher", {"voucher_id": voucher.id})
    # The next number of a payment method is one more than the last; nobody else makes any.
    fresh = plant.last_method() + 1
    wanted = [
        *reserved(right, first, nights, 2),
        updated("booking_voucher", key=voucher.id, values={"redeemed": True}),
        inserted("booking_payment_method", {"kind": "gift_card", "balance": 0}),
        inserted("booking_payment", {"method_id": fresh, "amount": voucher.amount}),
        inserted("booking_payment", {"method_id": card, "amount": total - voucher.amount}),
    ]
    slots = {"place": right.title, "city": city, **spoken_dates(first, nights)}
    return Task(
        goal=s.goal(plant, "use_voucher", VOUCHER, **slots),
        tools=TOOLS,
        solution=s.script(*start, redeem, book(right, first, nights, 2, [fresh, card]), s.DONE),
        slips=(
            s.script(*start, redeem, book(right, first, nights, 2, [card]), s.DONE),
            s.script(*start, book(right, first, nights, 2, [card]), s.DONE),
            s.script(*start, redeem, s.DONE),
        ),
        excess=s.excess(plant),
        verifier=expect(wanted),
        max_steps=s.MAX_STEPS,
    )
