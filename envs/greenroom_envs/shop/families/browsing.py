"""Looking without buying: prices, what things are made of, the wish list."""

from greenroom import Split, Task, World
from greenroom.rewards import deleted, expect, inserted
from greenroom_envs.shop import goods
from greenroom_envs.shop.app import app
from greenroom_envs.shop.families.buying import add, find
from greenroom_envs.shop.families.script import BUYING, Errand, Step
from greenroom_envs.shop.families.sentences import Request, orders
from greenroom_envs.shop.families.telling import money, told
from greenroom_envs.shop.models import Variant, Wish
from greenroom_envs.shop.pricing import dollars

COST = Request(
    orders=("tell me the price of the {item} in {options}",),
    questions=("what is the price of the {item} in {options}", "how much would I pay for the {item} in {options}"),
)
COST_VAGUE = Request(
    orders=("tell me the price of the {item}",),
    questions=("what is the price of the {item}", "how much would I pay for the {item}"),
)
ABOUT = {
    "weight": Request(
        orders=("tell me the weight of the {item}",),
        questions=("what is the weight of the {item}", "how much weight has the {item}"),
    ),
    "warranty": Request(
        orders=("tell me how long the warranty of the {item} is",),
        questions=(
            "how many years of warranty are there on the {item}",
            "for how many years is there a warranty on the {item}",
        ),
    ),
}
BOTH = Request(
    orders=("tell me the weight of the {item} and how long its warranty is",),
    questions=("what is the weight of the {item}, and how many years of warranty are there",),
)
WISH = orders(
    "put the {item} from my wish list into the cart and take it off the list",
    "move the {item} from the wish list to my cart",
)
WISH_VAGUE = orders(
    "put something from my wish list into the cart and take it off the list",
    "move one product from the wish list to my cart",
)


@app.task_family
def price_of(world: World, split: Split) -> Task:
    """Tell what one variant costs; which, is told when asked from level 2 on."""
    errand = Errand(world, split)
    variant, other = errand.rng.sample(errand.plant.product(variants=4), 2)
    title, ask = variant.product.title, errand.ask("In which colour and size?")
    if errand.alike:
        errand.plant.product(like=variant, variants=4)
    return errand.task(
        "price",
        (COST_VAGUE if errand.hidden else COST).plain,
        {"item": title, "options": variant.options},
        facts=(
            errand.item(variant.product),
            errand.fact("options", variant.options, "colour", "size", "variant", hidden=errand.hidden),
        ),
        tools=BUYING,
        solution=(*ask, *find(variant), f"The price of the {title} in {variant.options} is {dollars(variant.price)}."),
        slips=(
            (*ask, *find(variant), f"The price of the {title} is {dollars(other.price)}."),
            (*ask, *find(variant), "Done."),
        ),
        excess=errand.unasked(),
        verifier=told(said=[variant.product.brand, money(variant.price)], unsaid=[money(other.price)]),
        needs="number",
    )


@app.task_family
def product_fact(world: World, split: Split) -> Task:
    """Tell how heavy something is, or how long it is guaranteed; from level 2 on, both."""
    errand = Errand(world, split)
    variant = errand.plant.product()[0]
    other = errand.plant.product(like=variant if errand.alike else None)[0]
    wanted = sorted(ABOUT) if errand.hidden else [errand.rng.choice(sorted(ABOUT))]
    request = BOTH if errand.hidden else ABOUT[wanted[0]]
    other.product.warranty_years = variant.product.warranty_years + 1
    other.product.weight_grams = variant.product.weight_grams + 1_130
    title = variant.product.title
    half = f"The {title}: {_said(variant, wanted[0])}." if errand.hidden else "Done."
    return errand.task(
        "product_fact",
        request.plain,
        {"item": title},
        facts=(errand.item(variant.product),),
        tools=BUYING,
        solution=(*find(variant), f"The {title}: {', '.join(_said(variant, what) for what in wanted)}."),
        slips=(
            (*find(other), f"The {title}: {', '.join(_said(other, what) for what in wanted)}."),
            (*find(variant), half),
        ),
        excess=errand.unasked(),
        verifier=told(
            said=[variant.product.brand, *(_ways(variant, what) for what in wanted)],
            unsaid=[_ways(other, what) for what in wanted],
        ),
        needs="number",
    )


def _said(variant: Variant, what: str) -> str:
    product = variant.product
    return goods.weight(product.weight_grams) if what == "weight" else goods.warranty(product.warranty_years)


def _ways(variant: Variant, what: str) -> tuple[str, ...]:
    product = variant.product
    if what == "weight":
        shown, grams = goods.weight(product.weight_grams), product.weight_grams
        return shown, shown.replace(" ", ""), f"{grams} g", f"{shown.split()[0]} kilograms", f"{grams} grams"
    word = ("no", "one", "two", "three", "four", "five", "six")[product.warranty_years]
    unit = "year" if product.warranty_years == 1 else "years"
    number = product.warranty_years
    return f"{number} {unit}", f"{word} {unit}", f"{number}-year", f"{word}-year"


@app.task_family
def wish_to_cart(world: World, split: Split) -> Task:
    """Move something from the wish list, told when asked from level 2 on, to the cart."""
    errand = Errand(world, split)
    plant, me, variant = errand.plant, errand.me, errand.plant.product()[0]
    other = plant.product(like=variant if errand.alike else None)[0]
    world.session.add_all([Wish(customer_id=me.id, variant_id=v.id, added_at=plant.now) for v in (variant, other)])
    title = variant.product.title
    look: Step = ("show_wish_list", {})

    def forget(variant: Variant) -> Step:
        return "remove_wish", {"sku": variant.sku}

    wanted = [
        inserted("shop_cart_item", {"customer_id": me.id, "variant_id": variant.id, "quantity": 1}),
        deleted("shop_wish", key=(me.id, variant.id)),
    ]
    done, ask = "Done: it is moved.", errand.ask("Which product do you mean?")
    return errand.task(
        "wish_to_cart",
        (WISH_VAGUE if errand.hidden else WISH).plain,
        {"item": title},
        facts=(errand.item(variant.product, hidden=errand.hidden),),
        tools=BUYING,
        solution=(look, *ask, add(variant), forget(variant), done),
        slips=((look, *ask, add(other), forget(other), done), (look, *ask, add(variant), done)),
        excess=errand.unasked(),
        verifier=expect(wanted),
    )
