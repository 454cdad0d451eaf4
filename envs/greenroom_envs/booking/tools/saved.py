"""Listings that the user keeps in mind."""

from sqlalchemy import bindparam, select

from greenroom import Refusal, World
from greenroom_envs.booking.app import app
from greenroom_envs.booking.desk import Number, Page, listing_of, me
from greenroom_envs.booking.models import Saved
from greenroom_envs.booking.showing import LISTING_LINE, Row, paged, read_page, show_listing_line
from greenroom_envs.booking.stays import Listing

SAVED = paged(
    select(*LISTING_LINE)
    .join(Saved, Saved.listing_id == Listing.id)
    .where(Saved.user_id == bindparam("user"))
    .order_by(Listing.id)
)


@app.tool
def save_listing(world: World, listing_id: Number) -> Row:
    """Keep a listing in mind.

    Args:
        listing_id: The listing's number.
    """
    user, listing = me(world), listing_of(world, listing_id)
    if world.session.get(Saved, (user.id, listing.id)):
        raise Refusal("already_saved", f"Listing {listing.id} is saved already.")
    world.session.add(Saved(user_id=user.id, listing_id=listing.id))
    return {"saved": listing.id}


@app.tool
def unsave_listing(world: World, listing_id: Number) -> Row:
    """Forget a saved listing.

    Args:
        listing_id: The listing's number.
    """
    saved = world.session.get(Saved, (me(world).id, listing_id))
    if saved is None:
        raise Refusal("not_saved", f"Listing {listing_id} is not saved; booking_list_saved has all.")
    world.session.delete(saved)
    return {"forgotten": listing_id}


@app.tool
def list_saved(world: World, page: Page = 1) -> Row:
    """List the saved listings, five a page.

    Args:
        page: Which page.
    """
    listings, next_page = read_page(world, SAVED, page, user=me(world).id)
    return {"results": [show_listing_line(listing) for listing in listings], "next_page": next_page}
