"""Buying: the right variant, the best of a brand, as a gift, to a new address, part of a cart."""

from greenroom import Split, Task, World
from greenroom.rewards import Wanted, deleted, expect, inserted, updated
from greenroom_envs.shop.app import app
from greenroom_envs.shop.families.script import BUYING, Errand, Step, Steps
from greenroom_envs.shop.families.sentences import Request, orders
from greenroom_envs.shop.models import Address, Customer, Variant
from greenroom_envs.shop.pricing import Line, Quote, dollars, quote

BOUGHT = "Done: it is ordered."
LOOK: Steps = (("list_payment_methods", {}), ("list_addresses", {}))
BUY = orders("buy the {item} in {options}", "order the {item} in {options}", "get me the {item} in {options}")
BUY_VAGUE = Request(
    orders=("buy the {item}", "order the {item} for me"),
    statements=("I would like to have the {item}", "I want to buy the {item}"),
)
GIFT = orders(
    "buy {number} of the {item} in {options}, gift-wrapped, and send them to my {place} address",
    "order the {item} in {options}, {number} of them, wrapped as gifts, to the {place} address",
)
GIFT_VAGUE = orders(
    "buy {number} of the {item} in {options}, gift-wrapped, and send them to another address than usual",
    "order the {item} in {options}, {number} of them, wrapped as gifts; they go to another of my addresses",
)
BEST = orders(
    "buy the cheapest {item} rated {stars} stars or better that you have in stock",
    "order the cheapest {item} with {stars} stars or more, in stock",
)
MOVED = orders(
    "buy the {item} in {options} and send it to {address}, which I call {place}",
    "order the {item} in {options} to a new address that I call {place}, at {address}",
)
MOVED_VAGUE = orders(
    "buy the {item} in {options} and send it to a new address, which I call {place}",
    "order the {item} in {options} to an address that you do not have yet, to be called {place}",
)
TRIM = Request(
    orders=("take the {item} out of my cart and buy the rest", "buy what is in my cart, all but the {item}"),
    statements=("I do not want the {item} any more, but buy the rest of my cart",),
)
TRIM_VAGUE = orders(
    "take one thing out of my cart and buy the rest", "buy what is in my cart, all but one thing that I do not want"
)


def find(variant: Variant) -> Steps:
    """How a variant is found."""
    product = variant.product
    return ("search_products", {"query": product.title}), ("show_product", {"product_id": product.id})


def add(variant: Variant, quantity: int = 1) -> Step:
    """The call that puts something into the cart."""
    return "add_to_cart", {"sku": variant.sku, "quantity": quantity}


def pay(method: int, address: int, amounts: Quote) -> Step:
    """The call that buys what is in the cart."""
    return "checkout", {"method_id": method, "address_id": address, "expected_total_cents": amounts.total}


def price(customer: Customer, variant: Variant, quantity: int = 1, *, gift_wrap: bool = False) -> Quote:
    """What so many of a variant cost a customer."""
    return quote([Line(variant.price, quantity, gift_wrap)], plus=customer.tier == "plus")


def bought(
    customer: Customer,
    variant: Variant,
    amounts: Quote,
    address: Address | None,
    quantity: int = 1,
    *,
    wrapped: bool = False,
    method: int | None = None,
) -> list[Wanted]:
    """The changes that a checkout of one line makes; to any address when None."""
    order = {"customer_id": customer.id, "method_id": method or customer.id, "total": amounts.total}
    if address is not None:
        order |= {"street": address.street, "postcode": address.postcode}
    line = {"variant_id": variant.id, "quantity": quantity, "price": variant.price, "gift_wrap": wrapped}
    return [
        inserted("shop_order", order),
        inserted("shop_order_item", line),
        inserted("shop_payment", {"method_id": method or customer.id, "amount": amounts.total}),
        updated("shop_variant", key=variant.id, values={"stock": variant.stock - quantity}),
    ]


@app.task_family
def buy_variant(world: World, split: Split) -> Task:
    """Buy one variant; which, is told when asked at level 2; at level 3 the brand has another such product."""
    errand = Errand(world, split)
    plant, me = errand.plant, errand.me
    variant, other = errand.rng.sample(plant.product(variants=4), 2)
    if errand.alike:
        other = plant.product(like=variant)[0]
    home, title = plant.home(me), variant.product.title
    start = errand.ask("Which colour and size would you like?")
    finish = (*LOOK, pay(me.id, home.id, price(me, variant)), BOUGHT)
    facts = (
        errand.item(variant.product),
        errand.fact("options", variant.options, "colour", "size", "variant", hidden=errand.hidden),
    )
    return errand.task(
        "buy",
        (BUY_VAGUE if errand.hidden else BUY).plain,
        {"item": title, "options": variant.options},
        facts=facts,
        tools=BUYING,
        solution=(*start, *find(variant), add(variant), *finish),
        slips=(
            (*find(variant), add(other), *LOOK, pay(me.id, home.id, price(me, other)), BOUGHT),
            (*find(variant), add(variant), BOUGHT),
        ),
        excess=errand.unasked(),
        verifier=expect(bought(me, variant, price(me, variant), home)),
    )


@app.task_family
def buy_best(world: World, split: Split) -> Task:
    """Buy the cheapest of a brand that buyers like: cheaper ones are liked less, or are out of stock."""
    errand = Errand(world, split)
    plant, me, stars = errand.plant, errand.me, errand.rng.choice((3, 4))
    right = plant.product(variants=1, rating=stars * 10 + errand.rng.randrange(0, 8))[0]
    rivals = [
        plant.product(like=right, variants=1, rating=errand.rng.randrange(20, 50))[0] for _ in range(errand.level)
    ]
    wrong = rivals[0]
    for rival in rivals:
        _make_worse(errand, rival, right, stars)
    wrong.product.rating, wrong.price, wrong.stock = stars * 10 - 3, right.price - 150, 9
    wrong.product.price = wrong.price
    world.session.flush()
    brand, noun = right.product.brand, right.product.title.split(" ", 2)[2]
    home, wanted = plant.home(me), {"query": f"{brand} {noun}", "min_stars": stars, "in_stock": True}
    look: Step = ("search_products", wanted)
    see: Step = ("show_product", {"product_id": right.product_id})
    return errand.task(
        "buy_best",
        BEST.plain,
        {"item": f"{brand} {noun}", "stars": str(stars)},
        facts=(errand.fact("item", f"{brand} {noun}", "item", "product", "brand", said="the cheapest {}"),),
        tools=BUYING,
        solution=(look, see, add(right), *LOOK, pay(me.id, home.id, price(me, right)), BOUGHT),
        slips=(
            (look, see, add(wrong), *LOOK, pay(me.id, home.id, price(me, wrong)), BOUGHT),
            (look, see, add(right), BOUGHT),
        ),
        excess=errand.unasked(),
        verifier=expect(bought(me, right, price(me, right), home)),
    )


def _make_worse(errand: Errand, rival: Variant, right: Variant, stars: int) -> None:
    """Dearer, or cheaper with a catch."""
    kind = errand.rng.choice(("dearer", "sold out", "disliked"))
    if kind == "dearer":
        rival.price = right.price + errand.rng.randrange(100, 900)
    else:
        rival.price = right.price - errand.rng.randrange(50, 140)
        rival.stock = 0 if kind == "sold out" else rival.stock
        rival.product.rating = stars * 10 + 5 if kind == "sold out" else stars * 10 - errand.rng.randrange(1, 9)
    rival.product.price = rival.price


@app.task_family
def buy_gift(world: World, split: Split) -> Task:
    """Buy some of a variant, gift-wrapped, to an address that is not the default; which, is told when asked."""
    errand = Errand(world, split)
    plant, me, count = errand.plant, errand.me, errand.one_of(range(2, 10))
    variant = errand.rng.choice(plant.product())
    names = errand.places(2)
    there, home = plant.address(me, names[0]), plant.home(me)
    if errand.alike:
        home = plant.address(me, names[1])
    wrap: Step = ("wrap_gift", {"sku": variant.sku})
    amounts = price(me, variant, count, gift_wrap=True)
    start = (*errand.ask("To which address?"), *find(variant), add(variant, count))
    slots = {"item": variant.product.title, "options": variant.options, "number": str(count), "place": there.label}
    return errand.task(
        "buy_gift",
        (GIFT_VAGUE if errand.hidden else GIFT).plain,
        slots,
        facts=(
            errand.item(variant.product),
            errand.place(there.label),
        ),
        tools=BUYING,
        solution=(*start, wrap, *LOOK, pay(me.id, there.id, amounts), BOUGHT),
        slips=(
            (*start, *LOOK, pay(me.id, there.id, price(me, variant, count)), BOUGHT),
            (*start, wrap, *LOOK, pay(me.id, home.id, amounts), BOUGHT),
        ),
        excess=errand.unasked(),
        verifier=expect(bought(me, variant, amounts, there, count, wrapped=True)),
    )


@app.task_family
def buy_to_new_address(world: World, split: Split) -> Task:
    """Buy something and send it to an address that the shop does not know; level 3 has one of the same name."""
    errand = Errand(world, split)
    plant, me, variant = errand.plant, errand.me, errand.plant.product()[0]
    place, (name,) = plant.place(), errand.places(1)
    wrong = plant.address(me, name) if errand.alike else plant.home(me)
    amounts, shown = price(me, variant), f"{place['street']}, {place['city']} {place['postcode']}"
    start = (*find(variant), add(variant))
    # The new address gets the next number; nothing else adds any meanwhile.
    enter: Step = ("add_address", {"label": name, **place})
    new = plant.next_address()
    order = {"customer_id": me.id, "method_id": me.id, "total": amounts.total, **place}
    rest = bought(me, variant, amounts, None)[1:]
    wanted = [inserted("shop_address", {"customer_id": me.id, **place}), inserted("shop_order", order), *rest]
    facts = (
        errand.item(variant.product),
        errand.fact("address", shown, "address", "where", "street", hidden=errand.hidden),
    )
    ask = errand.ask("What is the new address?")
    return errand.task(
        "buy_to_new_address",
        (MOVED_VAGUE if errand.hidden else MOVED).plain,
        {"item": variant.product.title, "options": variant.options, "address": shown, "place": name},
        facts=facts,
        tools=BUYING,
        solution=(*ask, *start, enter, LOOK[0], pay(me.id, new, amounts), BOUGHT),
        slips=(
            (*ask, *start, enter, LOOK[0], pay(me.id, wrong.id, amounts), BOUGHT),
            (*start, enter, BOUGHT),
        ),
        excess=errand.unasked(),
        verifier=expect(wanted),
    )


@app.task_family
def trim_cart(world: World, split: Split) -> Task:
    """Take one of the things out of the cart, which is told when asked from level 2 on, and buy the rest."""
    errand = Errand(world, split)
    plant, me = errand.plant, errand.me
    kept = plant.product()[0]
    gone = plant.product(like=kept if errand.alike else None)[0]
    for variant in (kept, gone):
        plant.fill_cart(me, variant)
    home, title = plant.home(me), gone.product.title
    remove: Step = ("remove_from_cart", {"sku": gone.sku})
    other: Step = ("remove_from_cart", {"sku": kept.sku})
    keys = [(me.id, kept.id), (me.id, gone.id)]
    both = quote([Line(kept.price, 1), Line(gone.price, 1)], plus=me.tier == "plus")
    see: Step = ("show_cart", {})
    return errand.task(
        "trim_cart",
        (TRIM_VAGUE if errand.hidden else TRIM).plain,
        {"item": title},
        facts=(errand.item(gone.product, hidden=errand.hidden),),
        tools=BUYING,
        solution=(
            see,
            *errand.ask("Which product shall I take out?"),
            remove,
            *LOOK,
            pay(me.id, home.id, price(me, kept)),
            BOUGHT,
        ),
        slips=(
            (see, other, *LOOK, pay(me.id, home.id, price(me, gone)), BOUGHT),
            (see, *LOOK, pay(me.id, home.id, both), f"Done: all of it is ordered for {dollars(both.total)}."),
        ),
        excess=errand.unasked(),
        verifier=expect([*bought(me, kept, price(me, kept), home), *(deleted("shop_cart_item", key=k) for k in keys)]),
    )
