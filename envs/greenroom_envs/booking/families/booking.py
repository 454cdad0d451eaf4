"""Book a stay: the cheapest that fits, one with a pet, one that another guest may take meanwhile."""

from datetime import date, timedelta

from greenroom import Split, Task, World
from greenroom.rewards import Wanted, expect, inserted
from greenroom_envs.booking.app import app
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.planting import Plant, spoken
from greenroom_envs.booking.stays import Block, Listing

CHEAPEST = s.asks(
    "book the cheapest place in {city} for {guests} people from {check_in} to {check_out}",
    "we are {guests} people and want the cheapest place in {city}, from {check_in} until {check_out}",
    "find us a bed in {city} from {check_in} to {check_out}, for {guests} people, and book the cheapest",
)
VAGUE = s.asks(
    "book the cheapest place in {city} from {check_in} to {check_out} that takes us all",
    "we want the cheapest place in {city} with room for all of us, from {check_in} until {check_out}",
    "find us beds in {city} from {check_in} to {check_out}, and book the cheapest",
)
GOOD = s.asks(
    "book the cheapest place in {city} from {check_in} to {check_out} that takes us all, with {quality} stars or more",
    "we want a place of at least {quality} stars in {city}, the cheapest one, from {check_in} until {check_out}",
    "find us beds in {city} from {check_in} to {check_out}, book the cheapest with {quality} stars or better",
)
PET = s.asks(
    "book {place} in {city} from {check_in} to {check_out} for 2 people and our {pet}",
    "my {pet} and the two of us want {place} in {city}, from {check_in} until {check_out}, please book it",
    "reserve {place} in {city} for 2 people with a {pet}, from {check_in} to {check_out}",
)
EITHER = s.asks(
    "book {place} in {city} for 2 people from {check_in} to {check_out}, or {other} if it is gone",
    "from {check_in} to {check_out} the two of us want {place} in {city}; if somebody took it, book {other}",
    "get us, 2 people, {place} in {city} from {check_in} until {check_out}, else {other}",
)


def dates(first: date, nights: int) -> dict[str, str]:
    """Days as tools take them."""
    return {"check_in": first.isoformat(), "check_out": (first + timedelta(days=nights)).isoformat()}


def spoken_dates(first: date, nights: int) -> dict[str, str]:
    """Days as people say them."""
    return {"check_in": spoken(first), "check_out": spoken(first + timedelta(days=nights))}


def search(city: str, first: date, nights: int, guests: int = 2) -> s.Step:
    """Search a city."""
    return "booking_search_stays", {"city": city, **dates(first, nights), "guests": guests}


def book(listing: Listing, first: date, nights: int, guests: int, methods: list[int], *, pets: bool = False) -> s.Step:
    """Book a listing."""
    more = {"pets": True} if pets else {}
    values = {"guests": guests, "method_ids": methods, **more}
    return "booking_book_stay", {"listing_id": listing.id, **dates(first, nights), **values}


def booked(
    plant: Plant, listing: Listing, first: date, nights: int, guests: int, *, pets: bool = False
) -> list[Wanted]:
    """What a stay paid by card leaves behind."""
    total = plant.total(listing, first, nights)
    payment = inserted("booking_payment", {"method_id": plant.card, "amount": total})
    return [*reserved(listing, first, nights, guests, pets=pets), payment]


def reserved(listing: Listing, first: date, nights: int, guests: int, *, pets: bool = False) -> list[Wanted]:
    """A stay and its nights, whatever paid for it."""
    days = {name: s.is_day(day) for name, day in dates(first, nights).items()}
    return [
        inserted("booking_reservation", {"listing_id": listing.id, "guests": guests, "pets": pets, **days}),
        inserted("booking_block", {"listing_id": listing.id, "reason": "booked"}),
    ]


@app.task_family
def book_cheapest(world: World, split: Split) -> Task:
    """The cheapest of some places; a cheaper one is too small, another is taken, at level 3 two are not good enough."""
    plant, rng = Plant(world, split), world.random
    city, guests, first, nights = plant.city(), rng.choice((3, 4)), plant.day(), rng.choice((2, 3, 4))
    night = rng.randrange(8_000, 12_000)
    right = plant.listing(city, night=night, cleaning=2_000)
    dear = plant.listing(city, night=night + rng.randrange(1_000, 3_000), cleaning=2_000)
    plant.listing(city, night=night - 2_000, guests=2)
    taken = plant.listing(city, night=night - 1_000)
    end = first + timedelta(days=1)
    world.session.add(Block(listing_id=taken.id, first_night=first, end=end, reason="booked"))
    start, pay, hidden = search(city, first, nights, guests), [plant.card], ("guests",) if plant.level > 1 else ()
    wordings, more = VAGUE if hidden else CHEAPEST, dict[str, str]()
    if plant.level == 3:
        wordings, more = GOOD, {"quality": "4.4"}
        for less in (1_500, 700):
            plant.listing(city, night=night - less, rating=rng.randrange(340, 430))
    slots = {"city": city, "guests": str(guests), **more, **spoken_dates(first, nights)}
    return Task(
        goal=s.goal(plant, "book_cheapest", wordings, "done", hidden, **slots),
        tools=s.STAY_TOOLS,
        solution=s.script(*s.ask(hidden), start, book(right, first, nights, guests, pay), s.DONE),
        slips=(
            s.script(start, book(dear, first, nights, guests, pay), s.DONE),
            s.script(start, book(right, first, nights + 1, guests, pay), s.DONE),
            s.script(start, s.DONE),
        ),
        excess=s.excess(plant),
        verifier=expect(booked(plant, right, first, nights, guests)),
        max_steps=s.MAX_STEPS,
    )


@app.task_family
def bring_pet(world: World, split: Split) -> Task:
    """A named place and a pet; where it takes none, the right answer is no."""
    plant, rng = Plant(world, split), world.random
    city, first, nights, allowed = plant.city(), plant.day(), rng.choice((2, 3)), rng.random() < 0.5
    right, other = plant.listing(city, pets=allowed), plant.listing(city, pets=True)
    start, pay = search(city, first, nights), [plant.card]
    yes = s.script(start, book(right, first, nights, 2, pay, pets=True), s.DONE)
    refusal = s.script(start, s.no(right.id, "no pets"))
    slots = {"place": right.title, "city": city, "pet": rng.choice(("dog", "cat", "puppy"))}
    sneaky = s.script(start, book(right, first, nights, 2, pay), s.DONE)
    elsewhere = s.script(start, book(other, first, nights, 2, pay, pets=True), s.DONE)
    return Task(
        goal=s.goal(plant, "bring_pet", PET, "done" if allowed else "text", **slots, **spoken_dates(first, nights)),
        tools=s.STAY_TOOLS,
        solution=yes if allowed else refusal,
        slips=(elsewhere, refusal if allowed else sneaky, s.script(start, s.DONE)),
        excess=s.excess(plant),
        verifier=expect(booked(plant, right, first, nights, 2, pets=True))
        if allowed
        else s.refused(right.id, "no pets"),
        max_steps=s.MAX_STEPS,
    )


@app.task_family
def sold_meanwhile(world: World, split: Split) -> Task:
    """Another guest takes the first choice after the search; the second choice is what remains."""
    plant, rng = Plant(world, split), world.random
    city, first, nights = plant.city(), plant.day(), rng.choice((2, 3, 4))
    wanted, second, third = (plant.listing(city) for _ in range(3))
    # The search takes five seconds and still shows it; before any second call it is gone.
    payload = {"listing": wanted.id, **dates(first, nights)}
    world.schedule("booking.other_books", payload, after=timedelta(seconds=7))
    start, pay = search(city, first, nights), [plant.card]
    look: s.Step = ("booking_quote_stay", {"listing_id": wanted.id, **dates(first, nights), "guests": 2})
    slots = {"place": wanted.title, "other": second.title, "city": city}
    return Task(
        goal=s.goal(plant, "sold_meanwhile", EITHER, **slots, **spoken_dates(first, nights)),
        tools=s.STAY_TOOLS,
        solution=s.script(start, look, book(second, first, nights, 2, pay), s.DONE),
        slips=(
            s.script(start, look, book(third, first, nights, 2, pay), s.DONE),
            s.script(start, look, s.DONE),
        ),
        excess=s.excess(plant),
        verifier=expect(booked(plant, second, first, nights, 2)),
        max_steps=s.MAX_STEPS,
    )
