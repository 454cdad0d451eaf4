"""At the service desk: orders that have not shipped are cancelled, sent elsewhere, swapped, paid otherwise."""

from greenroom import Split, Task, World
from greenroom.rewards import expect, inserted, updated
from greenroom_envs.shop.app import app
from greenroom_envs.shop.families.desk import DONE, Case
from greenroom_envs.shop.families.orders import cancelled
from greenroom_envs.shop.families.reasons import CANCELLING
from greenroom_envs.shop.families.script import Step
from greenroom_envs.shop.families.sentences import Request, orders
from greenroom_envs.shop.families.telling import told
from greenroom_envs.shop.models import PaymentMethod, Variant
from greenroom_envs.shop.policy import CANCEL_REASONS
from greenroom_envs.shop.pricing import Line, quote

CANCEL = orders("cancel my order {order}", "call off my order {order}")
MOVE = Request(
    orders=("send my order {order} to {address}", "change the address of my order {order} to {address}"),
    statements=("my order {order} must go to {address}",),
)
SWAP = Request(
    orders=("change the {item} of my order {order} to {options}",),
    statements=("I want the {item} of order {order} in {options} instead",),
)
OTHERWISE = Request(
    orders=("take the money for order {order} from my {card} instead",),
    statements=("I want order {order} to be paid by my {card}",),
)
STOP = orders("stop order {order}", "cancel order {order} before it comes")


@app.task_family
def desk_cancel(world: World, split: Split) -> Task:
    """Cancel a customer's order that has not shipped."""
    case = Case(world, split, status="processing")
    (why, said), done = case.why(CANCELLING), "Done: it is cancelled."
    other = CANCEL_REASONS[CANCEL_REASONS.index(why) - 1]
    wrong = {"customer_id": case.customer.id, "order_id": case.bystander.id, "reason": why}
    return case.case(
        "desk_cancel",
        CANCEL,
        {"reason": said},
        solution=(case.act("cancel_customer_order", reason=why), done),
        slips=((case.act("cancel_customer_order", reason=other), done), (("cancel_customer_order", wrong), done)),
        verifier=expect(cancelled(case.order, why)),
    )


@app.task_family
def desk_too_late_to_cancel(world: World, split: Split) -> Task:
    """Be asked to cancel what has shipped: the answer is no, because it has."""
    case = Case(world, split, status="shipped", days=-2)
    why, said = case.why(CANCELLING)
    no = f"No: order {case.order.id} has shipped; an order is cancelled only before."
    instead = {"customer_id": case.customer.id, "order_id": case.bystander.id, "reason": why}
    return case.case(
        "desk_too_late_to_cancel",
        STOP,
        {"reason": said},
        solution=(no,),
        slips=((("cancel_customer_order", instead), no), ("No.",)),
        verifier=told(said=[case.order.id, ("shipped", "on its way", "been sent")]),
        needs="text",
    )


@app.task_family
def desk_address(world: World, split: Split) -> Task:
    """Send an order that has not shipped somewhere else."""
    case = Case(world, split, status="processing")
    place = case.plant.place()
    change = case.act("change_order_address", **place)
    half = case.act("change_order_address", **{**place, "postcode": case.order.postcode})
    where = f"{place['street']}, {place['city']} {place['postcode']}"
    return case.case(
        "desk_address",
        MOVE,
        {"address": where},
        solution=(change, DONE),
        slips=((half, DONE), (DONE,)),
        verifier=expect(
            [updated("shop_order", key=case.order.id, values={**place, "version": case.order.version + 1})]
        ),
    )


@app.task_family
def desk_swap(world: World, split: Split) -> Task:
    """Swap an item before it ships; the difference in price is charged."""
    case = Case(world, split, status="processing")
    order, new, wrong = case.order, case.variants[2], case.variants[1]
    plus = case.customer.tier == "plus"
    before, after = (quote([Line(v.price, 1)], plus=plus) for v in (case.variants[0], new))
    # Delivery stays what it was; tax follows the goods.
    difference = after.goods + after.tax - before.goods - before.tax

    def swap(variant: Variant) -> Step:
        return case.about_item("change_order_item", sku=variant.sku)

    amounts = {"goods": after.goods, "tax": after.tax, "total": order.total + difference, "version": order.version + 1}
    amounts = {column: value for column, value in amounts.items() if value != getattr(order, column)}
    wanted = [
        updated("shop_order", key=order.id, values=amounts),
        updated("shop_order_item", key=case.item_line.id, values={"variant_id": new.id, "price": new.price}),
        updated("shop_variant", key=new.id, values={"stock": new.stock - 1}),
        updated("shop_variant", key=case.variants[0].id, values={"stock": case.variants[0].stock + 1}),
        inserted("shop_payment", {"order_id": order.id, "method_id": order.method_id, "amount": difference}),
    ]
    see: Step = ("show_product", {"product_id": new.product_id})
    return case.case(
        "desk_swap",
        SWAP,
        {"item": case.title, "options": new.options},
        facts=(case.item(case.variants[0].product),),
        solution=(see, swap(new), DONE),
        slips=((see, swap(wrong), DONE), (see, DONE)),
        verifier=expect(wanted),
    )


@app.task_family
def desk_payment(world: World, split: Split) -> Task:
    """Have an order that has not shipped paid by another card: charged anew, the first one refunded."""
    case = Case(world, split, status="processing")
    order, new, other = case.order, case.plant.second_card(case.customer), case.plant.second_card(case.customer)
    see: Step = ("show_customer", {"customer_id": case.customer.id})

    def pay(method: PaymentMethod) -> Step:
        return case.act("change_order_payment", method_id=method.id)

    wanted = [
        updated("shop_order", key=order.id, values={"method_id": new.id, "version": order.version + 1}),
        inserted("shop_refund", {"order_id": order.id, "method_id": case.customer.id, "amount": order.total}),
        inserted("shop_payment", {"order_id": order.id, "method_id": new.id, "amount": order.total}),
    ]
    return case.case(
        "desk_payment",
        OTHERWISE,
        {"card": new.label},
        facts=(case.fact("card", new.label, "card", "payment", "method"),),
        solution=(see, pay(new), DONE),
        slips=((see, pay(other), DONE), (see, DONE)),
        verifier=expect(wanted),
    )
