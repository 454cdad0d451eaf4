"""Finding and booking stays."""

from collections import defaultdict
from datetime import date

from sqlalchemy import bindparam, exists, select

from greenroom import World
from greenroom_envs.booking.app import app
from greenroom_envs.booking.calendar import block_of, bookable, freed, is_free, price, require_free, take
from greenroom_envs.booking.desk import (
    Guests,
    Number,
    Numbers,
    Page,
    Row,
    host_of,
    listing_of,
    me,
    open_reservation,
    page_of,
    read_nights,
    rules_of,
    show_listing_line,
    utc_now,
)
from greenroom_envs.booking.models import Reservation
from greenroom_envs.booking.money import charge, give_back, write
from greenroom_envs.booking.policy import refuse
from greenroom_envs.booking.pricing import dollars, price_stay
from greenroom_envs.booking.stays import Block, Hold, Listing, PriceRule

MOST = 60
FREE = (
    select(Listing)
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
RULES_OF_MANY = select(PriceRule).where(PriceRule.listing_id.in_(bindparam("ids", expanding=True)))


@app.tool
def search_stays(
    world: World, city: str, check_in: str, check_out: str, guests: Guests, pets: bool = False, page: Page = 1
) -> Row:
    """Search places in a city that are free, cheapest first, five a page; the total holds all fees.

    Args:
        city: The city's name.
        check_in: The first night, such as 2026-03-14.
        check_out: The day of leaving.
        guests: How many people.
        pets: Only places that take pets.
        page: Which page.
    """
    me(world)
    first, end = read_nights(check_in, check_out, utc_now(world).date())
    values = {"city": city.strip().title(), "guests": guests, "first": first, "end": end}
    found = [
        listing
        for listing in world.session.scalars(FREE, values).all()
        if listing.min_nights <= (end - first).days and (listing.pets or not pets)
    ]
    rules: dict[int, list[PriceRule]] = defaultdict(list)
    for rule in world.session.scalars(RULES_OF_MANY, {"ids": [listing.id for listing in found]}).all():
        rules[rule.listing_id].append(rule)
    priced = [(price_stay(listing, rules[listing.id], first, end).total, listing) for listing in found]
    priced.sort(key=lambda one: (one[0], one[1].id))
    return page_of([{**show_listing_line(listing), "total_cents": total} for total, listing in priced], page)


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
        "night_cents": listing.night,
        "cleaning_cents": listing.cleaning,
        "parties": listing.parties,
        "check_in_from": f"{listing.check_in_from}:00",
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
def quote_stay(world: World, listing_id: Number, check_in: str, check_out: str, guests: Guests) -> Row:
    """Price a stay and tell whether it is still free, without booking it.

    Args:
        listing_id: The listing's number.
        check_in: The first night, such as 2026-03-14.
        check_out: The day of leaving.
        guests: How many people.
    """
    me(world)
    listing = listing_of(world, listing_id)
    first, end = bookable(world, listing, check_in, check_out, guests)
    amounts = price(world, listing, first, end)
    return {
        "available": is_free(world, listing, first, end),
        "nights_cents": amounts.nights,
        "cleaning_cents": amounts.cleaning,
        "service_cents": amounts.service,
        "total_cents": amounts.total,
    }


@app.tool
def book_stay(
    world: World,
    listing_id: Number,
    check_in: str,
    check_out: str,
    guests: Guests,
    method_ids: Numbers,
    pets: bool = False,
) -> Row:
    """Book a stay. A hold of the user on exactly these nights is used up.

    Args:
        listing_id: The listing's number.
        check_in: The first night, such as 2026-03-14.
        check_out: The day of leaving.
        guests: How many people.
        method_ids: Payment methods in the order in which they pay; the last covers the rest.
        pets: Whether a pet comes.
    """
    user, listing = me(world), listing_of(world, listing_id)
    first, end = bookable(world, listing, check_in, check_out, guests)
    if pets and not listing.pets:
        refuse("no_pets", f"Listing {listing.id} takes no pets.")
    use_hold(world, user.id, listing.id, first, end)
    require_free(world, listing, first, end)
    total = price(world, listing, first, end).total
    reservation = Reservation(
        user_id=user.id,
        kind="stay",
        status="confirmed",
        made_at=utc_now(world),
        total=total,
        listing_id=listing.id,
        check_in=first,
        check_out=end,
        guests=guests,
    )
    world.session.add(reservation)
    world.session.flush()
    take(world, listing, reservation)
    charge(world, user, reservation, total, method_ids)
    body = f"{listing.title}, {listing.city}, from {first} to {end}, {guests} guests. You paid {dollars(total)}."
    write(world, user, f"Reservation {reservation.id} is confirmed", body, reservation)
    return {"reservation_id": reservation.id, "status": "confirmed", "total_cents": total}


def use_hold(world: World, user_id: int, listing_id: int, first: date, end: date) -> None:
    """Take a user's own hold of these nights out of the way."""
    held = select(Hold).where(
        Hold.user_id == user_id, Hold.listing_id == listing_id, Hold.check_in == first, Hold.check_out == end
    )
    hold = world.session.scalars(held.limit(1)).one_or_none()
    if hold is not None:
        world.session.delete(world.session.scalars(select(Block).where(Block.hold_id == hold.id)).one())
        world.session.flush()
        world.session.delete(hold)
        world.session.flush()


@app.tool
def change_stay(
    world: World, reservation_id: Number, check_in: str, check_out: str, method_ids: Numbers, version: int = 0
) -> Row:
    """Move a stay to other nights of the same listing; the difference in price is paid or refunded.

    Args:
        reservation_id: The reservation's number.
        check_in: The new first night.
        check_out: The new day of leaving.
        method_ids: What pays when the new nights cost more; may be empty otherwise.
        version: The version of the reservation that was seen, to change no other.
    """
    user = me(world)
    reservation = open_reservation(world, user, reservation_id, "stay", version)
    listing = listing_of(world, reservation.listing_id or 0)
    if listing.policy == "non-refundable":
        refuse("non_refundable", f"Reservation {reservation.id} is under the policy non-refundable.")
    first, end = bookable(world, listing, check_in, check_out, reservation.guests or 1)
    block = block_of(world, reservation)
    require_free(world, listing, first, end, [block.id])
    freed(world, listing.id, block.first_night, block.end)
    block.first_night, block.end = first, end
    total = price(world, listing, first, end).total
    if total > reservation.total:
        charge(world, user, reservation, total - reservation.total, method_ids)
    elif total < reservation.total:
        give_back(world, user, reservation, reservation.total - total)
    reservation.check_in, reservation.check_out, reservation.total = first, end, total
    reservation.version += 1
    return {"reservation_id": reservation.id, "total_cents": total, "version": reservation.version}
