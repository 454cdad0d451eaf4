"""Over two apps: the receipt lies in the mailbox, the item goes back to the shop."""

from greenroom import Split, Task, World
from greenroom.rewards import expect, inserted, updated
from greenroom_envs.shop.app import app
from greenroom_envs.shop.families.reasons import RETURNING
from greenroom_envs.shop.families.returning import TAKEN, send_back
from greenroom_envs.shop.families.script import ORDERS, Errand, Step
from greenroom_envs.shop.families.sentences import Request
from greenroom_envs.shop.families.telling import money, told
from greenroom_envs.shop.ledger import Order
from greenroom_envs.shop.models import Variant
from greenroom_envs.shop.orders import send_receipt
from greenroom_envs.shop.pricing import dollars

FIND = Request(
    orders=("find the receipt of the {item} in my mail, claim that guest order for my account and return the {item}",),
    statements=(
        "I bought the {item} as a guest and want to return it, the receipt with the claim code is in my mail",
        "the receipt of the {item} is in my mail: claim that guest order for my account and send the {item} back",
    ),
)
PAID = Request(
    orders=("look in my mail for the receipt of the {item} and tell me what I paid in all",),
    questions=(
        "what did I pay in all for the {item} that I bought as a guest",
        "what was the total of my guest order of the {item}",
    ),
)
PAID_VAGUE = Request(
    orders=("look in my mail for the receipt of a guest order and tell me what I paid in all",),
    questions=(
        "what did I pay in all for something that I bought as a guest",
        "what was the total of one of my guest orders",
    ),
)
TOOLS = ("mail_search", "mail_read", "mail_list_folder", *ORDERS[:10], "shop_sign_in", "shop_show_account")


def _guest_order(errand: Errand, *, alike: bool) -> tuple[Order, Order, Variant]:
    """A guest's order with its receipt in the mail, another such, and what was bought."""
    plant, me = errand.plant, errand.me
    variant = plant.product()[0]
    other = plant.product(like=variant if alike else None)[0]
    orders = [
        plant.order(None, bought, code=plant.claim_code(), days=errand.one_of(range(2, 20)))
        for bought in (variant, other)
    ]
    for order, bought in zip(orders, (variant, other), strict=True):
        send_receipt(errand.world, order, me, [f"1 x {bought.product.title}"], code=order.claim_code)
    return orders[0], orders[1], variant


@app.task_family(needs=("mail",))
def receipt_return(world: World, split: Split) -> Task:
    """Find a guest order's number and claim code in the mailed receipt, claim the order, return the item."""
    errand = Errand(world, split)
    plant, me = errand.plant, errand.me
    order, twin, variant = _guest_order(errand, alike=errand.alike)
    title, (why, said) = variant.product.title, errand.why(RETURNING, variant)
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
        FIND.plain if errand.hidden else FIND.reasoned,
        {"item": title, "reason": said},
        facts=(errand.item(variant.product), errand.reason(said)),
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
    """Tell what a guest's order cost in all, which only the mailed receipt says; which, is told when asked."""
    errand = Errand(world, split)
    order, twin, variant = _guest_order(errand, alike=errand.alike)
    title, ask = variant.product.title, errand.ask("Which item was that?")
    look: Step = ("mail.search", {"query": title})
    brand = title.split()[0]
    return errand.task(
        "receipt_total",
        (PAID_VAGUE if errand.hidden else PAID).plain,
        {"item": title},
        facts=(errand.item(variant.product, hidden=errand.hidden),),
        tools=TOOLS,
        solution=(*ask, look, f"For the {title} you paid {dollars(order.total)} in all."),
        slips=(
            (*ask, look, f"For the {title} you paid {dollars(order.total + 100)} in all."),
            (*ask, look, "Done."),
        ),
        verifier=told(
            said=[brand, money(order.total)], unsaid=[money(twin.total)] if twin.total != order.total else []
        ),
        needs="number",
    )
