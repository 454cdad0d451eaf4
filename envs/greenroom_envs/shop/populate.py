"""Fills a shop: shelves, customers out of the cast, and two years of orders that hang together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Any

from sqlalchemy import insert, select

from greenroom import Size, Split, World
from greenroom.cast import OWNER, Company, Household, Person
from greenroom.names import word
from greenroom_envs.shop import goods, ledger, models
from greenroom_envs.shop.app import app
from greenroom_envs.shop.counter import SENT_AT, utc_now
from greenroom_envs.shop.events import BUYING_EVERY
from greenroom_envs.shop.history import History
from greenroom_envs.shop.index import drop_triggers, rebuild
from greenroom_envs.shop.parcels import move_later
from greenroom_envs.shop.tools.account import SESSION, secret_of

CHUNK = 5_000
PLACE = ("street", "city", "postcode")
COURIERS = (("Swiftline", 2), ("Parcelway", 3), ("Greenvan", 5))
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Shape:
    """How much a shop holds. `days`: how far its orders go back."""

    products: int
    orders: int
    days: int


SHAPES = {
    Size.SMALL: Shape(products=60, orders=150, days=365),
    Size.MEDIUM: Shape(products=3_000, orders=12_000, days=730),
    Size.LARGE: Shape(products=20_000, orders=100_000, days=730),
}


@app.populate
def populate(world: World, size: Size, split: Split) -> None:
    """Fill an empty world."""
    shape, rng = SHAPES[size], world.random
    people = _people(world)
    _insert_fixtures(world, split)
    _insert_customers(world, people)
    products, variants = _shelves(world, shape.products, split)
    sellers = world.session.scalars(select(models.Seller)).all()
    hours = {seller.id: seller.dispatch_hours for seller in sellers}
    history = History(rng, utc_now(world), people, products, variants, hours, shape.days)
    history.write(shape.orders)
    drop_triggers(world.session)
    bulk(world, models.Product, [{k: v for k, v in p.items() if k not in ("shelf", "noun")} for p in products])
    rebuild(world.session)
    bulk(world, models.Variant, [{k: v for k, v in row.items() if k != "base"} for row in variants])
    for model, rows in history.rows.items():
        bulk(world, model, rows)
    _insert_wishes(world, people, variants)
    _schedule(world, history)


def bulk(world: World, model: type[models.Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert many rows, whose keys are all the same."""
    for start in range(0, len(rows), CHUNK):
        world.session.execute(insert(model.__table__), rows[start : start + CHUNK])  # pyright: ignore[reportArgumentType]


def _people(world: World) -> Rows:
    """Everybody of the cast with home and tier, in one read; `places` are where they have parcels sent."""
    found = (
        select(
            Person.id,
            (Person.first_name + " " + Person.last_name).label("name"),
            Person.email,
            Household.street,
            Household.city,
            Household.postcode,
            Household.time_zone,
        )
        .join(Household, Household.id == Person.household_id)
        .order_by(Person.id)
    )
    people: Rows = [dict(row) for row in world.session.execute(found).mappings()]
    for person in people:
        person["tier"] = "plus" if world.random.random() < 0.2 else "standard"
        person["places"] = [{key: person[key] for key in PLACE}]
    return people


def _insert_fixtures(world: World, split: Split) -> None:
    rng, today = world.random, utc_now(world).date()
    bulk(world, models.Category, [{"id": i, "name": shelf.name} for i, shelf in enumerate(goods.SHELVES, 1)])
    bulk(world, models.Courier, [{"id": i, "name": n, "days": d} for i, (n, d) in enumerate(COURIERS, 1)])
    firms = world.session.execute(select(Company.id, Company.name, Company.domain).order_by(Company.id)).all()
    sellers = [
        {
            "id": firm.id,
            "name": firm.name,
            "email": f"shop@{firm.domain}",
            "rating": min(50, max(20, round(rng.gauss(43, 5)))),
            "dispatch_hours": rng.choice((4, 6, 6, 12, 24)),
        }
        for firm in firms
    ]
    bulk(world, models.Seller, sellers)
    codes: dict[str, dict[str, Any]] = {}
    for _ in range(12):
        percent = rng.choice((5, 10, 15, 20))
        code = f"{word(rng, split).upper()}{percent}"
        ends = today + timedelta(days=rng.randrange(-60, 60))
        codes[code] = {"code": code, "percent": percent, "minimum": rng.choice((0, 3_000, 6_000)), "ends_on": ends}
    bulk(world, models.Promotion, list(codes.values()))


def _insert_customers(world: World, people: Rows) -> None:
    rng, now = world.random, utc_now(world)
    customers = [
        {
            "id": p["id"],
            "name": p["name"],
            "email": p["email"],
            "postcode": p["postcode"],
            "time_zone": p["time_zone"],
            "tier": p["tier"],
            "secret": secret_of(str(rng.getrandbits(64))),
        }
        for p in people
    ]
    bulk(world, models.Customer, customers)
    ids: list[int] = [p["id"] for p in people]
    bulk(world, models.Cart, [{"customer_id": i, "promotion": None} for i in ids])
    bulk(world, models.IdentityCheck, [{"customer_id": i, "verified_at": None, "failures": 0} for i in ids])
    login = {"id": 1, "customer_id": OWNER, "expires_at": now + SESSION, "failures": 0, "locked_until": None}
    bulk(world, models.Login, [login])
    bulk(world, models.Address, _addresses(rng, people))
    bulk(world, models.PaymentMethod, _methods(world, ids))


def _addresses(rng: Random, people: Rows) -> Rows:
    """Everybody's home first, so that its id is that of the customer; some have a second address."""
    rows = [_address(p["id"], "home", p, is_default=True) for p in people]
    for person in people:
        if rng.random() < 0.4:
            there = rng.choice(people)
            rows.append(_address(person["id"], "work", there, is_default=False))
            person["places"].append({key: there[key] for key in PLACE})
    return [{"id": i, **row} for i, row in enumerate(rows, 1)]


def _address(customer: int, label: str, at: dict[str, Any], *, is_default: bool) -> dict[str, Any]:
    where = {key: at[key] for key in PLACE}
    return {"customer_id": customer, "label": label, **where, "is_default": is_default}


def _methods(world: World, ids: Sequence[int]) -> Rows:
    """Everybody's card first, so that its id is that of the customer; some have a gift card."""
    rng, today = world.random, utc_now(world).date()
    rows: Rows = [
        {
            "customer_id": i,
            "kind": "card",
            "label": f"{rng.choice(('Visa', 'Mastercard', 'Amex'))} ending {rng.randrange(1_000, 10_000)}",
            "balance": None,
            "code": None,
            "expires_on": today + timedelta(days=rng.randrange(60, 1_500)),
        }
        for i in ids
    ]
    for i in ids:
        if rng.random() < 0.3:
            code = f"GIFT-{i:04}-{rng.randrange(1_000, 10_000)}"
            balance = rng.randrange(500, 15_000)
            rows.append(
                {
                    "customer_id": i,
                    "kind": "gift card",
                    "label": f"gift card {code[-4:]}",
                    "balance": balance,
                    "code": code,
                    "expires_on": None,
                }
            )
    return [{"id": i, **row} for i, row in enumerate(rows, 1)]


def _shelves(world: World, count: int, split: Split) -> tuple[Rows, Rows]:
    """Products with their variants. A brand makes things of one shelf and sells them through one company."""
    rng, today = world.random, utc_now(world).date()
    sellers = world.session.scalars(select(models.Seller.id).order_by(models.Seller.id)).all()
    names = dict.fromkeys(goods.brand(rng, split) for _ in range(count // 8 + 4))
    brands = [(name, rng.choice(goods.SHELVES), rng.choice(sellers)) for name in names]
    weights = list(accumulate(1 / (rank + 3) for rank in range(len(brands))))
    products: Rows = []
    variants: Rows = []
    taken = set[str]()
    for product_id in range(1, count + 1):
        (brand, shelf, seller) = rng.choices(brands, cum_weights=weights)[0]
        kind = rng.choice(shelf.kinds)
        made = _variants(rng, len(variants) + 1, product_id, brand, shelf, kind, today, split)
        variants += made
        title, known = goods.title(rng, brand, kind, taken), goods.details(rng, shelf, kind)
        products.append(
            {
                "id": product_id,
                "title": title,
                "brand": brand,
                "description": goods.description(rng, title, kind, known),
                "category_id": goods.SHELVES.index(shelf) + 1,
                "seller_id": seller,
                "price": min(v["price"] for v in made),
                "rating": rng.randrange(28, 50),
                "final_sale": rng.random() < 0.06,
                "material": known.material,
                "warranty_years": known.warranty_years,
                "weight_grams": known.weight_grams,
                "ratings": 0,
                "shelf": shelf,
                "noun": kind.noun,
            }
        )
    return products, variants


def _variants(
    rng: Random,
    first: int,
    product_id: int,
    brand: str,
    shelf: goods.Shelf,
    kind: goods.Kind,
    today: date,
    split: Split,
) -> Rows:
    """Some of the options of a kind; larger ones cost more, stock is heavy-tailed."""
    base = int(kind.low * (kind.high / kind.low) ** (rng.random() ** 2))
    chosen = goods.options(kind, split)
    chosen = sorted(rng.sample(chosen, min(len(chosen), rng.choice((1, 2, 3, 4, 6, 8)))), key=chosen.index)
    rows: Rows = []
    for number, (colour, size) in enumerate(chosen, 1):
        extra = base * 8 * kind.sizes.index(size) // 100 if size else 0
        rows.append(
            {
                "id": first + number - 1,
                "sku": goods.sku_of(brand, product_id, number),
                "product_id": product_id,
                "colour": colour,
                "size": size,
                "price": goods.seasonal(shelf, base + extra, today),
                "stock": 0 if rng.random() < 0.08 else min(400, int(rng.paretovariate(0.8) * 3)),
                "base": base + extra,
            }
        )
    return rows


def _insert_wishes(world: World, people: Rows, variants: Rows) -> None:
    rng, now = world.random, utc_now(world)
    wishes = {(rng.choice(people)["id"], rng.choice(variants)["id"]) for _ in range(len(people))}
    rows = [
        {"customer_id": c, "variant_id": v, "added_at": now - timedelta(minutes=rng.randrange(60, 200_000))}
        for c, v in sorted(wishes)
    ]
    bulk(world, models.Wish, rows)
    others = sorted({(rng.choice(people)["id"], rng.choice(variants)["id"]) for _ in range(len(people) // 4)})
    lines = [
        {"customer_id": c, "variant_id": v, "quantity": rng.choice((1, 1, 2)), "gift_wrap": False}
        for c, v in others
        if c != OWNER
    ]
    bulk(world, models.CartItem, lines)


def _schedule(world: World, history: History) -> None:
    """What is under way goes on."""
    for parcel in world.session.scalars(select(ledger.Parcel).where(ledger.Parcel.status != "delivered")).all():
        move_later(world, parcel)
    for order in history.waiting:
        hours = world.random.randrange(1, 6)
        world.schedule("shop.order_ships", {"order": order}, after=timedelta(hours=hours))
    for row in history.rows[ledger.Subscription]:
        due = datetime.combine(row["next_on"], SENT_AT) - utc_now(world)
        world.schedule("shop.subscription_due", {"subscription": row["id"]}, after=due)
    world.schedule("shop.others_buy", {}, after=BUYING_EVERY)
