"""Sending things back, calling that off, and what the rules on returns forbid."""

from greenroom import Split, Task, World
from greenroom.rewards import Wanted, expect, inserted, updated
from greenroom_envs.shop.app import app
from greenroom_envs.shop.families.orders import LIST, show
from greenroom_envs.shop.families.script import Errand, Step, asking, because
from greenroom_envs.shop.families.telling import told
from greenroom_envs.shop.ledger import Order, OrderItem, Return
from greenroom_envs.shop.policy import RETURN_DAYS, RETURN_REASONS

RETURNING = ("return the {item}", "send the {item} back", "I want to give the {item} back")
RETURN, RETURN_WHY = asking(*RETURNING), because(*RETURNING)
KEEP = asking("I keep the {item} after all: call its return off", "cancel my return of the {item}, I want to keep it")
TAKEN = "Done: the return is made, the label is ready."
TOO_LATE = f"it was delivered more than {RETURN_DAYS} days ago"
FINAL = "it is final sale"


def returned(order: Order, item: OrderItem, why: str) -> list[Wanted]:
    """The changes of a return."""
    return [
        updated("shop_order_item", key=item.id, values={"status": "returning"}),
        inserted("shop_return", {"customer_id": order.customer_id, "item_id": item.id, "reason": why}),
    ]


def send_back(order: Order, item: OrderItem, why: str) -> Step:
    """The call that sends an item back."""
    return "return_item", {"order_id": order.id, "item_id": item.id, "reason": why}


@app.task_family
def return_item(world: World, split: Split) -> Task:
    """Send a delivered item back; the reason is told when asked from level 2 on."""
    errand = Errand(world, split)
    plant, me, why = errand.plant, errand.me, errand.rng.choice(RETURN_REASONS)
    variant = plant.product()[0]
    order = plant.order(me, variant, days=errand.rng.randrange(1, RETURN_DAYS - 2))
    twin = plant.order(me, plant.product(like=variant if errand.alike else None)[0], days=3)
    item, wrong, ask = plant.item(order), plant.item(twin), errand.ask_why()
    reason = RETURN_REASONS[RETURN_REASONS.index(why) - 1]
    return errand.task(
        "return",
        RETURN if errand.hidden else RETURN_WHY,
        {"item": variant.product.title, "reason": why},
        facts=(errand.item(variant.product), errand.reason(why)),
        solution=(LIST, show(order), *ask, send_back(order, item, why), TAKEN),
        slips=(
            (LIST, show(twin), *ask, send_back(twin, wrong, why), TAKEN),
            (LIST, show(order), send_back(order, item, reason), TAKEN),
        ),
        verifier=expect(returned(order, item, why)),
    )


@app.task_family
def return_refused(world: World, split: Split) -> Task:
    """Send back what came too long ago, or is final sale: the answer is no, by the right rule."""
    errand = Errand(world, split)
    plant, me, final = errand.plant, errand.me, errand.rng.random() < 0.5
    variant, why = plant.product(final_sale=final)[0], RETURN_REASONS[3]
    days = 4 if final else errand.rng.randrange(RETURN_DAYS + 1, RETURN_DAYS + 40)
    order = plant.order(me, variant, days=days)
    twin = plant.order(me, plant.product(like=variant if errand.alike else None)[0], days=3)
    rule, wrong = (FINAL, TOO_LATE) if final else (TOO_LATE, FINAL)
    item = plant.item(twin)
    return errand.task(
        "return_refused",
        RETURN if errand.hidden else RETURN_WHY,
        {"item": variant.product.title, "reason": why},
        facts=(errand.item(variant.product), errand.reason(why)),
        solution=(LIST, show(order), f"No: the item of order {order.id} cannot go back, {rule}."),
        slips=(
            (LIST, show(order), f"No: the item of order {order.id} cannot go back, {wrong}."),
            (LIST, show(twin), send_back(twin, item, why), TAKEN),
        ),
        verifier=told(said=[order.id, ("final sale", "final-sale") if final else (f"{RETURN_DAYS} days", "30-day")]),
        needs="text",
    )


@app.task_family
def keep_item(world: World, split: Split) -> Task:
    """Call a return off that is on its way."""
    errand = Errand(world, split)
    plant, me, variant = errand.plant, errand.me, errand.plant.product()[0]
    order = plant.order(me, variant, days=4)
    twin = plant.order(me, plant.product(like=variant if errand.alike else None)[0], days=5)
    item, other = plant.item(order), plant.item(twin)
    back, wrong = plant.opened_return(order, item), plant.opened_return(twin, other)
    look: Step = ("list_returns", {})
    done = "Done: it is cancelled."

    def call_off(back: Return) -> Step:
        return "cancel_return", {"return_id": back.id}

    wanted = [
        updated("shop_return", key=back.id, values={"status": "cancelled"}),
        updated("shop_order_item", key=item.id, values={"status": "ordered"}),
    ]
    return errand.task(
        "keep_item",
        KEEP,
        {"item": variant.product.title},
        facts=(errand.item(variant.product),),
        solution=(LIST, show(order), look, call_off(back), done),
        slips=((LIST, show(order), look, call_off(wrong), done), (LIST, show(order), look, done)),
        verifier=expect(wanted),
    )
