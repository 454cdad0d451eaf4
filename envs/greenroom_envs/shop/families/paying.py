"""Paying: codes and gift cards that count, and those that do not."""

from greenroom import Split, Task, World
from greenroom.rewards import deleted, expect, updated
from greenroom_envs.shop.app import app
from greenroom_envs.shop.families.buying import BOUGHT, LOOK, add, bought, find, pay, price
from greenroom_envs.shop.families.script import BUYING, Errand, Step, Steps, asking
from greenroom_envs.shop.families.telling import money, told
from greenroom_envs.shop.policy import MOST
from greenroom_envs.shop.pricing import Line, dollars, quote

CODE = asking("use the code {code} and buy what is in my cart", "check my cart out with the promotion code {code}")
CODE_VAGUE = asking(
    "use my promotion code and buy what is in my cart", "check my cart out with the promotion code that I have"
)
ASK_CODE: Steps = ("What is the promotion code?",)
CARD = asking(
    "I have a gift card, {code}: add it and pay my cart by it",
    "add my gift card {code} to the account and buy what is in my cart with it",
)
CARD_VAGUE = asking("I have a gift card: add it and pay my cart by it", "buy what is in my cart with my new gift card")
MANY = asking("buy {number} of the {item} in {options}", "order {number} pieces of the {item} in {options}")
SEE: Step = ("show_cart", {})


@app.task_family
def use_code(world: World, split: Split) -> Task:
    """Check a filled cart out with a promotion code."""
    errand = Errand(world, split)
    plant, me, variant = errand.plant, errand.me, errand.plant.product()[0]
    plant.fill_cart(me, variant)
    code, home = plant.promotion(500), plant.home(me)
    amounts = quote([Line(variant.price, 1)], code.percent, plus=me.tier == "plus")
    apply: Step = ("apply_promotion", {"code": code.code})
    wanted = [*bought(me, variant, amounts, home), deleted("shop_cart_item", key=(me.id, variant.id))]
    ask = ASK_CODE if errand.hidden else ()
    return errand.task(
        "use_code",
        CODE_VAGUE if errand.hidden else CODE,
        {"code": code.code},
        facts=(errand.fact("code", code.code, "code", "promotion", hidden=errand.hidden),),
        tools=BUYING,
        solution=(*ask, apply, SEE, *LOOK, pay(me.id, home.id, amounts), BOUGHT),
        slips=((SEE, *LOOK, pay(me.id, home.id, price(me, variant)), BOUGHT), (apply, BOUGHT)),
        excess=errand.unasked(),
        verifier=expect(wanted),
    )


@app.task_family
def code_too_small(world: World, split: Split) -> Task:
    """A code that needs a dearer cart: the answer is no, and from what value of goods on."""
    errand = Errand(world, split)
    plant, me, variant = errand.plant, errand.me, errand.plant.product()[0]
    plant.fill_cart(me, variant)
    code, home = plant.promotion(variant.price + errand.rng.randrange(500, 4_000)), plant.home(me)
    look: Steps = (SEE, ("list_promotions", {}))
    no = f"No: the code {code.code} counts only from {dollars(code.minimum)} of goods on."
    ask = ASK_CODE if errand.hidden else ()
    return errand.task(
        "code_too_small",
        CODE_VAGUE if errand.hidden else CODE,
        {"code": code.code},
        facts=(errand.fact("code", code.code, "code", "promotion", hidden=errand.hidden),),
        tools=BUYING,
        solution=(*ask, *look, no),
        slips=((*look, *LOOK, pay(me.id, home.id, price(me, variant)), BOUGHT), (*look, "No.")),
        excess=errand.unasked(),
        verifier=told(said=[code.code, money(code.minimum)]),
        needs="text",
    )


@app.task_family
def pay_by_gift_card(world: World, split: Split) -> Task:
    """Add a gift card by its code, told when asked from level 2 on, and pay the cart by it."""
    errand = Errand(world, split)
    plant, me, variant = errand.plant, errand.me, errand.plant.product()[0]
    plant.fill_cart(me, variant)
    amounts, home = price(me, variant), plant.home(me)
    card = plant.gift_card(amounts.total + errand.rng.randrange(0, 3_000))
    ask: Steps = ("What is the code of the gift card?",) if errand.hidden else ()
    enter: Step = ("add_gift_card", {"code": card.code})
    left = {"customer_id": me.id, "balance": (card.balance or 0) - amounts.total}
    wanted = [
        *bought(me, variant, amounts, home, method=card.id),
        deleted("shop_cart_item", key=(me.id, variant.id)),
        updated("shop_payment_method", key=card.id, values=left),
    ]
    return errand.task(
        "pay_by_gift_card",
        CARD_VAGUE if errand.hidden else CARD,
        {"code": str(card.code)},
        facts=(errand.fact("code", str(card.code), "code", "gift card", hidden=errand.hidden),),
        tools=BUYING,
        solution=(*ask, enter, SEE, *LOOK, pay(card.id, home.id, amounts), BOUGHT),
        slips=((*ask, enter, SEE, *LOOK, pay(me.id, home.id, amounts), BOUGHT), (*ask, enter, SEE, BOUGHT)),
        excess=errand.unasked(),
        verifier=expect(wanted),
    )


@app.task_family
def gift_card_short(world: World, split: Split) -> Task:
    """A gift card of the user's that does not cover the cart: the answer is no, payments are not split."""
    errand = Errand(world, split)
    plant, me, variant = errand.plant, errand.me, errand.plant.product()[0]
    plant.fill_cart(me, variant)
    amounts, home = price(me, variant), plant.home(me)
    card = plant.gift_card(max(100, amounts.total - errand.rng.randrange(200, 900)))
    card.customer_id = me.id
    world.session.flush()
    look: Steps = (SEE, ("list_payment_methods", {}))
    no = f"No: the {card.label} holds {dollars(card.balance or 0)}; it must cover the whole {dollars(amounts.total)}."
    return errand.task(
        "gift_card_short",
        asking("buy what is in my cart with my {card}", "check my cart out and pay by the {card}"),
        {"card": card.label},
        facts=(errand.fact("card", card.label, "card", "pay"),),
        tools=BUYING,
        solution=(*look, no),
        slips=((*look, *LOOK, pay(me.id, home.id, amounts), BOUGHT), (*look, "No.")),
        excess=errand.unasked(),
        verifier=told(said=[card.label.split()[-1], (*money(card.balance or 0), *money(amounts.total))]),
        needs="text",
    )


@app.task_family
def too_many(world: World, split: Split) -> Task:
    """More of one item than the shop sells in an order: the answer is no, and how many are allowed."""
    errand = Errand(world, split)
    plant, me, variant = errand.plant, errand.me, errand.plant.product()[0]
    count, home = errand.rng.randrange(MOST + 1, 19), plant.home(me)
    no = f"No: of the {variant.product.title}, as of any item, at most {MOST} are sold in one order."
    most = (add(variant, MOST), *LOOK, pay(me.id, home.id, price(me, variant, MOST)), BOUGHT)
    return errand.task(
        "too_many",
        MANY,
        {"item": variant.product.title, "options": variant.options, "number": str(count)},
        facts=(errand.fact("item", variant.product.title, "item", "product"),),
        tools=BUYING,
        solution=(*find(variant), no),
        slips=((*find(variant), *most), (*find(variant), "No.")),
        excess=errand.unasked(),
        verifier=told(said=[variant.product.brand, (str(MOST), "ten")]),
        needs="text",
    )
