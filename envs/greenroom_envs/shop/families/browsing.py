"""Looking without buying: prices, what things are made of, the wish list."""

from greenroom import Split, Task, World
from greenroom.rewards import deleted, expect, inserted
from greenroom_envs.shop import goods
from greenroom_envs.shop.app import app
from greenroom_envs.shop.families.buying import add, find
from greenroom_envs.shop.families.script import BUYING, Errand, Step, asking
from greenroom_envs.shop.families.telling import money, told
from greenroom_envs.shop.models import Variant, Wish
from greenroom_envs.shop.pricing import dollars

COST = asking("what does the {item} cost in {options}", "tell me the price of the {item} in {options}")
ABOUT = {
    "weight": asking("how heavy is the {item}", "tell me how much the {item} weighs"),
    "warranty": asking("how many years of warranty has the {item}", "for how many years is the {item} guaranteed"),
}
WISH = asking(
    "put the {item} from my wish list into the cart and take it off the list",
    "move the {item} from the wish list to my cart",
)


@app.task_family
def price_of(world: World, split: Split) -> Task:
    """Tell what one variant costs."""
    errand = Errand(world, split)
    variant, other = errand.rng.sample(errand.plant.product(variants=4), 2)
    title, facts = variant.product.title, (errand.fact("item", variant.product.title, "item", "product"),)
    if errand.alike:
        errand.plant.product(like=variant, variants=4)
    return errand.task(
        "price",
        COST,
        {"item": title, "options": variant.options},
        facts=facts,
        tools=BUYING,
        solution=(*find(variant), f"The {title} costs {dollars(variant.price)}."),
        slips=((*find(variant), f"The {title} costs {dollars(other.price)}."), (*find(variant), "Done.")),
        excess=errand.unasked(),
        verifier=told(said=[variant.product.brand, money(variant.price)], unsaid=[money(other.price)]),
        needs="number",
    )


@app.task_family
def product_fact(world: World, split: Split) -> Task:
    """Tell how heavy something is, or how long it is guaranteed."""
    errand = Errand(world, split)
    variant = errand.plant.product()[0]
    other = errand.plant.product(like=variant if errand.alike else None)[0]
    what = errand.rng.choice(sorted(ABOUT))
    other.product.warranty_years = variant.product.warranty_years + 1
    other.product.weight_grams = variant.product.weight_grams + 1_130
    title = variant.product.title
    return errand.task(
        "product_fact",
        ABOUT[what],
        {"item": title},
        facts=(errand.fact("item", title, "item", "product"),),
        tools=BUYING,
        solution=(*find(variant), f"The {title}: {_said(variant, what)}."),
        slips=((*find(other), f"The {title}: {_said(other, what)}."), (*find(variant), "Done.")),
        excess=errand.unasked(),
        verifier=told(said=[variant.product.brand, _ways(variant, what)], unsaid=[_ways(other, what)]),
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
    """Move something from the wish list to the cart."""
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
    done = "Done: it is moved."
    return errand.task(
        "wish_to_cart",
        WISH,
        {"item": title},
        facts=(errand.fact("item", title, "item", "product"),),
        tools=BUYING,
        solution=(look, add(variant), forget(variant), done),
        slips=((look, add(other), forget(other), done), (look, add(variant), done)),
        excess=errand.unasked(),
        verifier=expect(wanted),
    )
