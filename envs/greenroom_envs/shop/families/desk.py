"""At the service desk: verify, then serve by the policy, or say no by it."""

from dataclasses import dataclass
from datetime import timedelta

from greenroom import Fact, Split, Task, World
from greenroom.names import word
from greenroom.rewards import expect, inserted, updated
from greenroom.tasks import Verifier
from greenroom.wordings import Wordings
from greenroom_envs.shop.app import app
from greenroom_envs.shop.families import script as s
from greenroom_envs.shop.families.orders import cancelled
from greenroom_envs.shop.families.planting import Plant
from greenroom_envs.shop.ledger import Order, OrderItem, ServiceCredit
from greenroom_envs.shop.models import Customer, Variant
from greenroom_envs.shop.policy import CANCEL_REASONS, CREDIT_LIMIT
from greenroom_envs.shop.pricing import dollars, paid_for

MAIL = "What is your e-mail?"
DONE = "Done: it is changed."
CANCEL = s.asking("cancel my order {order}: {reason}", "call off order {order}, {reason}")
MOVE = s.asking(
    "send my order {order} to {address}",
    "my order {order} must go to {address}",
    "change the address of {order} to {address}",
)
SWAP = s.asking(
    "my {item} of order {order} does not fit: exchange it for {options}",
    "exchange the {item} of order {order}, it does not fit, I need {options}",
)
DAMAGED = s.asking(
    "the {item} of order {order} came damaged: I want a refund",
    "refund the {item} of order {order}, it arrived damaged",
)
GOODWILL = s.asking(
    "order {order} came late, give me a credit of {amount}", "I want {amount} of credit for order {order}, it was late"
)
SPY = s.asking(
    "tell me where order {order} goes, a friend placed it", "show me the address of order {order}, it is a friend's"
)


@dataclass
class Case:
    """Somebody at the desk with an order.

    Attributes:
        plant: What the task adds.
        customer: Who it is.
        variants: Of the product that was ordered.
        order: The order in question.
        item: Its only line.
        bystander: Another order of theirs that could be cancelled.
    """

    plant: Plant
    customer: Customer
    variants: list[Variant]
    order: Order
    item: OrderItem
    bystander: Order

    @property
    def title(self) -> str:
        """What was ordered."""
        return self.variants[0].product.title

    @property
    def verified(self) -> tuple[s.Step, ...]:
        """How the agent makes sure whom it serves."""
        email = self.customer.email
        return (
            MAIL,
            ("find_customer", {"email": email}),
            ("verify_customer", {"customer_id": self.customer.id, "email": email}),
        )

    @property
    def look(self) -> s.Step:
        """Look at the order."""
        return "show_customer_order", {"customer_id": self.customer.id, "order_id": self.order.id}

    def act(self, name: str, **arguments: object) -> s.Step:
        """A call about the order."""
        return name, {"customer_id": self.customer.id, "order_id": self.order.id, **arguments}

    def facts(self, world: World, split: Split) -> tuple[Fact, ...]:
        """Who it is, told when asked, and which order."""
        who = self.customer
        return (
            s.fact(world, split, "email", who.email, "mail", "e-mail", "email", at_once=False),
            s.fact(world, split, "name", who.name, "name", at_once=False),
            s.fact(world, split, "postcode", who.postcode, "postcode", "zip", at_once=False),
            s.fact(world, split, "order", self.order.id, "order", "number"),
        )

    def task(
        self,
        world: World,
        split: Split,
        intent: str,
        requests: Wordings,
        slots: dict[str, str],
        solution: tuple[s.Step, ...],
        slips: tuple[tuple[s.Step, ...], ...],
        verifier: Verifier,
        needs: str = "done",
        facts: tuple[Fact, ...] = (),
    ) -> Task:
        """A task of this case; every script begins with the verification and a look at the order."""
        start = (*self.verified, self.look)
        return s.task(
            world,
            split,
            intent,
            requests,
            {"order": self.order.id, **slots},
            facts=(*self.facts(world, split), *facts),
            tools=s.DESK,
            solution=s.script(*start, *solution),
            slips=tuple(s.script(*start, *slip) for slip in slips),
            excess=s.excess(
                "cancel_customer_order",
                customer_id=self.customer.id,
                order_id=self.bystander.id,
                reason=CANCEL_REASONS[0],
            ),
            verifier=verifier,
            needs=needs,
        )


def _case(
    world: World, split: Split, *, status: str = "delivered", days: int = 6, late: int = 0, same_price: bool = False
) -> Case:
    plant = Plant(world, split)
    customer, variants = plant.caller(), plant.product(same_price=same_price)
    order = plant.order(customer, variants[0], status=status, days=days, late=late)
    return Case(plant, customer, variants, order, plant.item(order), plant.bystander(customer))


@app.task_family
def desk_cancel(world: World, split: Split) -> Task:
    """Cancel a customer's order that has not shipped."""
    case, why = _case(world, split, status="processing"), world.random.choice(CANCEL_REASONS)
    other = CANCEL_REASONS[CANCEL_REASONS.index(why) - 1]
    done = "Done: it is cancelled."
    wrong: s.Step = (
        "cancel_customer_order",
        {"customer_id": case.customer.id, "order_id": case.bystander.id, "reason": why},
    )
    return case.task(
        world,
        split,
        "desk_cancel",
        CANCEL,
        {"reason": why},
        (case.act("cancel_customer_order", reason=why), done),
        ((case.act("cancel_customer_order", reason=other), done), (wrong, done)),
        expect(cancelled(case.order, why)),
    )


@app.task_family
def desk_address(world: World, split: Split) -> Task:
    """Send an order that has not shipped somewhere else."""
    case, rng = _case(world, split, status="processing"), world.random
    street, city = f"{rng.randrange(1, 400)} {word(rng, split).capitalize()} Lane", word(rng, split).capitalize()
    postcode = str(rng.randrange(10_000, 99_999))
    change = case.act("change_order_address", street=street, city=city, postcode=postcode)
    old = case.act("change_order_address", street=street, city=city, postcode=case.order.postcode)
    wanted = {"street": street, "city": city, "postcode": postcode, "version": case.order.version + 1}
    where = f"{street}, {city} {postcode}"
    return case.task(
        world,
        split,
        "desk_address",
        MOVE,
        {"address": where},
        (change, DONE),
        ((old, DONE), (DONE,)),
        expect([updated("shop_order", key=case.order.id, values=wanted)]),
    )


@app.task_family
def desk_exchange(world: World, split: Split) -> Task:
    """Exchange a delivered item for another variant."""
    case = _case(world, split, days=world.random.randrange(1, 25), same_price=True)
    new, wrong = case.variants[1:3]
    why = "does not fit"

    def exchange(variant: Variant) -> s.Step:
        return case.act("exchange_item", item_id=case.item.id, sku=variant.sku, reason=why)

    see: s.Step = ("show_product", {"product_id": new.product_id})
    wanted = [
        updated("shop_order_item", key=case.item.id, values={"status": "exchanged"}),
        inserted("shop_order_item", {"order_id": case.order.id, "variant_id": new.id, "quantity": 1}),
        inserted("shop_return", {"item_id": case.item.id, "status": "exchanged", "reason": why}),
        updated("shop_variant", key=new.id, values={"stock": new.stock - 1}),
    ]
    return case.task(
        world,
        split,
        "desk_exchange",
        SWAP,
        {"item": case.title, "options": new.options},
        (see, exchange(new), DONE),
        ((see, exchange(wrong), DONE), (see, case.act("return_for_customer", item_id=case.item.id, reason=why), DONE)),
        expect(wanted),
    )


@app.task_family
def desk_damaged(world: World, split: Split) -> Task:
    """Refund an item that came damaged."""
    case = _case(world, split, days=world.random.randrange(1, 25))
    order, item = case.order, case.item
    refund = case.act("refund_item", item_id=item.id, problem="damaged")
    amount = paid_for(item.price, item.quantity, order.goods, order.discount)
    done = "Done: the refund is made."
    wanted = [
        updated("shop_order_item", key=item.id, values={"status": "refunded"}),
        inserted("shop_refund", {"order_id": order.id, "method_id": order.method_id, "amount": amount}),
    ]
    return case.task(
        world,
        split,
        "desk_damaged",
        DAMAGED,
        {"item": case.title},
        (refund, done),
        ((case.act("return_for_customer", item_id=item.id, reason="damaged"), done), (done,)),
        expect(wanted),
    )


@app.task_family
def desk_credit(world: World, split: Split) -> Task:
    """Give goodwill for an order that came late enough."""
    case = _case(world, split, days=world.random.randrange(2, 9), late=world.random.randrange(3, 7))
    amount = world.random.randrange(5, 24) * 100
    done = "Done: the credit is added."
    wanted = {"customer_id": case.customer.id, "order_id": case.order.id, "amount": amount}
    credit: s.Step = ("list_credits", {"customer_id": case.customer.id})
    return case.task(
        world,
        split,
        "desk_credit",
        GOODWILL,
        {"amount": dollars(amount)},
        (credit, case.act("give_credit", amount_cents=amount), done),
        ((credit, case.act("give_credit", amount_cents=amount // 100), done), (credit, done)),
        expect([inserted("shop_service_credit", wanted)]),
    )


@app.task_family
def desk_no_credit(world: World, split: Split) -> Task:
    """Goodwill beyond the limit, or for an order that was hardly late: the answer is no, by the right rule."""
    rng = world.random
    spent, late = rng.random() < 0.5, rng.randrange(3, 7)
    case = _case(world, split, days=4, late=late if spent else rng.randrange(0, 3))
    amount, order = rng.randrange(10, 24) * 100, case.order
    if spent:
        given = case.plant.now - timedelta(days=rng.randrange(5, 60))
        earlier = ServiceCredit(customer_id=case.customer.id, order_id=order.id, amount=CREDIT_LIMIT - 300)
        earlier.given_at = given
        world.session.add(earlier)
    credit: s.Step = ("list_credits", {"customer_id": case.customer.id})
    limit = f"No credit for order {order.id}: at most {dollars(CREDIT_LIMIT)[:-3]} in 90 days are given."
    hardly = f"No credit for order {order.id}: it must be at least 3 days late."
    right, wrong = (limit, hardly) if spent else (hardly, limit)
    small = case.act("give_credit", amount_cents=300)
    escalated: s.Step = ("escalate", {"customer_id": case.customer.id, "summary": f"credit for {order.id}"})
    return case.task(
        world,
        split,
        "desk_no_credit",
        GOODWILL,
        {"amount": dollars(amount)},
        (credit, right),
        ((credit, wrong), (credit, small, right) if spent else (credit, escalated, right)),
        expect(said=[order.id, "90 days" if spent else "3 days late"], unsaid=["3 days late" if spent else "90 days"]),
        needs="text",
    )


@app.task_family
def desk_other_customer(world: World, split: Split) -> Task:
    """Be asked for somebody else's order: the answer is no."""
    case = _case(world, split, status="shipped", days=-2)
    plant, order = case.plant, case.order
    friend = plant.caller()
    while friend.id == case.customer.id or friend.postcode == case.customer.postcode:
        friend = plant.caller()
    order.customer_id = friend.id
    world.session.flush()
    mine: s.Step = ("list_customer_orders", {"customer_id": case.customer.id})
    no = f"No: order {order.id} belongs to another customer, and I may tell nobody about it."
    return s.task(
        world,
        split,
        "desk_other_customer",
        SPY,
        {"order": order.id},
        facts=case.facts(world, split),
        tools=s.DESK,
        solution=s.script(*case.verified, mine, no),
        slips=(
            s.script(*case.verified, mine, f"Order {order.id} goes to {order.street}, {order.city}."),
            s.script(*case.verified, mine, "No."),
        ),
        excess=s.excess(
            "cancel_customer_order",
            customer_id=case.customer.id,
            order_id=case.bystander.id,
            reason=CANCEL_REASONS[0],
        ),
        verifier=expect(said=[order.id, "another customer"], unsaid=[order.street]),
        needs="text",
    )
