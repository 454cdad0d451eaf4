"""Looking for things: search with facets, products, stock."""

from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import ColumnElement, Select, exists, func, select

from greenroom import Refusal, World
from greenroom_envs.shop.app import app
from greenroom_envs.shop.counter import PAGE, Number, Page, Row, page_of, show_variant, utc_now, variant_of
from greenroom_envs.shop.index import FTS, match_of
from greenroom_envs.shop.models import CURRENCY, Category, Product, Promotion, Seller, Variant

Cents = Annotated[int, Field(ge=0, le=2**53)]
Stars = Annotated[int, Field(ge=1, le=5)]
FACETED = 200


@app.tool
def search_products(
    world: World,
    query: str,
    category: str | None = None,
    max_price_cents: Cents | None = None,
    min_stars: Stars | None = None,
    in_stock: bool = False,
    page: Page = 1,
) -> Row:
    """Search products, cheapest first. Says how the hits spread over categories.

    Args:
        query: Words that must all occur in title, brand or description.
        category: Only this category; shop_list_categories lists them.
        max_price_cents: Only what costs at most this.
        min_stars: Only what buyers rate at least so.
        in_stock: Only what can be had now.
        page: Which page, from 1.
    """
    matching = select(FTS.c.rowid).where(FTS.c.shop_product_fts.op("MATCH")(match_of(query)))
    limits: list[ColumnElement[bool]] = [Product.id.in_(matching)]
    if category is not None:
        limits.append(Product.category_id == _category(world, category))
    if max_price_cents is not None:
        limits.append(Product.price <= max_price_cents)
    if min_stars is not None:
        limits.append(Product.rating >= min_stars * 10)
    if in_stock:
        limits.append(exists().where(Variant.product_id == Product.id, Variant.stock > 0))
    found = select(Product).where(*limits).order_by(Product.price, Product.id).limit(PAGE + 1).offset((page - 1) * PAGE)
    out = page_of(world.session.scalars(found).all(), _hit, page)
    if not out["results"]:
        out["note"] = f"Nothing matches {query!r} on page {page}; try fewer words or limits."
    elif "next_page" in out:
        out["categories"] = _facets(world, limits)
    return out


def _hit(product: Product) -> Row:
    return {
        "product_id": product.id,
        "title": product.title,
        "from_cents": product.price,
        "stars": product.rating / 10,
    }


def _facets(world: World, limits: list[ColumnElement[bool]]) -> dict[str, int]:
    """Counts by category among the first so many hits: common words match thousands."""
    some = select(Product.category_id).where(*limits).limit(FACETED).subquery()
    counted: Select[Any] = (
        select(Category.name, func.count())
        .join(some, some.c.category_id == Category.id)
        .group_by(Category.id)
        .order_by(Category.name)
    )
    return {name: count for name, count in world.session.execute(counted)}


def _category(world: World, name: str) -> int:
    known = {row.name: row.id for row in world.session.execute(select(Category.id, Category.name))}
    if name.strip().lower() not in known:
        raise Refusal("no_such_category", f"There is no category '{name}'; there is: {', '.join(sorted(known))}.")
    return known[name.strip().lower()]


@app.tool
def list_categories(world: World) -> list[str]:
    """List the categories."""
    return list(world.session.scalars(select(Category.name).order_by(Category.name)).all())


@app.tool
def show_product(world: World, product_id: Number) -> Row:
    """Show a product and all its variants.

    Args:
        product_id: Its number, from a search or an order.
    """
    product = product_of(world, product_id)
    variants = world.session.scalars(select(Variant).where(Variant.product_id == product.id).order_by(Variant.id))
    return {
        **_hit(product),
        "brand": product.brand,
        "description": product.description,
        "seller": world.session.get_one(Seller, product.seller_id).name,
        "final_sale": product.final_sale,
        "currency": CURRENCY,
        "variants": [show_variant(variant) for variant in variants],
    }


def product_of(world: World, product_id: int) -> Product:
    """The product of that number.

    Raises:
        Refusal: There is none.
    """
    product = world.session.get(Product, product_id)
    if product is None:
        raise Refusal("no_such_product", f"There is no product {product_id}; use shop_search_products.")
    return product


@app.tool
def check_stock(world: World, sku: str) -> Row:
    """Say how many of a variant are in stock, and its price.

    Args:
        sku: The variant's stock number.
    """
    return show_variant(variant_of(world, sku))


@app.tool
def list_promotions(world: World) -> list[Row]:
    """List the promotion codes that are valid today."""
    today = utc_now(world).date()
    rows = world.session.scalars(select(Promotion).where(Promotion.ends_on >= today).order_by(Promotion.code).limit(20))
    return [
        {"code": p.code, "percent": p.percent, "minimum_cents": p.minimum, "last_day": p.ends_on} for p in rows.all()
    ]
