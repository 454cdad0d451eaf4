"""The wish list."""

from sqlalchemy import bindparam, select

from greenroom import Refusal, World
from greenroom_envs.shop.app import app
from greenroom_envs.shop.counter import (
    Page,
    Row,
    local_day,
    me,
    page_of,
    paged,
    show_variant,
    skipped,
    utc_now,
    variant_of,
)
from greenroom_envs.shop.models import Product, Read, Variant, Wish

WISHED = paged(
    select(
        Product.title,
        Variant.product_id,
        Variant.sku,
        Variant.colour,
        Variant.size,
        Variant.price,
        Variant.stock,
        Wish.added_at,
    )
    .join(Variant, Variant.product_id == Product.id)
    .join(Wish, Wish.variant_id == Variant.id)
    .where(Wish.customer_id == bindparam("customer"))
    .order_by(Wish.added_at.desc(), Variant.id)
)


@app.tool
def show_wish_list(world: World, page: Page = 1) -> Row:
    """Show what is on the user's wish list.

    Args:
        page: Which page, from 1.
    """
    customer = me(world)
    rows = world.session.execute(WISHED, {"customer": customer.id, "skip": skipped(page)}).all()

    def show(wished: Read) -> Row:
        named = {"product": wished.title, "product_id": wished.product_id}
        return {**named, **show_variant(wished), "added": local_day(wished.added_at, customer.time_zone)}

    return page_of(rows, show, page)


@app.tool
def add_wish(world: World, sku: str) -> Row:
    """Put a variant on the wish list.

    Args:
        sku: Its stock number.
    """
    customer, variant = me(world), variant_of(world, sku)
    if world.session.get(Wish, (customer.id, variant.id)):
        raise Refusal("already_wished", f"{variant.sku} is on the wish list already.")
    world.session.add(Wish(customer_id=customer.id, variant_id=variant.id, added_at=utc_now(world)))
    return {"wished": variant.sku}


@app.tool
def remove_wish(world: World, sku: str) -> Row:
    """Take a variant off the wish list.

    Args:
        sku: Its stock number.
    """
    customer, variant = me(world), variant_of(world, sku)
    wish = world.session.get(Wish, (customer.id, variant.id))
    if wish is None:
        raise Refusal("not_wished", f"{variant.sku} is not on the wish list.")
    world.session.delete(wish)
    return {"removed": variant.sku}
