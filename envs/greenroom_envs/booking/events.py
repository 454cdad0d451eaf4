"""The life of booking: holds expire, hosts and humans answer, others buy and give back, flights slip, waiting ends."""

from datetime import date, timedelta
from random import Random
from typing import Any

from sqlalchemy import bindparam, func, select

from greenroom import World
from greenroom.letters import Letter, send_letter
from greenroom_envs.booking.app import app
from greenroom_envs.booking.calendar import drop_hold, freed, is_free, seats_freed
from greenroom_envs.booking.desk import host_of, utc_now
from greenroom_envs.booking.flights import Cabin, FlightDate, Segment
from greenroom_envs.booking.models import Escalation, Reservation, User, Waiting
from greenroom_envs.booking.money import DESK, write
from greenroom_envs.booking.policy import CALENDAR_DAYS
from greenroom_envs.booking.prose import case_answer, host_answer
from greenroom_envs.booking.stays import Block, Hold, HostMessage, Listing

BUYING_EVERY = timedelta(minutes=10)
SLIPPING_EVERY = timedelta(hours=3)
PLANTED = 100_000
"""What tasks plant is numbered from here on; the population numbers from 1 without gaps."""
DELAYS = (25, 35, 40, 55, 70, 90, 130, 210)
"""By how many minutes flights are late."""
FEW_SEATS = 10

# Made once: building a statement costs as much as running it.
LAST_FLIGHT = select(func.max(FlightDate.id)).where(FlightDate.id < PLANTED)
# How many listings and how many flights the population made: one read for both.
LAST = select(
    select(func.max(Listing.id)).where(Listing.id < PLANTED).scalar_subquery(),
    LAST_FLIGHT.scalar_subquery(),
)
THEIRS = (
    select(Block)
    .where(
        Block.listing_id == bindparam("listing"),
        Block.first_night > bindparam("first"),
        Block.reason == "booked",
        Block.reservation_id.is_(None),
    )
    .order_by(Block.first_night)
    .limit(1)
)
BOOKED = (
    select(Reservation, User)
    .join(Segment, Segment.reservation_id == Reservation.id)
    .join(User, User.id == Reservation.user_id)
    .where(Segment.flight_date_id == bindparam("flight"), Reservation.status == "confirmed")
    .order_by(Reservation.id)
)
WAITING_NIGHTS = (
    select(Waiting).where(Waiting.listing_id == bindparam("listing"), Waiting.told.is_(False)).order_by(Waiting.id)
)
WAITING_SEATS = (
    select(Waiting).where(Waiting.flight_date_id == bindparam("flight"), Waiting.told.is_(False)).order_by(Waiting.id)
)


@app.on("booking.hold_expires")
def hold_expires(world: World, payload: dict[str, Any]) -> None:
    """A hold that was neither booked nor released ends."""
    hold = world.session.get(Hold, payload["hold"])
    if hold is not None and hold.expires_at <= utc_now(world):
        drop_hold(world, hold)


@app.on("booking.others_buy")
def others_buy(world: World, _payload: dict[str, Any]) -> None:
    """Others book and give back nights and seats: drawn from the world's own randomness."""
    rng = world.random
    listings, flights = world.session.execute(LAST).one()
    for _ in range(rng.choice((0, 1, 1, 2))):
        _others_book(world, rng, rng.randrange(1, listings + 1))
    for _ in range(rng.choice((0, 1, 1, 2))):
        _others_fly(world, rng, rng.randrange(1, flights + 1))
    world.schedule("booking.others_buy", {}, after=BUYING_EVERY)


def _others_book(world: World, rng: Random, listing: int) -> None:
    """Somebody books some nights, sooner ones more often; one time in five somebody cancels instead."""
    today = utc_now(world).date()
    first = today + timedelta(days=min(CALENDAR_DAYS - 10, 1 + int(rng.expovariate(1 / 60))))
    if rng.random() < 0.8:
        take_nights(world, listing, first.isoformat(), (first + timedelta(days=rng.randrange(2, 6))).isoformat())
        return
    block = world.session.scalars(THEIRS, {"listing": listing, "first": first}).one_or_none()
    if block is not None:
        world.session.delete(block)
        freed(world, listing, block.first_night, block.end)


def _others_fly(world: World, rng: Random, number: int) -> None:
    """Somebody buys seats, or gives one back; the last ones grow dearer as they go."""
    cabin = world.session.get_one(Cabin, (number, "economy"))
    if rng.random() < 0.15:
        cabin.seats += 1
        seats_freed(world, number)
        return
    sold = min(cabin.seats, rng.choice((1, 1, 2, 4)))
    cabin.seats -= sold
    if sold and cabin.seats < FEW_SEATS:
        cabin.price += cabin.price * 3 // 100


@app.on("booking.flights_slip")
def flights_slip(world: World, _payload: dict[str, Any]) -> None:
    """A flight is delayed, or now and then cancelled; whoever flies with it is told."""
    rng = world.random
    flights = world.session.scalar(LAST_FLIGHT) or 0
    flight = world.session.get_one(FlightDate, rng.randrange(1, flights + 1))
    if flight.status == "scheduled" and flight.departs_at > utc_now(world):
        slip(world, flight, "cancelled" if rng.random() < 0.15 else "delayed", rng.choice(DELAYS))
    world.schedule("booking.flights_slip", {}, after=SLIPPING_EVERY)


def slip(world: World, flight: FlightDate, status: str, minutes: int = DELAYS[0]) -> None:
    """Give a flight another status, a delay of some minutes; passengers are told by letter."""
    flight.status = status
    if status == "delayed":
        for name in ("departs_at", "arrives_at", "departs_local", "arrives_local"):
            setattr(flight, name, getattr(flight, name) + timedelta(minutes=minutes))
    consequence = {
        "delayed": f"It leaves at {flight.departs_local:%H:%M} and arrives at {flight.arrives_local:%H:%M} local time.",
        "cancelled": "You can move to another flight free of charge, or cancel and get everything back.",
    }[status]
    where = f"from {flight.origin} to {flight.destination} on {flight.day}"
    body = f"Flight {flight.number} {where} is {status}. {consequence}"
    for reservation, user in world.session.execute(BOOKED, {"flight": flight.id}).all():
        write(world, user, f"Reservation {reservation.id}: flight {flight.number} is {status}", body, reservation)


@app.on("booking.other_books")
def other_books(world: World, payload: dict[str, Any]) -> None:
    """Another guest books certain nights, if they are still free."""
    take_nights(world, payload["listing"], payload["check_in"], payload["check_out"])


@app.on("booking.others_fly")
def others_fly(world: World, payload: dict[str, Any]) -> None:
    """Others buy the last seats of a task's flight."""
    world.session.get_one(Cabin, (payload["flight"], "economy")).seats = payload["left"]


def take_nights(world: World, listing: int, check_in: str, check_out: str) -> None:
    """Nights of a guest who has no account that the app knows."""
    first, end = date.fromisoformat(check_in), date.fromisoformat(check_out)
    if is_free(world, listing, first, end):
        world.session.add(Block(listing_id=listing, first_night=first, end=end, reason="booked"))


@app.on("booking.host_answers")
def host_answers(world: World, payload: dict[str, Any]) -> None:
    """A host answers by message and by letter."""
    listing = world.session.get_one(Listing, payload["listing"])
    host, user = host_of(world, listing), world.session.get_one(User, payload["user"])
    names = user.name.split()[0], host.name.split()[0]
    text = host_answer(world.random, topics(listing, payload["text"]), *names)
    world.session.add(
        HostMessage(listing_id=listing.id, user_id=user.id, by_host=True, text=text, sent_at=utc_now(world))
    )
    letter = Letter(
        sender=host.name,
        address=host.email,
        to=user.email,
        subject=f"Your question about {listing.title}",
        body=text,
        reference=f"booking:listing:{listing.id}",
    )
    send_letter(world, letter)


def topics(listing: Listing, question: str) -> list[str]:
    """What a host knows about what was asked: each of its topics that the question touches."""
    words = set("".join(c if c.isalpha() else " " for c in question.lower()).split())
    known = (
        ({"park", "parking", "car", "garage"}, listing.parking),
        ({"key", "keys", "enter", "code", "door"}, listing.keys),
        ({"bus", "train", "tram", "transit", "station", "taxi"}, listing.transit),
        ({"dog", "dogs", "cat", "cats", "pet", "pets", "puppy", "kitten"}, _pets(listing)),
        ({"wifi", "internet"}, _has(listing, "wifi")),
        ({"cot", "baby", "crib"}, _has(listing, "cot")),
        ({"kitchen", "cook"}, _has(listing, "kitchen")),
        ({"washing", "laundry", "washer"}, _has(listing, "washing machine")),
        ({"bed", "beds", "bedroom", "bedrooms"}, f"There are {listing.beds} beds in {listing.bedrooms} bedrooms."),
        ({"smoke", "smoking"}, "You may smoke outside." if listing.smoking else "Please do not smoke."),
        ({"party", "parties"}, "Parties are fine." if listing.parties else "No parties, please."),
        ({"quiet", "noise", "loud", "music"}, f"Please be quiet from {listing.quiet_from}:00 on."),
        ({"leave", "leaving", "checkout", "check"}, f"Please leave by {listing.check_out_by}:00."),
        ({"arrive", "arrival", "checkin", "check", "late"}, f"You can come from {listing.check_in_from}:00 on."),
    )
    return [text for cues, text in known if words & cues]


def _has(listing: Listing, thing: str) -> str:
    return f"There is {thing}." if thing in listing.amenities.split(", ") else f"I am sorry, there is no {thing}."


def _pets(listing: Listing) -> str:
    return "Pets are welcome." if listing.pets else "I am sorry, I take no pets."


@app.on("booking.human_answers")
def human_answers(world: World, payload: dict[str, Any]) -> None:
    """The service desk has looked at a case."""
    case = world.session.get_one(Escalation, payload["case"])
    reservation = world.session.get_one(Reservation, case.reservation_id)
    case.answer = text = case_answer(world.random, reservation.kind)
    user = world.session.get_one(User, reservation.user_id)
    write(world, user, f"Your case {case.id} about reservation {reservation.id}", text, reservation)


@app.on("booking.nights_freed")
def nights_freed(world: World, payload: dict[str, Any]) -> None:
    """Whoever waits for nights that are free now is told, once, by letter."""
    listing = world.session.get_one(Listing, payload["listing"])
    for entry in world.session.scalars(WAITING_NIGHTS, {"listing": listing.id}).all():
        if entry.check_in and entry.check_out and is_free(world, listing.id, entry.check_in, entry.check_out):
            _tell(world, entry, f"{listing.title} is free from {entry.check_in} to {entry.check_out}.")


@app.on("booking.seats_freed")
def seats_freed_of(world: World, payload: dict[str, Any]) -> None:
    """Whoever waits for seats that are on sale now is told, once, by letter."""
    flight = world.session.get_one(FlightDate, payload["flight"])
    for entry in world.session.scalars(WAITING_SEATS, {"flight": flight.id}).all():
        cabin = world.session.get(Cabin, (flight.id, entry.cabin))
        if cabin is not None and cabin.seats >= (entry.seats or 1) and flight.status != "cancelled":
            _tell(world, entry, f"Flight {flight.number} on {flight.day} has {cabin.seats} seats in {cabin.cabin}.")


def _tell(world: World, entry: Waiting, body: str) -> None:
    entry.told = True
    user = world.session.get_one(User, entry.user_id)
    letter = Letter(
        sender="Greenroom Booking",
        address=DESK,
        to=user.email,
        subject="What you wait for is free",
        body=body,
        reference=f"booking:waitlist:{entry.id}",
    )
    send_letter(world, letter)
