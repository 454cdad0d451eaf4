"""At the service desk: exchanges, returns, refunds for what came damaged or never came."""

from greenroom import Split, Task, World
from greenroom.rewards import Wanted, expect, inserted, updated
from greenroom_envs.shop.app import app
from greenroom_envs.shop.families.desk import DONE, Case
from greenroom_envs.shop.families.reasons import RETURNING as REASONS
from greenroom_envs.shop.families.returning import FINAL, TAKEN, TOO_LATE, returned
from greenroom_envs.shop.families.script import Step
from greenroom_envs.shop.families.sentences import Request
from greenroom_envs.shop.families.shares import share_of
from greenroom_envs.shop.families.telling import told
from greenroom_envs.shop.models import Variant
from greenroom_envs.shop.policy import LATE_DAYS, RETURN_DAYS, RETURN_REASONS
from greenroom_envs.shop.pricing import paid_for

EXCHANGE = Request(
    orders=("exchange the {item} of my order {order} for {options}",),
    statements=("I want the {item} of order {order} exchanged for {options}",),
)
RETURN = Request(
    orders=("open a return for the {item} of order {order}", "take back the {item} of my order {order}"),
    statements=("I want to send the {item} of order {order} back",),
)
DAMAGED = Request(
    orders=("refund me the {item} of order {order} without a return, as it came damaged",),
    statements=(
        "the {item} of order {order} came damaged, and I want a refund without sending anything back",
        "I got the {item} of order {order} damaged: refund me, it is not worth a parcel",
    ),
)
LOST = Request(
    orders=("refund me the {item} of order {order}, which never arrived",),
    statements=(
        "the {item} of order {order} never arrived, so refund me",
        "I still do not have the {item} of {order}, so refund me",
    ),
)
ELSEWHERE = Request(
    orders=("refund me the {item} of order {order}, which came damaged, to my {card} and only to that",),
    statements=(
        "I want a refund for the damaged {item} of order {order}, but to my {card}, not to the card that I paid with",
    ),
)
REFUNDED = "Done: the refund is made."


def days_ago(world: World, split: Split) -> int:
    """How long ago something was delivered that can still be returned."""
    return world.random.choice(share_of(range(1, RETURN_DAYS - 2), split))


def refunded(case: Case) -> list[Wanted]:
    """The changes of a refund without a return."""
    order, item = case.order, case.item_line
    amount = paid_for(item.price, item.quantity, order.goods, order.discount)
    return [
        updated("shop_order_item", key=item.id, values={"status": "refunded"}),
        inserted("shop_refund", {"order_id": order.id, "method_id": order.method_id, "amount": amount}),
    ]


@app.task_family
def desk_exchange(world: World, split: Split) -> Task:
    """Exchange a delivered item for another variant."""
    case = Case(world, split, days=days_ago(world, split), same_price=True, worn=True)
    new, wrong = case.variants[1:3]
    why, said = case.why(REASONS, case.variants[0], but=("no longer needed", "damaged"))

    def exchange(variant: Variant) -> Step:
        return case.about_item("exchange_item", sku=variant.sku, reason=why)

    see: Step = ("show_product", {"product_id": new.product_id})
    wanted = [
        updated("shop_order_item", key=case.item_line.id, values={"status": "exchanged"}),
        inserted("shop_order_item", {"order_id": case.order.id, "variant_id": new.id, "quantity": 1}),
        inserted("shop_return", {"item_id": case.item_line.id, "status": "exchanged", "reason": why}),
        updated("shop_variant", key=new.id, values={"stock": new.stock - 1}),
    ]
    return case.case(
        "desk_exchange",
        EXCHANGE,
        {"item": case.title, "options": new.options, "reason": said},
        facts=(case.item(case.variants[0].product),),
        solution=(see, exchange(new), DONE),
        slips=((see, exchange(wrong), DONE), (see, case.about_item("return_for_customer", reason=why), DONE)),
        verifier=expect(wanted),
    )


@app.task_family
def desk_return(world: World, split: Split) -> Task:
    """Open a return for a customer."""
    case = Case(world, split, days=days_ago(world, split))
    why, said = case.why(REASONS, case.variants[0])
    other = RETURN_REASONS[RETURN_REASONS.index(why) - 1]
    return case.case(
        "desk_return",
        RETURN,
        {"item": case.title, "reason": said},
        facts=(case.item(case.variants[0].product),),
        solution=(case.about_item("return_for_customer", reason=why), TAKEN),
        slips=((case.about_item("return_for_customer", reason=other), TAKEN), (TAKEN,)),
        verifier=expect(returned(case.order, case.item_line, why)),
    )


@app.task_family
def desk_return_refused(world: World, split: Split) -> Task:
    """Be asked to take back what came too long ago, or is final sale: the answer is no, by the right rule."""
    final = world.random.random() < 0.5
    days = 4 if final else RETURN_DAYS + world.random.choice(share_of(range(1, 40), split))
    case = Case(world, split, days=days, final_sale=final)
    rule, wrong = (FINAL, TOO_LATE) if final else (TOO_LATE, FINAL)
    # What came damaged would be refunded, final sale or not.
    said = case.why(REASONS, case.variants[0], but=("damaged",))[1]
    escalated: Step = ("escalate", {"customer_id": case.customer.id, "summary": f"return of {case.order.id}"})
    no = f"No: the item of order {case.order.id} cannot go back, {rule}."
    return case.case(
        "desk_return_refused",
        RETURN,
        {"item": case.title, "reason": said},
        facts=(case.item(case.variants[0].product),),
        solution=(no,),
        slips=((f"No: the item of order {case.order.id} cannot go back, {wrong}.",), (escalated, no)),
        verifier=told(
            said=[case.order.id, ("final sale", "final-sale") if final else (f"{RETURN_DAYS} days", "30-day")]
        ),
        needs="text",
    )


@app.task_family
def desk_damaged(world: World, split: Split) -> Task:
    """Refund an item that came damaged; final sale does not matter then."""
    case = Case(world, split, days=days_ago(world, split), final_sale=world.random.random() < 0.3)
    refund = case.about_item("refund_item", problem="damaged")
    return case.case(
        "desk_damaged",
        DAMAGED,
        {"item": case.title},
        facts=(case.item(case.variants[0].product),),
        solution=(refund, REFUNDED),
        slips=((("list_refunds", {"customer_id": case.customer.id, "order_id": case.order.id}), REFUNDED), (REFUNDED,)),
        verifier=expect(refunded(case)),
    )


@app.task_family
def desk_lost(world: World, split: Split) -> Task:
    """Refund what is late enough to count as lost."""
    case = Case(
        world, split, status="shipped", days=-2, late=world.random.choice(share_of(range(LATE_DAYS, 12), split))
    )
    refund = case.about_item("refund_item", problem="never arrived")
    credit = case.act("give_credit", amount_cents=500)
    return case.case(
        "desk_lost",
        LOST,
        {"item": case.title},
        facts=(case.item(case.variants[0].product),),
        solution=(refund, REFUNDED),
        slips=((credit, REFUNDED), (REFUNDED,)),
        verifier=expect(refunded(case)),
    )


@app.task_family
def desk_not_lost(world: World, split: Split) -> Task:
    """Be asked to refund what is hardly late: the answer is no, not before so many days."""
    case = Case(world, split, status="shipped", days=-2, late=world.random.randrange(0, LATE_DAYS))
    no = f"No refund for order {case.order.id} yet: it must be at least {LATE_DAYS} days late."
    escalated: Step = ("escalate", {"customer_id": case.customer.id, "summary": f"order {case.order.id} is late"})
    return case.case(
        "desk_not_lost",
        LOST,
        {"item": case.title},
        facts=(case.item(case.variants[0].product),),
        solution=(no,),
        slips=((escalated, no), ("No.",)),
        verifier=told(said=[case.order.id, (f"{LATE_DAYS} days", "three days")]),
        needs="text",
    )


@app.task_family
def desk_refund_elsewhere(world: World, split: Split) -> Task:
    """Be asked to refund to another card: the answer is no, only to the original method."""
    case = Case(world, split, days=days_ago(world, split))
    card = case.plant.second_card(case.customer)
    no = f"No: for order {case.order.id} a refund can go to the original payment method only."
    refund = case.about_item("refund_item", problem="damaged")
    return case.case(
        "desk_refund_elsewhere",
        ELSEWHERE,
        {"item": case.title, "card": card.label},
        facts=(case.item(case.variants[0].product), case.fact("card", card.label, "card", "method")),
        solution=(no,),
        slips=((refund, REFUNDED), ("No.",)),
        verifier=told(said=[case.order.id, ("original payment", "original method", "original card")]),
        needs="text",
    )
