"""Finding stays."""

from collections import defaultdict
from typing import Annotated

from pydantic import Field
from sqlalchemy import bindparam, exists, select

from greenroom import Refusal, World
from greenroom_envs.booking.app import app
from greenroom_envs.booking.calendar import is_free, price, require_bookable
from greenroom_envs.booking.desk import (
    PRICE_RULE,
    SEARCHES,
    Cents,
    Day,
    Guests,
    Number,
    Page,
    host_of,
    listing_of,
    me,
    require_nights,
    rules_of,
    utc_now,
)
from greenroom_envs.booking.models import Read
from greenroom_envs.booking.pricing import price_stay
from greenroom_envs.booking.showing import LISTING_LINE, Row, page_of, show_listing_line
from greenroom_envs.booking.stays import Block, Listing, PriceRule

MOST = 120
FREE = (
    select(*LISTING_LINE, Listing.night, Listing.cleaning, Listing.currency)
    .where(
        Listing.city == bindparam("city"),
        Listing.guests >= bindparam("guests"),
        ~exists().where(
            Block.listing_id == Listing.id, Block.end > bindparam("first"), Block.first_night < bindparam("end")
        ),
    )
    .order_by(Listing.id)
    .limit(MOST)
)
IN_CITY = select(Listing.id).where(Listing.city == bindparam("city")).limit(1)
RULES_OF_MANY = select(PriceRule.listing_id, *PRICE_RULE).where(
    PriceRule.listing_id.in_(bindparam("ids", expanding=True))
)


@app.tool(at_most=SEARCHES)
def search_stays(
    world: World,
    city: Annotated[str, Field(max_length=100)],
    check_in: Day,
    check_out: Day,
    guests: Guests,
    pets: bool = False,
    max_total_cents: Cents = 0,
    page: Page = 1,
) -> Row:
    """Search places in a city that are free, cheapest first, five a page; the total holds all fees.

    Args:
        city: The city's name.
        check_in: The first night, such as 2026-03-14.
        check_out: The day of leaving.
        guests: How many people.
        pets: Only places that take pets.
        max_total_cents: Only places that cost this at most; 0 for any price.
        page: Which page.
    """
    me(world)
    require_nights(check_in, check_out, utc_now(world).date())
    values = {"city": city.strip().title(), "guests": guests, "first": check_in, "end": check_out}
    free = world.session.execute(FREE, values).all()
    if not free and world.session.scalar(IN_CITY, {"city": values["city"]}) is None:
        raise Refusal("no_such_city", f"There is no place to stay in '{city}': check how it is written.")
    found = [
        listing for listing in free if listing.min_nights <= (check_out - check_in).days and (listing.pets or not pets)
    ]
    rules: dict[int, list[Read]] = defaultdict(list)
    for rule in world.session.execute(RULES_OF_MANY, {"ids": [listing.id for listing in found]}).all():
        rules[rule.listing_id].append(rule)
    priced = [(price_stay(listing, rules[listing.id], check_in, check_out).total, listing) for listing in found]
    if max_total_cents:
        priced = [one for one in priced if one[0] <= max_total_cents]
    priced.sort(key=lambda one: (one[0], one[1].id))
    return page_of(priced, page, _show_priced)


def _show_priced(priced: tuple[int, Read]) -> Row:
    total, place = priced
    return {**show_listing_line(place), "total_cents": total, "currency": place.currency}


@app.tool
def show_listing(world: World, listing_id: Number) -> Row:
    """Show a listing: its host, house rules, cancellation policy and prices.

    Args:
        listing_id: The listing's number.
    """
    me(world)
    listing = listing_of(world, listing_id)
    return {
        **show_listing_line(listing),
        "host": host_of(world, listing).name,
        "bedrooms": listing.bedrooms,
        "beds": listing.beds,
        "amenities": listing.amenities.split(", ") if listing.amenities else [],
        "night_cents": listing.night,
        "cleaning_cents": listing.cleaning,
        "currency": listing.currency,
        "parties": listing.parties,
        "smoking": listing.smoking,
        "quiet_from": f"{listing.quiet_from}:00",
        "check_in_from": f"{listing.check_in_from}:00",
        "check_out_by": f"{listing.check_out_by}:00",
        "time_zone": listing.time_zone,
        "price_rules": [
            {
                "kind": r.kind,
                "percent": r.percent,
                "first_day": r.first_day,
                "last_day": r.last_day,
                "min_nights": r.min_nights,
            }
            for r in rules_of(world, listing)
        ],
    }


@app.tool
def quote_stay(world: World, listing_id: Number, check_in: Day, check_out: Day, guests: Guests) -> Row:
    """Price a stay and tell whether it is still free, without booking it.

    Args:
        listing_id: The listing's number.
        check_in: The first night, such as 2026-03-14.
        check_out: The day of leaving.
        guests: How many people.
    """
    me(world)
    listing = listing_of(world, listing_id)
    require_bookable(world, listing, check_in, check_out, guests)
    amounts = price(world, listing, check_in, check_out)
    return {
        "available": is_free(world, listing.id, check_in, check_out),
        "nights_cents": amounts.nights,
        "cleaning_cents": amounts.cleaning,
        "service_cents": amounts.service,
        "total_cents": amounts.total,
        "currency": listing.currency,
    }
