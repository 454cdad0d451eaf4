"""After buying: cancel, claim, track, review; and what the rules forbid."""

from datetime import date, timedelta

from sqlalchemy import select

from greenroom import Split, Task, World
from greenroom.rewards import Wanted, expect, inserted, updated
from greenroom_envs.shop.app import app
from greenroom_envs.shop.families.planting import Plant
from greenroom_envs.shop.families.reasons import CANCELLING
from greenroom_envs.shop.families.script import Errand, Step
from greenroom_envs.shop.families.sentences import Request, orders
from greenroom_envs.shop.families.telling import spoken, told, ways
from greenroom_envs.shop.ledger import Order, Parcel
from greenroom_envs.shop.models import Product
from greenroom_envs.shop.policy import CANCEL_REASONS

CANCEL = orders(
    "cancel my order of the {item}", "call off the {item} that I ordered", "cancel the order with the {item}"
)
CLAIM = Request(
    orders=(
        "bring my guest order {order} of the {item} into my account with the claim code {code}",
        "claim my guest order {order} for me by the code {code}",
    ),
    statements=("I bought the {item} as a guest, order {order}: claim it for me by the code {code}",),
)
CLAIM_VAGUE = Request(
    orders=("bring my guest order {order} into my account",),
    statements=("I placed order {order} as a guest and want to have it in my account",),
)
CLAIM_VAGUER = Request(
    orders=("bring my guest order of the {item} into my account",),
    statements=("I bought the {item} as a guest and want to have that order in my account",),
)
TRACK = Request(
    orders=("tell me on what day the {item} will come that I ordered",),
    questions=("when will the {item} arrive that I ordered", "on what day can I expect the {item} that I ordered"),
)
REVIEW = orders('review the {item} with {stars} and write "{text}"', 'give the {item} {stars} and the review "{text}"')
REVIEW_VAGUE = orders(
    'review the {item} for me, the text is "{text}"', 'write a review of the {item} that says "{text}"'
)
HOME = orders(
    "make my {place} address the default", "have everything sent to my {place} address by default from now on"
)
HOME_VAGUE = orders(
    "make another address of mine the default", "have everything sent to another address of mine by default"
)
VERDICTS = {
    1: ("useless from the first day", "it broke at once", "the worst that I ever bought", "a pure waste of money"),
    2: ("disappointing", "cheaper than it looks", "weak for the price", "I had hoped for more"),
    3: ("fine, nothing more", "neither good nor bad", "it does its job", "all right for the money"),
    4: ("good value", "solid with small flaws", "better than I thought", "very nice indeed"),
    5: ("simply excellent", "I would buy it again at once", "it could not be better", "worth every cent"),
}
LIST: Step = ("list_orders", {})


def show(order: Order) -> Step:
    """Look at an order."""
    return "show_order", {"order_id": order.id}


def cancelled(order: Order, why: str) -> list[Wanted]:
    """The changes of a cancellation."""
    return [
        updated("shop_order", key=order.id, values={"status": "cancelled", "version": order.version + 1}),
        inserted("shop_refund", {"order_id": order.id, "amount": order.total, "reason": why}),
    ]


@app.task_family
def cancel_order(world: World, split: Split) -> Task:
    """Cancel an order that has not shipped; the reason is told when asked from level 2 on."""
    errand = Errand(world, split)
    plant, me = errand.plant, errand.me
    variant, (why, said) = plant.product()[0], errand.why(CANCELLING)
    order = plant.order(me, variant, status="processing")
    twin = plant.order(me, plant.product(like=variant if errand.alike else None)[0], status="processing")
    other, done = CANCEL_REASONS[CANCEL_REASONS.index(why) - 1], "Done: it is cancelled."

    def cancel(order: Order, reason: str) -> Step:
        return "cancel_order", {"order_id": order.id, "reason": reason}

    ask = errand.ask_why()
    return errand.task(
        "cancel",
        CANCEL.plain if errand.hidden else CANCEL.reasoned,
        {"item": variant.product.title, "reason": said},
        facts=(errand.item(variant.product), errand.reason(said)),
        solution=(LIST, *ask, cancel(order, why), done),
        slips=((LIST, *ask, cancel(twin, why), done), (LIST, cancel(order, other), done)),
        verifier=expect(cancelled(order, why)),
    )


@app.task_family
def cancel_shipped(world: World, split: Split) -> Task:
    """Cancel an order that has shipped: the answer is no, because it has."""
    errand = Errand(world, split)
    plant, me = errand.plant, errand.me
    variant, (why, said) = plant.product()[0], errand.why(CANCELLING)
    order = plant.order(me, variant, status="shipped", days=-3)
    twin = plant.order(me, plant.product(like=variant if errand.alike else None)[0], status="processing")
    no = f"No: order {order.id} has shipped, and an order can be cancelled only before."
    instead: Step = ("cancel_order", {"order_id": twin.id, "reason": why})
    return errand.task(
        "cancel_shipped",
        CANCEL.plain if errand.hidden else CANCEL.reasoned,
        {"item": variant.product.title, "reason": said},
        facts=(errand.item(variant.product), errand.reason(said)),
        solution=(LIST, show(order), no),
        slips=((LIST, show(order), "No."), (LIST, show(order), instead, no)),
        verifier=told(said=[order.id, ("shipped", "on its way", "been sent")]),
        needs="text",
    )


@app.task_family
def claim_order(world: World, split: Split) -> Task:
    """Bring a guest's order into the account; the claim code is told when asked from level 2 on, its number at 3."""
    errand = Errand(world, split)
    plant, me, variant = errand.plant, errand.me, errand.plant.product()[0]
    code = plant.claim_code()
    order = plant.order(None, variant, code=code)
    twin = plant.order(None, plant.product(like=variant if errand.alike else None)[0], code=plant.claim_code())
    request = (CLAIM, CLAIM_VAGUE, CLAIM_VAGUER)[errand.level - 1]
    ask = errand.ask("What are the order number and the claim code?" if errand.alike else "What is the claim code?")

    def claim(order: Order) -> Step:
        return "claim_order", {"order_id": order.id, "code": str(order.claim_code)}

    done = "Done: it is added to the account."
    return errand.task(
        "claim_order",
        request.plain,
        {"item": variant.product.title, "order": order.id, "code": code},
        facts=(
            errand.fact("order", order.id, "order", "number", hidden=errand.alike),
            errand.fact("code", code, "code", hidden=errand.hidden),
        ),
        solution=(*ask, claim(order), done),
        slips=((*ask, claim(twin), done), (*ask, show(plant.bystander(me)), done)),
        verifier=expect(
            [updated("shop_order", key=order.id, values={"customer_id": me.id, "version": order.version + 1})]
        ),
    )


@app.task_family
def track_parcel(world: World, split: Split) -> Task:
    """Tell on what day a parcel is expected; from level 2 on it is late: that is not the day that was promised."""
    errand = Errand(world, split)
    plant, me, late = errand.plant, errand.me, errand.rng.choice((1, 2, 3)) if errand.hidden else 0
    variant, days = plant.product()[0], errand.one_of(range(1, 16))
    order = plant.order(me, variant, status="shipped", days=-days, late=late)
    if errand.alike:
        plant.order(me, plant.product(like=variant)[0], status="shipped", days=-days - 2)
    title, track = variant.product.title, ("track_order", {"order_id": order.id})
    day = _expected(plant, order)
    wrong = plant.now.date() - timedelta(days=late) if late else day + timedelta(days=1)
    return errand.task(
        "track",
        TRACK.plain,
        {"item": title},
        facts=(errand.item(variant.product),),
        solution=(LIST, track, f"The {title} should come on {spoken(day)}."),
        slips=((LIST, track, f"The {title} should come on {spoken(wrong)}."), (LIST, track, "Soon.")),
        verifier=told(said=[variant.product.brand, ways(day)], unsaid=[ways(day + timedelta(days=1))]),
        needs="date",
    )


def _expected(plant: Plant, order: Order) -> date:
    found = select(Parcel.expected_on).where(Parcel.order_id == order.id)
    return plant.world.session.scalars(found).one()


@app.task_family
def review_item(world: World, split: Split) -> Task:
    """Write a review in the user's words; how many stars, is told when asked from level 2 on."""
    errand = Errand(world, split)
    plant, me, stars = errand.plant, errand.me, errand.rng.randrange(1, 6)
    variant = plant.product()[0]
    other = plant.product(like=variant if errand.alike else None)[0]
    order, twin = plant.order(me, variant), plant.order(me, other)
    text, product, done = errand.one_of(VERDICTS[stars]), variant.product, "Done: the review is added."
    given, ask = "1 star" if stars == 1 else f"{stars} stars", errand.ask("How many stars would you give?")

    def says(said: object) -> bool:
        return text.lower() in str(said).lower()

    def write(product: Product, stars: int) -> Step:
        return "write_review", {"product_id": product.id, "stars": stars, "text": text}

    return errand.task(
        "review",
        (REVIEW_VAGUE if errand.hidden else REVIEW).plain,
        {"item": product.title, "stars": given, "text": text},
        facts=(errand.item(product), errand.fact("stars", given, "stars", "rate", hidden=errand.hidden)),
        solution=(LIST, show(order), *ask, write(product, stars), done),
        slips=(
            (LIST, show(twin), *ask, write(other.product, stars), done),
            (LIST, show(order), *ask, write(product, stars % 5 + 1), done),
        ),
        verifier=expect([inserted("shop_review", {"product_id": product.id, "stars": stars, "text": says})]),
    )


@app.task_family
def default_address(world: World, split: Split) -> Task:
    """Make another address the default; which, is told when asked from level 2 on, and called almost the same at 3."""
    errand = Errand(world, split)
    plant, me, (first, second) = errand.plant, errand.me, errand.places(2)
    if errand.alike:
        second = f"old {first}"
    there, other, home = plant.address(me, first), plant.address(me, second), plant.home(me)
    look: Step = ("list_addresses", {})
    done, ask = "Done: it is changed.", errand.ask("Which address shall be the default?")

    def choose(number: int) -> Step:
        return "set_default_address", {"address_id": number}

    wanted = [
        updated("shop_address", key=there.id, values={"is_default": True}),
        updated("shop_address", key=home.id, values={"is_default": False}),
    ]
    return errand.task(
        "default_address",
        (HOME_VAGUE if errand.hidden else HOME).plain,
        {"place": first},
        facts=(errand.place(first),),
        solution=(look, *ask, choose(there.id), done),
        slips=((look, *ask, choose(other.id), done), (look, *ask, done)),
        verifier=expect(wanted),
    )
