"""The nightly calendar of a listing."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from greenroom import World
from greenroom_envs.booking.app import app
from greenroom_envs.booking.desk import CALENDAR, Day, Number, blocks_of, listing_of, me, rules_of, today_at
from greenroom_envs.booking.pricing import price_night
from greenroom_envs.booking.showing import Row


@app.tool
def show_calendar(
    world: World, listing_id: Number, first_night: Day, nights: Annotated[int, Field(ge=1, le=31)] = 7
) -> Row:
    """Show night by night whether a listing is free and what the night costs; calendars are open for a year.

    Args:
        listing_id: The listing's number.
        first_night: Such as 2026-03-14.
        nights: How many.
    """
    me(world)
    listing = listing_of(world, listing_id)
    today = today_at(world, listing.time_zone)
    days = [first_night + timedelta(days=n) for n in range(nights)]
    blocks, rules = blocks_of(world, listing.id, first_night, days[-1] + timedelta(days=1)), rules_of(world, listing)
    return {
        "currency": listing.currency,
        "min_nights": listing.min_nights,
        "nights": [
            {
                "night": day,
                "free": today <= day < today + CALENDAR and not any(b.first_night <= day < b.end for b in blocks),
                "price_cents": price_night(listing, rules, day),
            }
            for day in days
        ],
    }
