"""Keeping nights for a while."""

from sqlalchemy import bindparam, select

from greenroom import Refusal, World
from greenroom_envs.booking.app import app
from greenroom_envs.booking.calendar import drop_hold, require_bookable, require_free
from greenroom_envs.booking.desk import Day, Guests, Number, in_minutes, listing_of, me, utc_now
from greenroom_envs.booking.policy import HOLD_MINUTES, MOST_HOLDS, refuse
from greenroom_envs.booking.showing import Row, utc_text
from greenroom_envs.booking.stays import Block, Hold

HOLDS = select(Hold).where(Hold.user_id == bindparam("user")).order_by(Hold.id)


@app.tool
def hold_stay(world: World, listing_id: Number, check_in: Day, check_out: Day, guests: Guests) -> Row:
    """Keep free nights for the user for an hour, without paying.

    Args:
        listing_id: The listing's number.
        check_in: The first night, such as 2026-03-14.
        check_out: The day of leaving.
        guests: How many people.
    """
    user, listing = me(world), listing_of(world, listing_id)
    require_bookable(world, listing, check_in, check_out, guests)
    require_free(world, listing, check_in, check_out)
    if len(_holds(world, user.id)) >= MOST_HOLDS:
        refuse("hold_limit", f"There are {MOST_HOLDS} holds already.")
    until = utc_now(world) + in_minutes(HOLD_MINUTES)
    # Not the next free row: what is scheduled for a hold that was released must never meet another one.
    number = world.new_id("booking.hold")
    hold = Hold(
        id=number, user_id=user.id, listing_id=listing.id, check_in=check_in, check_out=check_out, expires_at=until
    )
    world.session.add(hold)
    world.session.flush()
    world.session.add(Block(listing_id=listing.id, first_night=check_in, end=check_out, reason="held", hold_id=hold.id))
    world.schedule("booking.hold_expires", {"hold": hold.id}, after=in_minutes(HOLD_MINUTES))
    return {"hold_id": hold.id, "expires_utc": utc_text(until)}


@app.tool
def release_hold(world: World, hold_id: Number) -> Row:
    """Give held nights back before the hold ends.

    Args:
        hold_id: The hold's number.
    """
    hold = world.session.get(Hold, hold_id)
    if hold is None or hold.user_id != me(world).id:
        raise Refusal("no_such_hold", f"You have no hold {hold_id}: it may have ended; booking_list_holds has all.")
    drop_hold(world, hold)
    return {"released": hold_id}


@app.tool
def list_holds(world: World) -> Row:
    """List the user's holds, with when they end."""
    return {
        "holds": [
            {
                "hold_id": h.id,
                "listing_id": h.listing_id,
                "check_in": h.check_in,
                "check_out": h.check_out,
                "expires_utc": utc_text(h.expires_at),
            }
            for h in _holds(world, me(world).id)
        ]
    }


def _holds(world: World, user_id: int) -> list[Hold]:
    return list(world.session.scalars(HOLDS, {"user": user_id}))
