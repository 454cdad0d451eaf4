"""Sending things back, calling that off, and what the rules on returns forbid."""

from greenroom import Split, Task, World
from greenroom.rewards import Wanted, expect, inserted, updated
from greenroom_envs.shop.app import app
from greenroom_envs.shop.families.orders import LIST, show
from greenroom_envs.shop.families.reasons import RETURNING
from greenroom_envs.shop.families.script import Errand, Step
from greenroom_envs.shop.families.sentences import Request
from greenroom_envs.shop.families.telling import told
from greenroom_envs.shop.ledger import Order, OrderItem, Return
from greenroom_envs.shop.policy import RETURN_DAYS, RETURN_REASONS

RETURN = Request(
    orders=("return the {item}", "send the {item} back for me"), statements=("I want to give the {item} back",)
)
KEEP = Request(
    orders=("call off the return of the {item}", "cancel my return of the {item}"),
    statements=("I am keeping the {item} after all, so call off the return",),
)
KEEP_VAGUE = Request(
    orders=("call off one of my returns", "cancel one of the returns that are under way"),
    statements=("I am keeping one of the things that I wanted to return",),
)
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
    plant, me = errand.plant, errand.me
    variant = plant.product()[0]
    why, said = errand.why(RETURNING, variant)
    order = plant.order(me, variant, days=errand.one_of(range(1, RETURN_DAYS - 2)))
    twin = plant.order(me, plant.product(like=variant if errand.alike else None)[0], days=3)
    item, wrong, ask = plant.item(order), plant.item(twin), errand.ask_why()
    reason = RETURN_REASONS[RETURN_REASONS.index(why) - 1]
    return errand.task(
        "return",
        RETURN.plain if errand.hidden else RETURN.reasoned,
        {"item": variant.product.title, "reason": said},
        facts=(errand.item(variant.product), errand.reason(said)),
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
    variant = plant.product(final_sale=final)[0]
    # What came damaged would be a case for the service desk, final sale or not.
    why, said = errand.why(RETURNING, variant, but=("damaged",))
    days = 4 if final else errand.one_of(range(RETURN_DAYS + 1, RETURN_DAYS + 40))
    order = plant.order(me, variant, days=days)
    twin = plant.order(me, plant.product(like=variant if errand.alike else None)[0], days=3)
    rule, wrong = (FINAL, TOO_LATE) if final else (TOO_LATE, FINAL)
    item = plant.item(twin)
    return errand.task(
        "return_refused",
        RETURN.plain if errand.hidden else RETURN.reasoned,
        {"item": variant.product.title, "reason": said},
        facts=(errand.item(variant.product), errand.reason(said)),
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
    """Call a return off that is on its way; which, is told when asked from level 2 on."""
    errand = Errand(world, split)
    plant, me, variant = errand.plant, errand.me, errand.plant.product()[0]
    order = plant.order(me, variant, days=4)
    twin = plant.order(me, plant.product(like=variant if errand.alike else None)[0], days=5)
    item, other = plant.item(order), plant.item(twin)
    back, wrong = plant.opened_return(order, item), plant.opened_return(twin, other)
    look: Step = ("list_returns", {})
    done, ask = "Done: it is cancelled.", errand.ask("Which item are you keeping?")

    def call_off(back: Return) -> Step:
        return "cancel_return", {"return_id": back.id}

    wanted = [
        updated("shop_return", key=back.id, values={"status": "cancelled"}),
        updated("shop_order_item", key=item.id, values={"status": "ordered"}),
    ]
    return errand.task(
        "keep_item",
        (KEEP_VAGUE if errand.hidden else KEEP).plain,
        {"item": variant.product.title},
        facts=(errand.item(variant.product, hidden=errand.hidden),),
        solution=(*ask, LIST, show(order), look, call_off(back), done),
        slips=((*ask, LIST, show(order), look, call_off(wrong), done), (*ask, LIST, show(order), look, done)),
        verifier=expect(wanted),
    )
