"""Keep nights for an hour; a listing's limits are not bent for that."""

from typing import Any

from greenroom import Split, Task, World
from greenroom.rewards import expect, inserted
from greenroom_envs.booking.app import app
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.booking import dates, search, spoken_dates
from greenroom_envs.booking.families.planting import ME, Plant
from greenroom_envs.booking.stays import Listing

REQUESTS = s.asks(
    "keep {place} in {city} for us, {guests} people, from {check_in} to {check_out}, we decide within the hour",
    "put {place} in {city} on hold from {check_in} until {check_out} for {guests} people, do not book it yet",
    "hold {place} in {city}, {check_in} to {check_out}, {guests} people; I will tell you later whether we take it",
    "nobody may take {place} in {city} while we think: hold it for {guests} people, {check_in} to {check_out}",
)
VAGUE = s.asks(
    "keep {place} in {city} for us from {check_in} to {check_out}, we decide within the hour",
    "put {place} in {city} on hold for us from {check_in} until {check_out}, do not book it yet",
    "hold {place} in {city}, {check_in} to {check_out}; I will tell you later whether we take it",
    "nobody may take {place} in {city} while we think: hold it for us, {check_in} to {check_out}",
)


@app.task_family
def hold_place(world: World, split: Split) -> Task:
    """Hold a place without booking it; where guests or nights do not fit, the right answer is no."""
    plant, rng = Plant(world, split), world.random
    nights, guests = rng.choice((1, 2)), rng.choice((2, 3))
    city, first = plant.city(), plant.day(nights=nights)
    rule = rng.choice(("", "", "guest limit", "minimum stay"))
    limits: dict[str, Any] = {"guest limit": {"guests": guests - 1}, "minimum stay": {"min_nights": nights + 2}}.get(
        rule, {}
    )
    right = plant.listing(city, **limits)
    # At level 3 the place that fits, or does not, is named like the one that is meant.
    other = plant.twin(right, guests=4) if plant.alike else plant.listing(city)
    hidden = s.guests(plant)
    begin = (*s.ask(hidden), search(city, first, nights, 1))
    if rule:
        # A place that does not fit is not found for so few nights: it is found for more, and shown.
        begin = (*s.ask(hidden), search(city, first, nights + 2, 1), ("booking_show_listing", {"listing_id": right.id}))

    def hold(listing: Listing, count: int = guests) -> s.Step:
        return "booking_hold_stay", {"listing_id": listing.id, **dates(first, nights), "guests": count}

    days = {name: s.is_day(day) for name, day in dates(first, nights).items()}
    wanted = [
        inserted("booking_hold", {"listing_id": right.id, "user_id": ME, **days}),
        inserted("booking_block", {"listing_id": right.id, "reason": "held"}),
    ]
    slots = {"place": right.title, "city": city, "guests": str(guests), **spoken_dates(first, nights)}
    wordings, needs = VAGUE if hidden else REQUESTS, "text" if rule else "done"
    return s.task(
        plant,
        s.goal(plant, "hold_place", wordings, needs, hidden, **slots),
        s.STAY_TOOLS,
        solution=(*begin, s.no(right.id, rule)) if rule else (*begin, hold(right), s.DONE),
        slips=((*begin, hold(other), s.DONE), (*begin, s.no(right.id, "no pets")), (*begin, s.DONE)),
        verifier=s.refused(right.id, rule) if rule else expect(wanted),
    )
