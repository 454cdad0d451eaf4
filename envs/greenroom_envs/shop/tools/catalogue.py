"""Looking for things: search with facets, products, stock, sellers."""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import ColumnElement, Select, bindparam, exists, func, select

from greenroom import Refusal, World
from greenroom_envs.shop import goods
from greenroom_envs.shop.app import app
from greenroom_envs.shop.counter import (
    VARIANTS,
    Number,
    Page,
    one_page,
    page_of,
    paged,
    require_one_of,
    show_variant,
    skipped,
    utc_now,
    variant_of,
)
from greenroom_envs.shop.index import FTS, match_of
from greenroom_envs.shop.models import CURRENCY, Category, Product, Promotion, Read, Review, Seller, Variant

Cents = Annotated[int, Field(ge=0, le=2**53)]
Stars = Annotated[int, Field(ge=1, le=5)]
Order = Literal["cheapest", "dearest", "best rated", "most relevant"]
FACETED = 200
SHOWN = 6
CATEGORIES = tuple(shelf.name for shelf in goods.SHELVES)
SORTED: dict[str, tuple[ColumnElement[Any], ...]] = {
    "cheapest": (Product.price.asc(), Product.id.asc()),
    "dearest": (Product.price.desc(), Product.id.asc()),
    "best rated": (Product.rating.desc(), Product.id.asc()),
    "most relevant": (FTS.c.rank.asc(), Product.id.asc()),
}
HIT = (Product.id, Product.title, Product.price, Product.rating, Product.ratings)
MATCHED = FTS.c.shop_product_fts.op("MATCH")(bindparam("words"))
REVIEWED = select(func.count()).where(Review.product_id == Product.id).correlate(Product).scalar_subquery()
SHOWN_PRODUCT = (
    select(Product, Seller.name, REVIEWED)
    .join(Seller, Seller.id == Product.seller_id)
    .where(Product.id == bindparam("product"))
)
OFFERED = select(func.count()).where(Product.seller_id == bindparam("seller"))
PROMOTIONS = paged(
    select(Promotion.code, Promotion.percent, Promotion.minimum, Promotion.ends_on)
    .where(Promotion.ends_on >= bindparam("today"))
    .order_by(Promotion.code)
)
CATEGORY_NAMES = select(Category.name).order_by(Category.name)
LIMITS: dict[str, ColumnElement[bool]] = {
    "category": Product.category_id == bindparam("category"),
    "brand": Product.brand == bindparam("brand"),
    "min_price": Product.price >= bindparam("min_price"),
    "max_price": Product.price <= bindparam("max_price"),
    "min_rating": Product.rating >= bindparam("min_rating"),
}
# What one and the same variant must have.
OF_VARIANT: dict[str, ColumnElement[bool]] = {
    "colour": func.lower(Variant.colour) == bindparam("colour"),
    "size": func.lower(Variant.size) == bindparam("size"),
    "more_than": Variant.stock > bindparam("more_than"),
}
CATEGORY_ID = select(Category.id).where(Category.name == bindparam("name"))


@app.tool
def search_products(
    world: World,
    query: str,
    category: str | None = None,
    brand: str | None = None,
    min_price_cents: Cents | None = None,
    max_price_cents: Cents | None = None,
    min_stars: Stars | None = None,
    colour: str | None = None,
    size: str | None = None,
    in_stock: bool = False,
    sort: Order = "cheapest",
    page: Page = 1,
) -> dict[str, Any]:
    """Search products. Says how the hits spread over categories, brands and prices.

    Args:
        query: Words that must all occur in title, brand or description.
        category: Only this category; shop_list_categories lists them.
        brand: Only this brand.
        min_price_cents: Only what costs at least this.
        max_price_cents: Only what costs at most this.
        min_stars: Only what buyers rate at least so.
        colour: Only what comes in this colour.
        size: Only what comes in this size.
        in_stock: Only what can be had now, in that colour and size if they are given.
        sort: What comes first.
        page: Which page, from 1.
    """
    wanted = {
        "category": None if category is None else _category(world, category),
        "brand": None if brand is None else brand.strip().capitalize(),
        "min_price": min_price_cents,
        "max_price": max_price_cents,
        "min_rating": None if min_stars is None else min_stars * 10,
        "colour": None if colour is None else colour.strip().lower(),
        "size": None if size is None else size.strip().lower(),
        "more_than": 0 if in_stock else None,
    }
    limits = {name: value for name, value in wanted.items() if value is not None}
    values = {"words": match_of(query), **limits}
    rows = world.session.execute(_matching(tuple(limits), sort), {**values, "skip": skipped(page)}).all()
    out = page_of(rows, _hit, page)
    if not rows:
        out["note"] = f"Nothing matches {query!r} on page {page}; try fewer words or limits."
    elif "next_page" in out:
        out["facets"] = _facets(world, tuple(limits), values)
    return out


@cache
def _matching(limits: tuple[str, ...], sort: Order) -> Select[*tuple[Any, ...]]:
    """A page of hits within limits of these names; made once for each choice of them."""
    found = select(*HIT).join(FTS, FTS.c.rowid == Product.id).where(MATCHED, *_within(limits))
    return paged(found.order_by(*SORTED[sort]))


@cache
def _first_hits(limits: tuple[str, ...]) -> Select[int, str, int]:
    some = select(Product.category_id, Product.brand, Product.price).join(FTS, FTS.c.rowid == Product.id)
    return some.where(MATCHED, *_within(limits)).limit(FACETED)


def _within(limits: Sequence[str]) -> list[ColumnElement[bool]]:
    variant = [OF_VARIANT[name] for name in limits if name in OF_VARIANT]
    some = [exists().where(Variant.product_id == Product.id, *variant)] if variant else []
    return [*(LIMITS[name] for name in limits if name in LIMITS), *some]


def _hit(product: Product | Read) -> dict[str, Any]:
    return {
        "product_id": product.id,
        "title": product.title,
        "from_cents": product.price,
        "stars": product.rating / 10,
        "ratings": product.ratings,
    }


def _facets(world: World, limits: tuple[str, ...], values: dict[str, Any]) -> dict[str, Any]:
    """How the first so many hits spread: common words match thousands."""
    rows = world.session.execute(_first_hits(limits), values).all()
    categories = Counter(CATEGORIES[category - 1] for category, _, _ in rows)
    brands, prices = Counter(brand for _, brand, _ in rows), [price for _, _, price in rows]
    return {
        "of_hits": f"{FACETED} or more" if len(rows) == FACETED else len(rows),
        "categories": dict(categories.most_common(SHOWN)),
        "brands": dict(brands.most_common(SHOWN)),
        "price_cents": [min(prices), max(prices)],
    }


def _category(world: World, name: str) -> int:
    found = require_one_of("category", name, CATEGORIES)
    return world.session.scalars(CATEGORY_ID, {"name": found}).one()


@app.tool
def list_categories(world: World) -> list[str]:
    """List the categories."""
    return list(world.session.scalars(CATEGORY_NAMES).all())


@app.tool
def show_product(world: World, product_id: Number) -> dict[str, Any]:
    """Show a product and all its variants.

    Args:
        product_id: Its number, from a search or an order.
    """
    row = world.session.execute(SHOWN_PRODUCT, {"product": product_id}).one_or_none()
    if row is None:
        raise _no_product(product_id)
    product, seller, reviews = row
    return {
        **_hit(product),
        "reviews": reviews,
        "brand": product.brand,
        "description": product.description,
        "material": product.material,
        "warranty_years": product.warranty_years,
        "weight": goods.weight(product.weight_grams),
        "seller": {"seller_id": product.seller_id, "name": seller},
        "final_sale": product.final_sale,
        "currency": CURRENCY,
        "variants": [show_variant(v) for v in world.session.execute(VARIANTS, {"product": product.id})],
    }


def product_of(world: World, product_id: int) -> Product:
    """The product of that number.

    Raises:
        Refusal: There is none.
    """
    product = world.session.get(Product, product_id)
    if product is None:
        raise _no_product(product_id)
    return product


def _no_product(product_id: int) -> Refusal:
    return Refusal("no_such_product", f"There is no product {product_id}; use shop_search_products.")


@app.tool
def show_seller(world: World, seller_id: Number) -> dict[str, Any]:
    """Show who sells something: rating, how soon it is sent, how much else they sell.

    Args:
        seller_id: Its number, from shop_show_product.
    """
    seller = world.session.get(Seller, seller_id)
    if seller is None:
        raise Refusal("no_such_seller", f"There is no seller {seller_id}; shop_show_product names a product's seller.")
    return {
        "seller_id": seller.id,
        "name": seller.name,
        "email": seller.email,
        "stars": seller.rating / 10,
        "sends_within_hours": seller.dispatch_hours,
        "products": world.session.scalars(OFFERED, {"seller": seller.id}).one(),
    }


@app.tool
def check_stock(world: World, sku: str) -> dict[str, Any]:
    """Say how many of a variant are in stock, and its price.

    Args:
        sku: The variant's stock number.
    """
    return show_variant(variant_of(world, sku))


@app.tool
def list_promotions(world: World, page: Page = 1) -> dict[str, Any]:
    """List the promotion codes that are valid today.

    Args:
        page: Which page, from 1.
    """
    rows = one_page(world, PROMOTIONS, page, today=utc_now(world).date())
    return page_of(rows, _show_promotion, page)


def _show_promotion(promotion: Read) -> dict[str, Any]:
    return {
        "code": promotion.code,
        "percent": promotion.percent,
        "minimum_cents": promotion.minimum,
        "last_day": promotion.ends_on,
    }
