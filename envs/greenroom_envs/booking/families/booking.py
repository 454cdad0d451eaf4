"""Book a stay: the cheapest that fits, one with a pet, one that another guest may take meanwhile."""

from datetime import date, timedelta

from greenroom import Split, Task, World
from greenroom.rewards import Wanted, expect, inserted
from greenroom_envs.booking.app import app
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.days import spoken
from greenroom_envs.booking.families.planting import GOOD, POOR, Plant
from greenroom_envs.booking.stays import Listing

CHEAPEST = s.asks(
    "book the cheapest place in {city} for {guests} people from {check_in} to {check_out}",
    "we are {guests} people and want the cheapest place in {city}, from {check_in} until {check_out}; book it",
    "find us a place in {city} from {check_in} to {check_out}, for {guests} people, and book the cheapest",
    "{guests} of us are in {city} from {check_in} to {check_out}: book the cheapest place that takes us all",
)
VAGUE = s.asks(
    "book the cheapest place in {city} from {check_in} to {check_out} that takes us all",
    "we want the cheapest place in {city} with room for all of us, from {check_in} until {check_out}; book it",
    "find us a place in {city} from {check_in} to {check_out}, and book the cheapest",
    "our group is in {city} from {check_in} to {check_out}: book the cheapest place that is large enough",
)
STARRED = s.asks(
    "book the cheapest place in {city} from {check_in} to {check_out} that takes us all, with {quality} stars or more",
    "we want a place of at least {quality} stars in {city}, from {check_in} until {check_out}: book the cheapest one",
    "find us a place in {city} from {check_in} to {check_out} and book the cheapest with {quality} stars or better",
    "our group is in {city} from {check_in} to {check_out}: book the cheapest place that has {quality} stars at least",
)
PET = s.asks(
    "book {place} in {city} from {check_in} to {check_out} for {guests} people and our {pet}",
    "my {pet} and the {guests} of us want {place} in {city}, from {check_in} until {check_out}; book it",
    "reserve {place} in {city} for {guests} people with a {pet}, from {check_in} to {check_out}",
    "the {pet} comes along: {place} in {city}, {check_in} to {check_out}, {guests} people, book that",
)
PET_VAGUE = s.asks(
    "book {place} in {city} from {check_in} to {check_out} for us and our {pet}",
    "my {pet} and the family want {place} in {city}, from {check_in} until {check_out}; book it",
    "reserve {place} in {city} for us and a {pet}, from {check_in} to {check_out}",
    "the {pet} comes along: {place} in {city}, {check_in} to {check_out}, book that for us",
)
EITHER = s.asks(
    "book {place} in {city} for {guests} people from {check_in} to {check_out}, or {other} if it is gone",
    "from {check_in} to {check_out} the {guests} of us want {place} in {city}; if somebody took it, book {other}",
    "get us, {guests} people, {place} in {city} from {check_in} until {check_out}, else {other}",
    "we like {place} in {city} best, {other} second: book one, {check_in} to {check_out}, {guests} people",
)
EITHER_VAGUE = s.asks(
    "book {place} in {city} for us from {check_in} to {check_out}, or {other} if it is gone",
    "from {check_in} to {check_out} we want {place} in {city}; if somebody took it, book {other}",
    "get us {place} in {city} from {check_in} until {check_out}, else {other}",
    "we like {place} in {city} best, {other} second: book one for us, {check_in} to {check_out}",
)
QUALITIES = (
    "4.08",
    "4.12",
    "4.22",
    "4.28",
    "4.32",
    "4.38",
    "4.42",
    "4.48",
    "4.52",
    "4.1",
    "4.15",
    "4.2",
    "4.25",
    "4.3",
    "4.35",
    "4.4",
    "4.45",
    "4.5",
    "4.55",
    "4.6",
)
PETS = (
    *("dog", "cat", "puppy", "kitten", "terrier", "poodle", "rabbit", "parrot", "spaniel", "dachshund", "beagle"),
    *("hamster", "tortoise", "canary", "labrador", "pug", "collie", "tomcat", "guinea pig", "old dog", "small dog"),
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
    guests, nights = rng.choice((3, 4)), rng.choice((2, 3, 4))
    city, first, night = plant.city(), plant.day(nights=nights), plant.amount(8_000, 12_000, 50)
    right = plant.listing(city, stars=rng.choice(GOOD), night=night, cleaning=2_000)
    dear = plant.listing(city, night=night + rng.randrange(1_000, 3_000, 50), cleaning=2_000)
    plant.listing(city, night=night - 2_000, guests=2)
    plant.take(plant.listing(city, night=night - 1_000), first)
    start, pay, hidden = search(city, first, nights, guests), [plant.card], s.guests(plant)
    wordings, more = VAGUE if hidden else CHEAPEST, dict[str, str]()
    if plant.alike:
        wordings, more = STARRED, {"quality": plant.pick(QUALITIES)}
        for less in (1_500, 700):
            plant.listing(city, stars=rng.choice(POOR), night=night - less)
    slots = {"city": city, "guests": str(guests), **more, **spoken_dates(first, nights)}
    return s.task(
        plant,
        s.goal(plant, "book_cheapest", wordings, "done", hidden, **slots),
        s.STAY_TOOLS,
        solution=(*s.ask(hidden), start, book(right, first, nights, guests, pay), s.DONE),
        slips=(
            (start, book(dear, first, nights, guests, pay), s.DONE),
            (start, book(right, first, nights + 1, guests, pay), s.DONE),
            (start, s.DONE),
        ),
        verifier=expect(booked(plant, right, first, nights, guests)),
    )


@app.task_family
def bring_pet(world: World, split: Split) -> Task:
    """A named place and a pet; where it takes none, the right answer is no. At level 3 one named alike takes pets."""
    plant, rng = Plant(world, split), world.random
    nights, allowed, guests = rng.choice((2, 3)), rng.random() < 0.5, rng.choice((2, 3, 4))
    city, first = plant.city(), plant.day(nights=nights)
    right = plant.listing(city, pets=allowed)
    other = plant.twin(right, pets=not allowed) if plant.alike else plant.listing(city)
    pay, hidden = [plant.card], s.guests(plant)
    start = search(city, first, nights, guests if allowed or not hidden else 1)
    yes = (*s.ask(hidden), start, book(right, first, nights, guests, pay, pets=True), s.DONE)
    refusal = (start, s.no(right.id, "no pets"))
    slots = {"place": right.title, "city": city, "guests": str(guests), "pet": plant.pick(PETS)}
    sneaky = (start, book(right, first, nights, guests, pay), s.DONE)
    elsewhere = (start, book(other, first, nights, guests, pay), s.DONE)
    wordings, needs = PET_VAGUE if hidden else PET, "done" if allowed else "text"
    return s.task(
        plant,
        s.goal(plant, "bring_pet", wordings, needs, hidden, **slots, **spoken_dates(first, nights)),
        s.STAY_TOOLS,
        solution=yes if allowed else refusal,
        slips=(elsewhere, refusal if allowed else sneaky, (start, s.DONE)),
        verifier=expect(booked(plant, right, first, nights, guests, pets=True))
        if allowed
        else s.refused(right.id, "no pets"),
    )


@app.task_family
def sold_meanwhile(world: World, split: Split) -> Task:
    """Another guest takes the first choice after the search; the second remains. At level 3 a third is named alike."""
    plant, rng = Plant(world, split), world.random
    nights, guests, hidden = rng.choice((2, 3, 4)), rng.choice((2, 3, 4)), s.guests(plant)
    city, first = plant.city(), plant.day(nights=nights)
    wanted, second = plant.listing(city), plant.listing(city)
    third = plant.twin(second) if plant.alike else plant.listing(city)
    # The search takes five seconds and still shows it; before any second call it is gone.
    payload = {"listing": wanted.id, **dates(first, nights)}
    world.schedule("booking.other_books", payload, after=timedelta(seconds=7))
    look: s.Step = ("booking_quote_stay", {"listing_id": wanted.id, **dates(first, nights), "guests": guests})
    begin = (*s.ask(hidden), search(city, first, nights, guests), look)
    slots = {"place": wanted.title, "other": second.title, "city": city, "guests": str(guests)}
    wordings, pay = EITHER_VAGUE if hidden else EITHER, [plant.card]
    return s.task(
        plant,
        s.goal(plant, "sold_meanwhile", wordings, "done", hidden, **slots, **spoken_dates(first, nights)),
        s.STAY_TOOLS,
        solution=(*begin, book(second, first, nights, guests, pay), s.DONE),
        slips=((*begin, book(third, first, nights, guests, pay), s.DONE), (*begin, s.DONE)),
        verifier=expect(booked(plant, second, first, nights, guests)),
    )
