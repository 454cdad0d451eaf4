"""Over two apps: the receipt lies in the mailbox, the item goes back to the shop."""

from greenroom import Split, Task, World
from greenroom.rewards import expect, inserted, updated
from greenroom_envs.shop.app import app
from greenroom_envs.shop.families.returning import TAKEN, send_back
from greenroom_envs.shop.families.script import ORDERS, Errand, Step, asking, because
from greenroom_envs.shop.families.telling import money, told
from greenroom_envs.shop.ledger import Order
from greenroom_envs.shop.orders import send_receipt
from greenroom_envs.shop.policy import RETURN_REASONS
from greenroom_envs.shop.pricing import dollars

FINDING = (
    "I bought the {item} as a guest: find the receipt in my mail, claim the order and return it",
    "the receipt of the {item} is in my mail: claim that guest order for my account and send it back",
)
FIND, FIND_WHY = asking(*FINDING), because(*FINDING)
PAID = asking(
    "I bought the {item} as a guest: look in my mail for the receipt and tell me what I paid in all",
    "what did I pay in all for the {item}? It was a guest order, the receipt is in my mail",
)
TOOLS = ("mail_search", "mail_read", "mail_list_folder", *ORDERS[:10], "shop_sign_in", "shop_show_account")


def _guest_order(errand: Errand, *, alike: bool) -> tuple[Order, Order, str]:
    """A guest's order with its receipt in the mail, another such, and what was bought."""
    plant, me = errand.plant, errand.me
    variant = plant.product()[0]
    other = plant.product(like=variant if alike else None)[0]
    orders = [
        plant.order(None, bought, code=f"C{errand.rng.randrange(10**7, 10**8)}", days=errand.rng.randrange(2, 20))
        for bought in (variant, other)
    ]
    for order, bought in zip(orders, (variant, other), strict=True):
        send_receipt(errand.world, order, me, [f"1 x {bought.product.title}"], code=order.claim_code)
    return orders[0], orders[1], variant.product.title


@app.task_family(needs=("mail",))
def receipt_return(world: World, split: Split) -> Task:
    """Find a guest order's number and claim code in the mailed receipt, claim the order, return the item."""
    errand = Errand(world, split)
    plant, me, why = errand.plant, errand.me, errand.rng.choice(RETURN_REASONS)
    order, twin, title = _guest_order(errand, alike=errand.alike)
    item, wrong, ask = plant.item(order), plant.item(twin), errand.ask_why()
    look: Step = ("mail.search", {"query": title})

    def claim(order: Order) -> Step:
        return "claim_order", {"order_id": order.id, "code": str(order.claim_code)}

    wanted = [
        updated("shop_order", key=order.id, values={"customer_id": me.id, "version": order.version + 1}),
        updated("shop_order_item", key=item.id, values={"status": "returning"}),
        inserted("shop_return", {"customer_id": me.id, "item_id": item.id, "reason": why}),
    ]
    return errand.task(
        "receipt_return",
        FIND if errand.hidden else FIND_WHY,
        {"item": title, "reason": why},
        facts=(errand.fact("item", title, "item", "product", "order"), errand.reason(why)),
        tools=TOOLS,
        solution=(look, *ask, claim(order), send_back(order, item, why), TAKEN),
        slips=(
            (look, *ask, claim(twin), send_back(twin, wrong, why), TAKEN),
            (look, *ask, claim(order), TAKEN),
        ),
        verifier=expect(wanted),
    )


@app.task_family(needs=("mail",))
def receipt_total(world: World, split: Split) -> Task:
    """Tell what a guest's order cost in all; only the mailed receipt says."""
    errand = Errand(world, split)
    order, twin, title = _guest_order(errand, alike=errand.alike)
    look: Step = ("mail.search", {"query": title})
    brand = title.split()[0]
    return errand.task(
        "receipt_total",
        PAID,
        {"item": title},
        facts=(errand.fact("item", title, "item", "product", "order"),),
        tools=TOOLS,
        solution=(look, f"For the {title} you paid {dollars(order.total)} in all."),
        slips=((look, f"For the {title} you paid {dollars(order.total + 100)} in all."), (look, "Done.")),
        verifier=told(
            said=[brand, money(order.total)], unsaid=[money(twin.total)] if twin.total != order.total else []
        ),
        needs="number",
    )
