"""The life of booking: holds expire, hosts answer, others book, those who wait are told."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from greenroom import World
from greenroom.letters import Letter, send_letter
from greenroom_envs.booking.app import app
from greenroom_envs.booking.calendar import drop_hold, is_free
from greenroom_envs.booking.desk import host_of, utc_now
from greenroom_envs.booking.flights import Cabin, FlightDate
from greenroom_envs.booking.models import User, Waiting
from greenroom_envs.booking.stays import Block, Hold, HostMessage, Listing

BUYING_EVERY = timedelta(minutes=45)
PLANTED = 100_000
"""What tasks plant is numbered from here on."""


@app.on("booking.hold_expires")
def hold_expires(world: World, payload: dict[str, Any]) -> None:
    """A hold that was neither booked nor released ends."""
    hold = world.session.get(Hold, payload["hold"])
    if hold is not None:
        drop_hold(world, hold)


@app.on("booking.others_buy")
def others_buy(world: World, _payload: dict[str, Any]) -> None:
    """Somebody books some nights somewhere, somebody a seat: drawn from the world's own randomness."""
    rng = world.random
    # The population numbers its rows from 1 without gaps; tasks number what they plant far beyond.
    listing = world.session.get_one(Listing, rng.randrange(1, _count(world, Listing) + 1))
    first = utc_now(world).date() + timedelta(days=rng.randrange(1, 300))
    take_nights(world, listing, first.isoformat(), (first + timedelta(days=rng.randrange(2, 6))).isoformat())
    cabin = world.session.get(Cabin, (rng.randrange(1, _count(world, FlightDate) + 1), "economy"))
    if cabin is not None and cabin.seats > 0:
        cabin.seats -= 1
    world.schedule("booking.others_buy", {}, after=BUYING_EVERY)


def _count(world: World, model: type[Listing] | type[FlightDate]) -> int:
    """How many the population made."""
    return world.session.scalar(select(func.count()).select_from(model).where(model.id < PLANTED)) or 0


@app.on("booking.other_books")
def other_books(world: World, payload: dict[str, Any]) -> None:
    """Another guest books certain nights, if they are still free."""
    take_nights(world, world.session.get_one(Listing, payload["listing"]), payload["check_in"], payload["check_out"])


def take_nights(world: World, listing: Listing, check_in: str, check_out: str) -> None:
    """Nights of a guest who has no account that the app knows."""
    first, end = date.fromisoformat(check_in), date.fromisoformat(check_out)
    if is_free(world, listing, first, end):
        world.session.add(Block(listing_id=listing.id, first_night=first, end=end, reason="booked"))


@app.on("booking.host_answers")
def host_answers(world: World, payload: dict[str, Any]) -> None:
    """A host answers by message and by letter."""
    listing = world.session.get_one(Listing, payload["listing"])
    host, user = host_of(world, listing), world.session.get_one(User, payload["user"])
    text = answer(listing, payload["text"])
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


def answer(listing: Listing, question: str) -> str:
    """What a host knows about what was asked."""
    asked = question.lower()
    if "park" in asked or "car" in asked.split():
        return listing.parking
    if any(word in asked for word in ("dog", "cat", "pet")):
        return "Pets are welcome." if listing.pets else "I am sorry, I take no pets."
    if "check" in asked or "arriv" in asked:
        return f"You can come from {listing.check_in_from}:00 on."
    return "Thank you for your message. All that I know is in the listing."


@app.on("booking.nights_freed")
def nights_freed(world: World, payload: dict[str, Any]) -> None:
    """Whoever waits for nights that are free now is told, once, by letter."""
    listing = world.session.get_one(Listing, payload["listing"])
    waiting = select(Waiting).where(Waiting.listing_id == listing.id, Waiting.told.is_(False)).order_by(Waiting.id)
    for entry in world.session.scalars(waiting).all():
        if is_free(world, listing, entry.check_in, entry.check_out):
            entry.told = True
            user, host = world.session.get_one(User, entry.user_id), host_of(world, listing)
            body = f"{listing.title} is free from {entry.check_in} to {entry.check_out}."
            send_letter(
                world,
                Letter(sender=host.name, address=host.email, to=user.email, subject="Nights are free", body=body),
            )
