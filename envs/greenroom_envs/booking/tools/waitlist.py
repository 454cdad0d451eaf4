"""Waiting for nights that are taken."""

from sqlalchemy import select

from greenroom import Refusal, World
from greenroom_envs.booking.app import app
from greenroom_envs.booking.calendar import bookable, is_free
from greenroom_envs.booking.desk import Number, Row, listing_of, me
from greenroom_envs.booking.models import Waiting


@app.tool
def join_waitlist(world: World, listing_id: Number, check_in: str, check_out: str) -> Row:
    """Wait for nights that are taken; a letter comes when they become free.

    Args:
        listing_id: The listing's number.
        check_in: The first night, such as 2026-03-14.
        check_out: The day of leaving.
    """
    user, listing = me(world), listing_of(world, listing_id)
    first, end = bookable(world, listing, check_in, check_out, 1)
    if is_free(world, listing, first, end):
        raise Refusal("is_free", f"Listing {listing.id} is free from {first} to {end}: book or hold it.")
    mine = select(Waiting.id).where(
        Waiting.user_id == user.id,
        Waiting.listing_id == listing.id,
        Waiting.check_in == first,
        Waiting.check_out == end,
    )
    if world.session.scalar(mine) is not None:
        raise Refusal("already_waiting", f"You wait for these nights of listing {listing.id} already.")
    entry = Waiting(user_id=user.id, listing_id=listing.id, check_in=first, check_out=end)
    world.session.add(entry)
    world.session.flush()
    return {"waitlist_id": entry.id}


@app.tool
def leave_waitlist(world: World, waitlist_id: Number) -> Row:
    """Stop waiting.

    Args:
        waitlist_id: The number of the entry.
    """
    entry = world.session.get(Waiting, waitlist_id)
    if entry is None or entry.user_id != me(world).id:
        raise Refusal("not_waiting", f"You have no waitlist entry {waitlist_id}; booking_list_waitlist has all.")
    world.session.delete(entry)
    return {"left": waitlist_id}


@app.tool
def list_waitlist(world: World) -> Row:
    """List what the user waits for."""
    mine = select(Waiting).where(Waiting.user_id == me(world).id).order_by(Waiting.id)
    return {
        "waiting": [
            {"waitlist_id": w.id, "listing_id": w.listing_id, "check_in": w.check_in, "check_out": w.check_out}
            for w in world.session.scalars(mine)
        ]
    }
