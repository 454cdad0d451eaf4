"""Paying: codes and gift cards that count, and those that do not."""

from greenroom import Split, Task, World
from greenroom.rewards import deleted, expect, mentions, updated
from greenroom_envs.shop.app import app
from greenroom_envs.shop.families.buying import BOUGHT, LOOK, add, bought, find, pay, price
from greenroom_envs.shop.families.script import BUYING, Errand, Step, Steps
from greenroom_envs.shop.families.sentences import Request, orders
from greenroom_envs.shop.families.telling import money, told
from greenroom_envs.shop.models import Cart
from greenroom_envs.shop.policy import MOST
from greenroom_envs.shop.pricing import Line, dollars, quote

CODE = orders("use the code {code} and buy what is in my cart", "check my cart out with the promotion code {code}")
CODE_VAGUE = orders(
    "use my promotion code and buy what is in my cart", "check my cart out with the promotion code that I have"
)
ASK_CODE = "What is the promotion code?"
CARD = Request(
    orders=("add my gift card {code} to the account and buy what is in my cart with it",),
    statements=(
        "I have a gift card, {code}, and want to pay my cart by it",
        "I was given the gift card {code}: pay my cart by it",
    ),
)
CARD_VAGUE = Request(
    orders=("buy what is in my cart with my new gift card",),
    statements=("I have a gift card and want to pay my cart by it", "I was given a gift card: pay my cart by it"),
)
SHORT = orders("buy what is in my cart with my {card}", "check my cart out and pay by my {card}")
SHORT_VAGUE = orders(
    "buy what is in my cart with one of my gift cards", "check my cart out and pay by a gift card that I have"
)
MANY = orders("buy {number} of the {item} in {options}", "order {number} pieces of the {item} in {options}")
MORE = orders(
    "buy {number} more of the {item} in {options} with those in my cart",
    "order my cart with {number} pieces of the {item} in {options} on top of those that are in it",
)
MANY_VAGUE = orders("buy several of the {item} in {options}", "order a number of the {item} in {options}")
SEE: Step = ("show_cart", {})


@app.task_family
def use_code(world: World, split: Split) -> Task:
    """Check a filled cart out with a code, told when asked from level 2 on; at 3 another is applied already."""
    errand = Errand(world, split)
    plant, me, variant = errand.plant, errand.me, errand.plant.product()[0]
    plant.fill_cart(me, variant)
    code, home = plant.promotion(500), plant.home(me)
    amounts = quote([Line(variant.price, 1)], code.percent, plus=me.tier == "plus")
    apply: Step = ("apply_promotion", {"code": code.code})
    wanted = [*bought(me, variant, amounts, home), deleted("shop_cart_item", key=(me.id, variant.id))]
    left = price(me, variant)
    if errand.alike:
        other = plant.promotion(500, percent=5)
        world.session.get_one(Cart, me.id).promotion = other.code
        wanted.append(updated("shop_cart", key=me.id, values={"promotion": None}))
        left = quote([Line(variant.price, 1)], other.percent, plus=me.tier == "plus")
    ask = errand.ask(ASK_CODE)
    return errand.task(
        "use_code",
        (CODE_VAGUE if errand.hidden else CODE).plain,
        {"code": code.code},
        facts=(errand.fact("code", code.code, "code", "promotion", hidden=errand.hidden),),
        tools=BUYING,
        solution=(*ask, apply, SEE, *LOOK, pay(me.id, home.id, amounts), BOUGHT),
        slips=((*ask, SEE, *LOOK, pay(me.id, home.id, left), BOUGHT), (*ask, apply, BOUGHT)),
        excess=errand.unasked(),
        verifier=expect(wanted),
    )


@app.task_family
def code_too_small(world: World, split: Split) -> Task:
    """A code that needs a dearer cart: the answer is no, and from what value of goods on; at 3 another would count."""
    errand = Errand(world, split)
    plant, me, variant = errand.plant, errand.me, errand.plant.product()[0]
    plant.fill_cart(me, variant)
    code, home = plant.promotion(variant.price + errand.one_of(range(500, 4_000, 100))), plant.home(me)
    look: Steps = (SEE, ("list_promotions", {}))
    no = f"No: the code {code.code} counts only from {dollars(code.minimum)} of goods on."
    ask, amounts = errand.ask(ASK_CODE), price(me, variant)
    instead: Steps = ()
    if errand.alike:
        other = plant.promotion(100)
        amounts = quote([Line(variant.price, 1)], other.percent, plus=me.tier == "plus")
        instead = (("apply_promotion", {"code": other.code}),)
    return errand.task(
        "code_too_small",
        (CODE_VAGUE if errand.hidden else CODE).plain,
        {"code": code.code},
        facts=(errand.fact("code", code.code, "code", "promotion", hidden=errand.hidden),),
        tools=BUYING,
        solution=(*ask, *look, no),
        slips=((*ask, *look, *instead, *LOOK, pay(me.id, home.id, amounts), BOUGHT), (*ask, *look, "No.")),
        excess=errand.unasked(),
        verifier=told(said=[code.code, money(code.minimum)]),
        needs="text",
    )


@app.task_family
def pay_by_gift_card(world: World, split: Split) -> Task:
    """Add a gift card by its code, told when asked from level 2 on, and pay by it; at 3 an older one would do too."""
    errand = Errand(world, split)
    plant, me, variant = errand.plant, errand.me, errand.plant.product()[0]
    plant.fill_cart(me, variant)
    amounts, home = price(me, variant), plant.home(me)
    card = plant.gift_card(amounts.total + errand.rng.randrange(0, 3_000))
    wrong = plant.gift_card(amounts.total + 500, me).id if errand.alike else me.id
    ask = errand.ask("What is the code of the gift card?")
    enter: Step = ("add_gift_card", {"code": card.code})
    left = {"customer_id": me.id, "balance": (card.balance or 0) - amounts.total}
    wanted = [
        *bought(me, variant, amounts, home, method=card.id),
        deleted("shop_cart_item", key=(me.id, variant.id)),
        updated("shop_payment_method", key=card.id, values=left),
    ]
    return errand.task(
        "pay_by_gift_card",
        (CARD_VAGUE if errand.hidden else CARD).plain,
        {"code": str(card.code)},
        facts=(errand.fact("code", str(card.code), "code", "gift card", hidden=errand.hidden),),
        tools=BUYING,
        solution=(*ask, enter, SEE, *LOOK, pay(card.id, home.id, amounts), BOUGHT),
        slips=((*ask, enter, SEE, *LOOK, pay(wrong, home.id, amounts), BOUGHT), (*ask, enter, SEE, BOUGHT)),
        excess=errand.unasked(),
        verifier=expect(wanted),
    )


@app.task_family
def gift_card_short(world: World, split: Split) -> Task:
    """A gift card of the user's that does not cover the cart: the answer is no, payments are not split.

    From level 2 on the user has two and says which when asked, the other would do; at level 3 it covers the goods, but
    not the tax.
    """
    errand = Errand(world, split)
    plant, me, variant = errand.plant, errand.me, errand.plant.product()[0]
    plant.fill_cart(me, variant)
    amounts, home = price(me, variant), plant.home(me)
    short = errand.rng.randrange(1, amounts.tax) if errand.alike else amounts.total - variant.price * 3 // 4
    card = plant.gift_card(amounts.total - short, me)
    wrong = plant.gift_card(amounts.total + 700, me).id if errand.hidden else me.id
    look: Steps = (SEE, ("list_payment_methods", {}))
    no = f"No: the {card.label} holds {dollars(card.balance or 0)}; it must cover the whole {dollars(amounts.total)}."
    ask = errand.ask("Which gift card do you mean?")
    return errand.task(
        "gift_card_short",
        (SHORT_VAGUE if errand.hidden else SHORT).plain,
        {"card": card.label},
        facts=(errand.fact("card", card.label, "card", "pay", hidden=errand.hidden),),
        tools=BUYING,
        solution=(*ask, *look, no),
        slips=((*ask, *look, *LOOK, pay(wrong, home.id, amounts), BOUGHT), (*ask, *look, "No.")),
        excess=errand.unasked(),
        verifier=told(said=[card.label.split()[-1], (*money(card.balance or 0), *money(amounts.total))]),
        needs="text",
    )


@app.task_family
def too_many(world: World, split: Split) -> Task:
    """More of one item than the shop sells in an order: the answer is no, and how many are allowed.

    How many is told when asked at level 2; at level 3 it is more only with those that lie in the cart.
    """
    errand = Errand(world, split)
    plant, me = errand.plant, errand.me
    # No can of 10 l, or who asks for it has said the rule: of four variants one has another size.
    variant = next(v for v in plant.product(variants=4) if not mentions(v.options, str(MOST)))
    home, look, request = plant.home(me), find(variant), MANY_VAGUE if errand.hidden else MANY
    count, filled = errand.one_of(range(MOST + 1, 60)), 0
    ask: Steps = ()
    if errand.alike:
        count, request = errand.one_of(range(3, MOST)), MORE
        filled = errand.rng.randrange(MOST + 1 - count, MOST)
        plant.fill_cart(me, variant, filled)
        look = (*look, SEE)
    elif errand.hidden:
        ask = ("How many would you like?",)
    title = variant.product.title
    no = f"No: of the {title}, as of any item, at most {MOST} are sold in one order."
    most: Steps = (add(variant, MOST - filled), *LOOK, pay(me.id, home.id, price(me, variant, MOST)), BOUGHT)
    return errand.task(
        "too_many",
        request.plain,
        {"item": title, "options": variant.options, "number": str(count)},
        facts=(
            errand.item(variant.product),
            errand.fact("number", str(count), "how many", "number", "quantity", hidden=bool(ask)),
        ),
        tools=BUYING,
        solution=(*ask, *look, no),
        slips=((*ask, *look, *most), (*ask, *look, "No.")),
        excess=errand.unasked(),
        verifier=told(said=[variant.product.brand, (str(MOST), "ten")]),
        needs="text",
    )
