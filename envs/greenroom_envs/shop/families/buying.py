"""Buying: the right variant, as a gift, with a code; and what the rules forbid."""

from datetime import timedelta

from greenroom import Split, Task, World
from greenroom.names import word
from greenroom.rewards import Wanted, deleted, expect, inserted, updated
from greenroom_envs.shop.app import app
from greenroom_envs.shop.families import script as s
from greenroom_envs.shop.families.planting import Plant
from greenroom_envs.shop.models import Address, CartItem, Customer, Promotion, Variant
from greenroom_envs.shop.policy import MOST
from greenroom_envs.shop.pricing import Line, Quote, dollars, quote

BOUGHT = "Done: it is ordered."
LOOK: tuple[s.Step, ...] = (("list_payment_methods", {}), ("list_addresses", {}))
BUY = s.asking(
    "buy the {item} in {options}", "order the {item} in {options}", "get me the {item}, the one in {options}"
)
BUY_VAGUE = s.asking("buy the {item}", "order one {item}", "I would like to have the {item}")
GIFT = s.asking(
    "buy {number} of the {item} in {options} as a gift, wrapped, and send it to my {place} address",
    "order {number} {item} in {options}, gift-wrapped, to the {place} address",
)
CODE = s.asking("use the code {code} and buy what is in my cart", "check my cart out with the promotion code {code}")
MANY = s.asking("buy {number} of the {item} in {options}", "order {number} pieces of the {item} in {options}")
COST = s.asking("what does the {item} cost in {options}", "tell me the price of the {item} in {options}")


def _find(variant: Variant) -> tuple[s.Step, s.Step]:
    product = variant.product
    return ("search_products", {"query": product.title}), ("show_product", {"product_id": product.id})


def _add(variant: Variant, quantity: int = 1) -> s.Step:
    return "add_to_cart", {"sku": variant.sku, "quantity": quantity}


def _pay(method: int, address: int, amounts: Quote) -> s.Step:
    return "checkout", {"method_id": method, "address_id": address, "expected_total_cents": amounts.total}


def _bought(
    customer: Customer, variant: Variant, amounts: Quote, address: Address, quantity: int = 1, *, wrapped: bool = False
) -> list[Wanted]:
    """The changes that a checkout of one line makes."""
    order = {
        "customer_id": customer.id,
        "method_id": customer.id,
        "street": address.street,
        "postcode": address.postcode,
        "total": amounts.total,
    }
    line = {"variant_id": variant.id, "quantity": quantity, "price": variant.price, "gift_wrap": wrapped}
    return [
        inserted("shop_order", order),
        inserted("shop_order_item", line),
        inserted("shop_payment", {"method_id": customer.id, "amount": amounts.total}),
        updated("shop_variant", key=variant.id, values={"stock": variant.stock - quantity}),
    ]


@app.task_family
def buy_variant(world: World, split: Split) -> Task:
    """Buy one variant; at the harder level the user tells which only when asked."""
    plant = Plant(world, split)
    variants, hidden = plant.product(variants=4), world.random.random() < 0.4
    variant, other = world.random.sample(variants, 2)
    me, extra = plant.owner(), plant.product()[0]
    home, amounts = plant.home(me), quote([Line(variant.price, 1)], plus=me.tier == "plus")
    wrong = quote([Line(other.price, 1)], plus=me.tier == "plus")
    ask = ("Which colour and size would you like?",) if hidden else ()
    find, pay = _find(variant), _pay(me.id, home.id, amounts)
    options = s.fact(world, split, "options", variant.options, "colour", "size", "variant", at_once=not hidden)
    slots = {"item": variant.product.title, "options": variant.options}
    return s.task(
        world,
        split,
        "buy",
        BUY_VAGUE if hidden else BUY,
        slots,
        facts=(s.fact(world, split, "item", variant.product.title, "item", "product"), options),
        tools=s.BUYING,
        solution=s.script(*ask, *find, _add(variant), *LOOK, pay, BOUGHT),
        slips=(
            s.script(*find, _add(other), *LOOK, _pay(me.id, home.id, wrong), BOUGHT),
            s.script(*find, _add(variant), BOUGHT),
        ),
        excess=s.excess("add_to_cart", sku=extra.sku),
        verifier=expect(_bought(me, variant, amounts, home)),
    )


@app.task_family
def buy_gift(world: World, split: Split) -> Task:
    """Buy some of a variant, gift-wrapped, to an address that is not the default."""
    plant, rng = Plant(world, split), world.random
    variant, count, me = rng.choice(plant.product()), rng.randrange(2, 5), plant.owner()
    extra, home, place = plant.product()[0], plant.home(me), rng.choice(("studio", "cabin", "parents", "summer"))
    there = Address(
        id=plant.number(),
        customer_id=me.id,
        label=place,
        street=f"{rng.randrange(1, 300)} {word(rng, split).capitalize()} Road",
        city=word(rng, split).capitalize(),
        postcode=str(rng.randrange(10_000, 99_999)),
        is_default=False,
    )
    world.session.add(there)
    plus, find = me.tier == "plus", _find(variant)
    amounts = quote([Line(variant.price, count, gift_wrap=True)], plus=plus)
    plain = quote([Line(variant.price, count)], plus=plus)
    wrap: s.Step = ("wrap_gift", {"sku": variant.sku})
    slots = {"item": variant.product.title, "options": variant.options, "number": str(count), "place": place}
    return s.task(
        world,
        split,
        "buy_gift",
        GIFT,
        slots,
        facts=(s.fact(world, split, "item", variant.product.title, "item", "product"),),
        tools=s.BUYING,
        solution=s.script(*find, _add(variant, count), wrap, *LOOK, _pay(me.id, there.id, amounts), BOUGHT),
        slips=(
            s.script(*find, _add(variant, count), *LOOK, _pay(me.id, there.id, plain), BOUGHT),
            s.script(*find, _add(variant, count), wrap, *LOOK, _pay(me.id, home.id, amounts), BOUGHT),
        ),
        excess=s.excess("add_to_cart", sku=extra.sku),
        verifier=expect(_bought(me, variant, amounts, there, count, wrapped=True)),
    )


def _fill(plant: Plant, customer: Customer, variant: Variant) -> None:
    line = CartItem(customer_id=customer.id, variant_id=variant.id, quantity=1, gift_wrap=False)
    plant.world.session.add(line)


def _promote(plant: Plant, minimum: int) -> Promotion:
    percent = plant.rng.choice((10, 15, 20, 25))
    made = Promotion(
        code=f"{word(plant.rng, plant.split).upper()}{plant.rng.randrange(100, 999)}",
        percent=percent,
        minimum=minimum,
        ends_on=(plant.now + timedelta(days=20)).date(),
    )
    plant.world.session.add(made)
    return made


@app.task_family
def use_code(world: World, split: Split) -> Task:
    """Check a filled cart out with a promotion code."""
    plant = Plant(world, split)
    variant, me, extra = plant.product()[0], plant.owner(), plant.product()[0]
    _fill(plant, me, variant)
    code, home, plus = _promote(plant, 500), plant.home(me), me.tier == "plus"
    amounts, full = (quote([Line(variant.price, 1)], percent, plus=plus) for percent in (code.percent, 0))
    look: tuple[s.Step, ...] = (("show_cart", {}), *LOOK)
    apply: s.Step = ("apply_promotion", {"code": code.code})
    return s.task(
        world,
        split,
        "use_code",
        CODE,
        {"code": code.code},
        facts=(s.fact(world, split, "code", code.code, "code", "promotion"),),
        tools=s.BUYING,
        solution=s.script(apply, *look, _pay(me.id, home.id, amounts), BOUGHT),
        slips=(s.script(*look, _pay(me.id, home.id, full), BOUGHT), s.script(apply, BOUGHT)),
        excess=s.excess("add_to_cart", sku=extra.sku),
        verifier=expect([*_bought(me, variant, amounts, home), deleted("shop_cart_item", key=(me.id, variant.id))]),
    )


@app.task_family
def code_too_small(world: World, split: Split) -> Task:
    """A code that needs a dearer cart: the answer is no, and from what value of goods on."""
    plant = Plant(world, split)
    variant, me, extra = plant.product()[0], plant.owner(), plant.product()[0]
    _fill(plant, me, variant)
    code, home = _promote(plant, variant.price + plant.rng.randrange(500, 4_000)), plant.home(me)
    amounts = quote([Line(variant.price, 1)], plus=me.tier == "plus")
    look: tuple[s.Step, ...] = (("show_cart", {}), ("list_promotions", {}))
    no = f"No: the code {code.code} counts only from {dollars(code.minimum)} of goods on."
    return s.task(
        world,
        split,
        "code_too_small",
        CODE,
        {"code": code.code},
        facts=(s.fact(world, split, "code", code.code, "code", "promotion"),),
        tools=s.BUYING,
        solution=s.script(*look, no),
        slips=(s.script(*look, *LOOK, _pay(me.id, home.id, amounts), BOUGHT), s.script(*look, "No.")),
        excess=s.excess("add_to_cart", sku=extra.sku),
        verifier=expect(said=[code.code, dollars(code.minimum)]),
        needs="text",
    )


@app.task_family
def too_many(world: World, split: Split) -> Task:
    """More of one item than the shop sells in an order: the answer is no, and how many are allowed."""
    plant = Plant(world, split)
    variant, me, extra = plant.product()[0], plant.owner(), plant.product()[0]
    count, find, home = world.random.randrange(MOST + 1, 19), _find(variant), plant.home(me)
    most = quote([Line(variant.price, MOST)], plus=me.tier == "plus")
    no = f"No: of the {variant.product.title}, as of any item, at most {MOST} are sold in one order."
    slots = {"item": variant.product.title, "options": variant.options, "number": str(count)}
    return s.task(
        world,
        split,
        "too_many",
        MANY,
        slots,
        facts=(s.fact(world, split, "item", variant.product.title, "item", "product"),),
        tools=s.BUYING,
        solution=s.script(*find, no),
        slips=(
            s.script(*find, _add(variant, MOST), *LOOK, _pay(me.id, home.id, most), BOUGHT),
            s.script(*find, "No."),
        ),
        excess=s.excess("add_to_cart", sku=extra.sku),
        verifier=expect(said=[variant.product.brand, f"at most {MOST}"]),
        needs="text",
    )


@app.task_family
def price_of(world: World, split: Split) -> Task:
    """Tell what one variant costs."""
    plant = Plant(world, split)
    variant, other = world.random.sample(plant.product(variants=4), 2)
    extra, find, title = plant.product()[0], _find(variant), variant.product.title
    slots = {"item": title, "options": variant.options}
    return s.task(
        world,
        split,
        "price",
        COST,
        slots,
        facts=(s.fact(world, split, "item", title, "item", "product"),),
        tools=s.BUYING,
        solution=s.script(*find, f"The {title} costs {dollars(variant.price)}."),
        slips=(s.script(*find, f"The {title} costs {dollars(other.price)}."), s.script(*find, "Done.")),
        excess=s.excess("add_to_cart", sku=extra.sku),
        verifier=expect(said=[variant.product.brand, dollars(variant.price)], unsaid=[dollars(other.price)]),
        needs="number",
    )
