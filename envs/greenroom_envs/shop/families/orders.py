"""After buying: cancel, track, send back, review, subscriptions; and what the rules forbid."""

from datetime import date, timedelta

from sqlalchemy import select

from greenroom import Fact, Split, Task, World
from greenroom.rewards import Wanted, expect, inserted, updated
from greenroom_envs.shop.app import app
from greenroom_envs.shop.families import script as s
from greenroom_envs.shop.families.planting import Plant
from greenroom_envs.shop.ledger import Order, OrderItem, Parcel
from greenroom_envs.shop.models import Login, Product
from greenroom_envs.shop.policy import CANCEL_REASONS, RETURN_DAYS, RETURN_REASONS
from greenroom_envs.shop.tools.account import secret_of

WHY = "What is the reason?"
REASON_CUES = ("reason", "why")
CANCEL = s.asking(
    "cancel my order of the {item}", "call off the {item} that I ordered", "cancel the order with the {item}"
)
TRACK = s.asking("when does the {item} arrive that I ordered", "tell me on what day my {item} comes")
RETURN = s.asking("return the {item}", "send the {item} back", "I want to give the {item} back")
REVIEW = s.asking(
    'review the {item} with {stars} stars and write "{text}"', 'give the {item} {stars} stars and the review "{text}"'
)
RHYTHM = s.asking(
    "have the {item} come every {weeks} weeks instead", "change my subscription to the {item} to every {weeks} weeks"
)
STOP = s.asking(
    "my session has expired: sign me in and stop the subscription to the {item}",
    "I was signed out: sign in and end my subscription to the {item}",
)
VERDICTS = {1: "useless", 2: "disappointing", 3: "fine, nothing more", 4: "good value", 5: "simply excellent"}
LIST: s.Step = ("list_orders", {})
TAKEN = "Done: the return is made, the label is ready."


def _show(order: Order) -> s.Step:
    return "show_order", {"order_id": order.id}


def item_fact(world: World, split: Split, product: Product) -> Fact:
    """Which item it is about."""
    return s.fact(world, split, "item", product.title, "item", "product", "order")


def spoken(day: date) -> str:
    """A day as it is said: `14 March`."""
    return f"{day.day} {day:%B}"


def cancelled(order: Order, why: str) -> list[Wanted]:
    """The changes of a cancellation."""
    return [
        updated("shop_order", key=order.id, values={"status": "cancelled", "version": order.version + 1}),
        inserted("shop_refund", {"order_id": order.id, "amount": order.total, "reason": why}),
    ]


@app.task_family
def cancel_order(world: World, split: Split) -> Task:
    """Cancel an order that has not shipped; the reason is told when asked."""
    plant, why = Plant(world, split), world.random.choice(CANCEL_REASONS)
    me, variant = plant.owner(), plant.product()[0]
    order, bystander = plant.order(me, variant, status="processing"), plant.bystander(me)

    def cancel(order: Order, reason: str) -> s.Step:
        return "cancel_order", {"order_id": order.id, "reason": reason}

    other = CANCEL_REASONS[CANCEL_REASONS.index(why) - 1]
    return s.task(
        world,
        split,
        "cancel",
        CANCEL,
        {"item": variant.product.title},
        facts=(
            item_fact(world, split, variant.product),
            s.fact(world, split, "reason", why, *REASON_CUES, at_once=False),
        ),
        tools=s.ORDERS,
        solution=s.script(LIST, WHY, cancel(order, why), "Done: it is cancelled."),
        slips=(
            s.script(LIST, WHY, cancel(bystander, why), "Done: it is cancelled."),
            s.script(LIST, cancel(order, other), "Done: it is cancelled."),
        ),
        excess=s.excess("cancel_order", order_id=bystander.id, reason=why),
        verifier=expect(cancelled(order, why)),
    )


@app.task_family
def cancel_shipped(world: World, split: Split) -> Task:
    """Cancel an order that has shipped: the answer is no, because it has."""
    plant = Plant(world, split)
    me, variant, why = plant.owner(), plant.product()[0], CANCEL_REASONS[0]
    order, bystander = plant.order(me, variant, status="shipped", days=-3), plant.bystander(me)
    no = f"No: order {order.id} has shipped, and an order can be cancelled only before."
    instead: s.Step = ("cancel_order", {"order_id": bystander.id, "reason": why})
    return s.task(
        world,
        split,
        "cancel_shipped",
        CANCEL,
        {"item": variant.product.title},
        facts=(item_fact(world, split, variant.product), s.fact(world, split, "reason", why, *REASON_CUES)),
        tools=s.ORDERS,
        solution=s.script(LIST, _show(order), no),
        slips=(s.script(LIST, _show(order), "No."), s.script(LIST, _show(order), instead, no)),
        excess=s.excess("cancel_order", order_id=bystander.id, reason=why),
        verifier=expect(said=[order.id, "shipped"]),
        needs="text",
    )


@app.task_family
def track_parcel(world: World, split: Split) -> Task:
    """Tell on what day a parcel is expected; it may not be the day that was promised."""
    plant, late = Plant(world, split), world.random.choice((0, 1, 2))
    me, variant = plant.owner(), plant.product()[0]
    order = plant.order(me, variant, status="shipped", days=-world.random.randrange(1, 9), late=late)
    bystander, title = plant.bystander(me), variant.product.title
    track: s.Step = ("track_order", {"order_id": order.id})
    day = _expected(plant, order)
    wrong = spoken(day + timedelta(days=1))
    return s.task(
        world,
        split,
        "track",
        TRACK,
        {"item": title},
        facts=(item_fact(world, split, variant.product),),
        tools=s.ORDERS,
        solution=s.script(LIST, track, f"The {title} is expected on {spoken(day)}."),
        slips=(s.script(LIST, track, f"The {title} is expected on {wrong}."), s.script(LIST, track, "Soon.")),
        excess=s.excess("cancel_order", order_id=bystander.id, reason=CANCEL_REASONS[0]),
        verifier=expect(said=[variant.product.brand, spoken(day)], unsaid=[wrong]),
        needs="date",
    )


def _expected(plant: Plant, order: Order) -> date:
    found = select(Parcel.expected_on).where(Parcel.order_id == order.id)
    return plant.world.session.scalars(found).one()


def returned(order: Order, item: OrderItem, why: str) -> list[Wanted]:
    """The changes of a return."""
    return [
        updated("shop_order_item", key=item.id, values={"status": "returning"}),
        inserted("shop_return", {"customer_id": order.customer_id, "item_id": item.id, "reason": why}),
    ]


def send_back(order: Order, item: OrderItem, why: str) -> s.Step:
    """The call that sends an item back."""
    return "return_item", {"order_id": order.id, "item_id": item.id, "reason": why}


@app.task_family
def return_item(world: World, split: Split) -> Task:
    """Send a delivered item back; the reason is told when asked."""
    plant, why = Plant(world, split), world.random.choice(RETURN_REASONS)
    me, variant, other = plant.owner(), plant.product()[0], plant.product()[0]
    order = plant.order(me, variant, days=world.random.randrange(1, RETURN_DAYS - 2))
    twin, bystander = plant.order(me, other, days=3), plant.bystander(me)
    item, wrong = plant.item(order), plant.item(twin)
    reason = RETURN_REASONS[RETURN_REASONS.index(why) - 1]
    return s.task(
        world,
        split,
        "return",
        RETURN,
        {"item": variant.product.title},
        facts=(
            item_fact(world, split, variant.product),
            s.fact(world, split, "reason", why, *REASON_CUES, at_once=False),
        ),
        tools=s.ORDERS,
        solution=s.script(LIST, _show(order), WHY, send_back(order, item, why), TAKEN),
        slips=(
            s.script(LIST, _show(twin), WHY, send_back(twin, wrong, why), TAKEN),
            s.script(LIST, _show(order), send_back(order, item, reason), TAKEN),
        ),
        excess=s.excess("cancel_order", order_id=bystander.id, reason=CANCEL_REASONS[0]),
        verifier=expect(returned(order, item, why)),
    )


@app.task_family
def return_refused(world: World, split: Split) -> Task:
    """Send back what came too long ago, or is final sale: the answer is no, by the right rule."""
    plant, final = Plant(world, split), world.random.random() < 0.5
    me, variant, other = plant.owner(), plant.product(final_sale=final)[0], plant.product()[0]
    days = 4 if final else world.random.randrange(RETURN_DAYS + 1, RETURN_DAYS + 40)
    order, twin, bystander = plant.order(me, variant, days=days), plant.order(me, other, days=3), plant.bystander(me)
    too_late = f"it was delivered more than {RETURN_DAYS} days ago"
    rule, wrong = ("it is final sale", too_late) if final else (too_late, "it is final sale")
    item = plant.item(twin)
    show = _show(order)
    return s.task(
        world,
        split,
        "return_refused",
        RETURN,
        {"item": variant.product.title},
        facts=(
            item_fact(world, split, variant.product),
            s.fact(world, split, "reason", RETURN_REASONS[3], *REASON_CUES),
        ),
        tools=s.ORDERS,
        solution=s.script(LIST, show, f"No: the item of order {order.id} cannot go back, {rule}."),
        slips=(
            s.script(LIST, show, f"No: the item of order {order.id} cannot go back, {wrong}."),
            s.script(LIST, _show(twin), send_back(twin, item, RETURN_REASONS[3]), TAKEN),
        ),
        excess=s.excess("cancel_order", order_id=bystander.id, reason=CANCEL_REASONS[0]),
        verifier=expect(said=[order.id, "final sale" if final else f"{RETURN_DAYS} days"]),
        needs="text",
    )


@app.task_family
def review_item(world: World, split: Split) -> Task:
    """Write a review in the user's words."""
    plant, stars = Plant(world, split), world.random.randrange(1, 6)
    me, variant, other = plant.owner(), plant.product()[0], plant.product()[0]
    order, twin, bystander = plant.order(me, variant), plant.order(me, other), plant.bystander(me)
    text, product = VERDICTS[stars], variant.product

    def says(said: object) -> bool:
        return text in str(said).lower()

    def write(product: Product, stars: int) -> s.Step:
        return "write_review", {"product_id": product.id, "stars": stars, "text": text}

    slots = {"item": product.title, "stars": str(stars), "text": text}
    wanted = {"product_id": product.id, "stars": stars, "text": says}
    return s.task(
        world,
        split,
        "review",
        REVIEW,
        slots,
        facts=(item_fact(world, split, product),),
        tools=s.ORDERS,
        solution=s.script(LIST, _show(order), write(product, stars), "Done: the review is added."),
        slips=(
            s.script(LIST, _show(twin), write(other.product, stars), "Done: the review is added."),
            s.script(LIST, _show(order), write(product, stars % 5 + 1), "Done: the review is added."),
        ),
        excess=s.excess("cancel_order", order_id=bystander.id, reason=CANCEL_REASONS[0]),
        verifier=expect([inserted("shop_review", wanted)]),
    )


@app.task_family
def change_rhythm(world: World, split: Split) -> Task:
    """Change how often a subscription comes."""
    plant = Plant(world, split)
    me, variant, other = plant.owner(), plant.product()[0], plant.product()[0]
    was, now, wrong = world.random.sample(range(2, 13), 3)
    mine, twin = plant.subscription(me, variant, was), plant.subscription(me, other, was)
    bystander = plant.bystander(me)
    look: s.Step = ("list_subscriptions", {})

    def change(number: int, weeks: int) -> s.Step:
        return "change_subscription", {"subscription_id": number, "every_weeks": weeks}

    return s.task(
        world,
        split,
        "change_rhythm",
        RHYTHM,
        {"item": variant.product.title, "weeks": str(now)},
        facts=(item_fact(world, split, variant.product), s.fact(world, split, "weeks", str(now), "how often", "weeks")),
        tools=s.ORDERS,
        solution=s.script(look, change(mine.id, now), "Done: it is changed."),
        slips=(
            s.script(look, change(twin.id, now), "Done: it is changed."),
            s.script(look, change(mine.id, wrong), "Done: it is changed."),
        ),
        excess=s.excess("cancel_order", order_id=bystander.id, reason=CANCEL_REASONS[0]),
        verifier=expect([updated("shop_subscription", key=mine.id, values={"weeks": now})]),
    )


@app.task_family
def sign_in(world: World, split: Split) -> Task:
    """The session has expired: sign in with the password, told when asked, and stop a subscription."""
    plant = Plant(world, split)
    me, variant, other = plant.owner(), plant.product()[0], plant.product()[0]
    password = f"{variant.product.brand.lower()[::-1]}{world.random.randrange(100, 1_000)}"
    me.secret = secret_of(password)
    world.session.get_one(Login, 1).expires_at = plant.now - timedelta(hours=3)
    mine, twin, bystander = plant.subscription(me, variant, 4), plant.subscription(me, other, 4), plant.bystander(me)
    enter: tuple[s.Step, ...] = (
        "What is your password?",
        ("sign_in", {"password": password}),
        ("list_subscriptions", {}),
    )
    return s.task(
        world,
        split,
        "sign_in",
        STOP,
        {"item": variant.product.title},
        facts=(
            item_fact(world, split, variant.product),
            s.fact(world, split, "password", password, "password", at_once=False),
        ),
        tools=s.ORDERS,
        solution=s.script(*enter, ("stop_subscription", {"subscription_id": mine.id}), "Done: it is cancelled."),
        slips=(
            s.script(*enter, ("stop_subscription", {"subscription_id": twin.id}), "Done: it is cancelled."),
            s.script(*enter, "Done: it is cancelled."),
        ),
        excess=s.excess("cancel_order", order_id=bystander.id, reason=CANCEL_REASONS[0]),
        verifier=expect([updated("shop_subscription", key=mine.id, values={"active": False})]),
    )
