"""After buying: cancel, claim, track, review; and what the rules forbid."""

from datetime import date, timedelta

from sqlalchemy import select

from greenroom import Split, Task, World
from greenroom.rewards import Wanted, expect, inserted, updated
from greenroom_envs.shop.app import app
from greenroom_envs.shop.families.planting import Plant
from greenroom_envs.shop.families.script import Errand, Step, Steps, asking, because
from greenroom_envs.shop.families.telling import spoken, told, ways
from greenroom_envs.shop.ledger import Order, Parcel
from greenroom_envs.shop.models import Product
from greenroom_envs.shop.policy import CANCEL_REASONS

CANCELLING = ("cancel my order of the {item}", "call off the {item} that I ordered", "cancel the order with the {item}")
CANCEL, CANCEL_WHY = asking(*CANCELLING), because(*CANCELLING)
CLAIM = asking(
    "I bought the {item} as a guest, order {order}: bring it into my account, the claim code is {code}",
    "claim my guest order {order} for me, the code is {code}",
)
CLAIM_VAGUE = asking(
    "bring my guest order {order} into my account", "claim order {order} for me, I bought it as a guest"
)
TRACK = asking("when does the {item} arrive that I ordered", "tell me on what day my {item} comes")
REVIEW = asking(
    'review the {item} with {stars} stars and write "{text}"', 'give the {item} {stars} stars and the review "{text}"'
)
HOME = asking("make my {place} address the default", "from now on send everything to my {place} address by default")
VERDICTS = {1: "useless", 2: "disappointing", 3: "fine, nothing more", 4: "good value", 5: "simply excellent"}
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
    plant, me, why = errand.plant, errand.me, errand.rng.choice(CANCEL_REASONS)
    variant = plant.product()[0]
    order = plant.order(me, variant, status="processing")
    twin = plant.order(me, plant.product(like=variant if errand.alike else None)[0], status="processing")
    other, done = CANCEL_REASONS[CANCEL_REASONS.index(why) - 1], "Done: it is cancelled."

    def cancel(order: Order, reason: str) -> Step:
        return "cancel_order", {"order_id": order.id, "reason": reason}

    ask = errand.ask_why()
    return errand.task(
        "cancel",
        CANCEL if errand.hidden else CANCEL_WHY,
        {"item": variant.product.title, "reason": why},
        facts=(errand.item(variant.product), errand.reason(why)),
        solution=(LIST, *ask, cancel(order, why), done),
        slips=((LIST, *ask, cancel(twin, why), done), (LIST, cancel(order, other), done)),
        verifier=expect(cancelled(order, why)),
    )


@app.task_family
def cancel_shipped(world: World, split: Split) -> Task:
    """Cancel an order that has shipped: the answer is no, because it has."""
    errand = Errand(world, split)
    plant, me, why = errand.plant, errand.me, CANCEL_REASONS[0]
    variant = plant.product()[0]
    order = plant.order(me, variant, status="shipped", days=-3)
    twin = plant.order(me, plant.product(like=variant if errand.alike else None)[0], status="processing")
    no = f"No: order {order.id} has shipped, and an order can be cancelled only before."
    instead: Step = ("cancel_order", {"order_id": twin.id, "reason": why})
    return errand.task(
        "cancel_shipped",
        CANCEL if errand.hidden else CANCEL_WHY,
        {"item": variant.product.title, "reason": why},
        facts=(errand.item(variant.product), errand.reason(why)),
        solution=(LIST, show(order), no),
        slips=((LIST, show(order), "No."), (LIST, show(order), instead, no)),
        verifier=told(said=[order.id, ("shipped", "on its way", "been sent")]),
        needs="text",
    )


@app.task_family
def claim_order(world: World, split: Split) -> Task:
    """Bring a guest's order into the account; the claim code is told when asked from level 2 on."""
    errand = Errand(world, split)
    plant, me, variant = errand.plant, errand.me, errand.plant.product()[0]
    code, second = (f"C{errand.rng.randrange(10**7, 10**8)}" for _ in range(2))
    order = plant.order(None, variant, code=code)
    twin = plant.order(None, plant.product(like=variant)[0], code=second)
    ask: Steps = ("What is the claim code?",) if errand.hidden else ()

    def claim(order: Order) -> Step:
        return "claim_order", {"order_id": order.id, "code": str(order.claim_code)}

    done = "Done: it is added to the account."
    return errand.task(
        "claim_order",
        CLAIM_VAGUE if errand.hidden else CLAIM,
        {"item": variant.product.title, "order": order.id, "code": code},
        facts=(
            errand.fact("order", order.id, "order", "number"),
            errand.fact("code", code, "code", hidden=errand.hidden),
        ),
        solution=(*ask, claim(order), done),
        slips=((*ask, claim(twin), done), (*ask, show(plant.bystander(me)), done)),
        verifier=expect([updated("shop_order", key=order.id, values={"customer_id": me.id, "version": 2})]),
    )


@app.task_family
def track_parcel(world: World, split: Split) -> Task:
    """Tell on what day a parcel is expected; it may not be the day that was promised."""
    errand = Errand(world, split)
    plant, me, late = errand.plant, errand.me, errand.rng.choice((0, 1, 2))
    variant, days = plant.product()[0], errand.rng.randrange(1, 9)
    order = plant.order(me, variant, status="shipped", days=-days, late=late)
    if errand.alike:
        plant.order(me, plant.product(like=variant)[0], status="shipped", days=-days - 2)
    title, track = variant.product.title, ("track_order", {"order_id": order.id})
    day = _expected(plant, order)
    wrong = day + timedelta(days=1)
    return errand.task(
        "track",
        TRACK,
        {"item": title},
        facts=(errand.item(variant.product),),
        solution=(LIST, track, f"The {title} is expected on {spoken(day)}."),
        slips=((LIST, track, f"The {title} is expected on {spoken(wrong)}."), (LIST, track, "Soon.")),
        verifier=told(said=[variant.product.brand, ways(day)], unsaid=[ways(wrong)]),
        needs="date",
    )


def _expected(plant: Plant, order: Order) -> date:
    found = select(Parcel.expected_on).where(Parcel.order_id == order.id)
    return plant.world.session.scalars(found).one()


@app.task_family
def review_item(world: World, split: Split) -> Task:
    """Write a review in the user's words."""
    errand = Errand(world, split)
    plant, me, stars = errand.plant, errand.me, errand.rng.randrange(1, 6)
    variant = plant.product()[0]
    other = plant.product(like=variant if errand.alike else None)[0]
    order, twin = plant.order(me, variant), plant.order(me, other)
    text, product, done = VERDICTS[stars], variant.product, "Done: the review is added."

    def says(said: object) -> bool:
        return text in str(said).lower()

    def write(product: Product, stars: int) -> Step:
        return "write_review", {"product_id": product.id, "stars": stars, "text": text}

    return errand.task(
        "review",
        REVIEW,
        {"item": product.title, "stars": str(stars), "text": text},
        facts=(errand.item(product),),
        solution=(LIST, show(order), write(product, stars), done),
        slips=(
            (LIST, show(twin), write(other.product, stars), done),
            (LIST, show(order), write(product, stars % 5 + 1), done),
        ),
        verifier=expect([inserted("shop_review", {"product_id": product.id, "stars": stars, "text": says})]),
    )


@app.task_family
def default_address(world: World, split: Split) -> Task:
    """Make another address the default."""
    errand = Errand(world, split)
    plant, me = errand.plant, errand.me
    first, second = errand.rng.sample(("studio", "cabin", "parents", "summer", "harbour"), 2)
    there, other, home = plant.address(me, first), plant.address(me, second), plant.home(me)
    look: Step = ("list_addresses", {})
    done = "Done: it is changed."

    def choose(number: int) -> Step:
        return "set_default_address", {"address_id": number}

    wanted = [
        updated("shop_address", key=there.id, values={"is_default": True}),
        updated("shop_address", key=home.id, values={"is_default": False}),
    ]
    return errand.task(
        "default_address",
        HOME,
        {"place": first},
        facts=(errand.fact("place", first, "address", "which"),),
        solution=(look, choose(there.id), done),
        slips=((look, choose(other.id), done), (look, done)),
        verifier=expect(wanted),
    )
