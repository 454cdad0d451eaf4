"""Over two apps: the receipt lies in the mailbox, the item goes back to the shop."""

from greenroom import Split, Task, World
from greenroom.rewards import expect, inserted, updated
from greenroom_envs.shop.app import app
from greenroom_envs.shop.families import script as s
from greenroom_envs.shop.families.orders import REASON_CUES, TAKEN, WHY, item_fact, send_back
from greenroom_envs.shop.families.planting import Plant
from greenroom_envs.shop.orders import send_receipt
from greenroom_envs.shop.policy import CANCEL_REASONS, RETURN_REASONS

FIND = s.asking(
    "I bought the {item} as a guest: find the receipt in my mail, claim the order and return it",
    "the receipt of the {item} is in my mail: claim that guest order for my account and send it back",
)
TOOLS = ("mail_search", "mail_read", "mail_list_folder", *s.ORDERS[:12], "shop_sign_in", "shop_show_account")


@app.task_family(needs=("mail",))
def receipt_return(world: World, split: Split) -> Task:
    """Find a guest order's number and claim code in the mailed receipt, claim the order, return the item."""
    plant, why = Plant(world, split), world.random.choice(RETURN_REASONS)
    me, variant, other = plant.owner(), plant.product()[0], plant.product()[0]
    code, second = (f"C{world.random.randrange(10**7, 10**8)}" for _ in range(2))
    order, twin = plant.order(None, variant, code=code), plant.order(None, other, code=second)
    item, wrong, bystander = plant.item(order), plant.item(twin), plant.bystander(me)
    for bought, title in ((order, variant.product.title), (twin, other.product.title)):
        send_receipt(world, bought, me, [title], code=bought.claim_code)
    look: s.Step = ("mail.search", {"query": variant.product.brand})

    def claim(number: str, code: str) -> s.Step:
        return "claim_order", {"order_id": number, "code": code}

    wanted = [
        updated("shop_order", key=order.id, values={"customer_id": me.id, "version": order.version + 1}),
        updated("shop_order_item", key=item.id, values={"status": "returning"}),
        inserted("shop_return", {"customer_id": me.id, "item_id": item.id, "reason": why}),
    ]
    return s.task(
        world,
        split,
        "receipt_return",
        FIND,
        {"item": variant.product.title},
        facts=(
            item_fact(world, split, variant.product),
            s.fact(world, split, "reason", why, *REASON_CUES, at_once=False),
        ),
        tools=TOOLS,
        solution=s.script(look, WHY, claim(order.id, code), send_back(order, item, why), TAKEN),
        slips=(
            s.script(look, WHY, claim(twin.id, second), send_back(twin, wrong, why), TAKEN),
            s.script(look, WHY, claim(order.id, code), TAKEN),
        ),
        excess=s.excess("cancel_order", order_id=bystander.id, reason=CANCEL_REASONS[0]),
        verifier=expect(wanted),
    )
