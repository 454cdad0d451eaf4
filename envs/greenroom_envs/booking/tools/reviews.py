"""Reviews of stays."""

from typing import Annotated

from pydantic import Field
from sqlalchemy import bindparam, select

from greenroom import World
from greenroom_envs.booking.app import app
from greenroom_envs.booking.desk import Number, Page, Text, listing_of, me, require_text, reservation_of, today_at
from greenroom_envs.booking.policy import refuse
from greenroom_envs.booking.showing import Row, paged, read_page
from greenroom_envs.booking.stays import Listing, Review

LATEST = paged(
    select(Review.author, Review.stars, Review.text, Review.written_on)
    .where(Review.listing_id == bindparam("listing"))
    .order_by(Review.written_on.desc(), Review.id.desc())
)
OF_STAY = select(Review.id).where(Review.reservation_id == bindparam("stay"))


@app.tool
def list_reviews(world: World, listing_id: Number, page: Page = 1) -> Row:
    """List what guests wrote about a listing, latest first, five a page.

    Args:
        listing_id: The listing's number.
        page: Which page.
    """
    me(world)
    listing = listing_of(world, listing_id)
    rows, next_page = read_page(world, LATEST, page, listing=listing.id)
    shown = [{"author": r.author, "stars": r.stars, "text": r.text, "on": r.written_on} for r in rows]
    return {"results": shown, "next_page": next_page}


@app.tool
def write_review(world: World, reservation_id: Number, stars: Annotated[int, Field(ge=1, le=5)], text: Text) -> Row:
    """Review a stay that has ended.

    Args:
        reservation_id: The stay's reservation.
        stars: One to five.
        text: What was good or bad.
    """
    user = me(world)
    stay = reservation_of(world, user, reservation_id, "stay")
    require_text(text=text)
    listing = world.session.get_one(Listing, stay.listing_id)
    today = today_at(world, listing.time_zone)
    if stay.status == "cancelled":
        refuse("one_review", f"Reservation {stay.id} was cancelled.")
    if stay.check_out is None or stay.check_out > today:
        refuse("one_review", f"Reservation {stay.id} has not ended.")
    if world.session.scalar(OF_STAY, {"stay": stay.id}) is not None:
        refuse("one_review", f"Reservation {stay.id} has its review.")
    author = user.name.split()[0]
    review = Review(
        listing_id=stay.listing_id, reservation_id=stay.id, author=author, stars=stars, text=text, written_on=today
    )
    world.session.add(review)
    world.session.flush()
    listing.rating = round((listing.rating * listing.reviews + 100 * stars) / (listing.reviews + 1))
    listing.reviews += 1
    return {"review_id": review.id}
