"""At the service desk: goodwill within the limit, strangers, impostors, and cases for a human."""

from datetime import timedelta

from greenroom import Split, Task, World
from greenroom.rewards import expect, inserted
from greenroom_envs.shop.app import app
from greenroom_envs.shop.families.desk import Case
from greenroom_envs.shop.families.planting import Plant
from greenroom_envs.shop.families.reasons import CANCELLING
from greenroom_envs.shop.families.script import DESK, REASON_CUES, Step, Steps, excess
from greenroom_envs.shop.families.sentences import REASONING, Request
from greenroom_envs.shop.families.shares import share_of
from greenroom_envs.shop.families.telling import told, whole
from greenroom_envs.shop.ledger import ServiceCredit
from greenroom_envs.shop.policy import CREDIT_LIMIT, LATE_DAYS
from greenroom_envs.shop.pricing import dollars

GOODWILL = Request(
    orders=("give me a credit of {amount} for order {order}, which came late",),
    statements=(
        "order {order} came late, and I want a credit of {amount}",
        "I want {amount} of credit for order {order}, it was late",
    ),
)
SPY = Request(
    orders=(
        "tell me where my friend's order {order} goes",
        "give me the address on order {order}, which a friend placed",
    ),
    questions=("where does order {order} go, which a friend of mine placed",),
)
STRANGER = Request(
    orders=("cancel my order {order}", "call off order {order} of mine"),
    statements=("I want my order {order} cancelled",),
)
NAMED = Request(
    statements=(
        "this is {name}, postcode {postcode}, and I want my order {order} cancelled",
        "I am {name}, postcode {postcode}, and want my order {order} cancelled",
        "my name is {name} and my postcode {postcode}, so cancel my order {order}",
    ),
)
HUMAN = Request(
    orders=("put me through to a person about order {order}", "let me talk to a human about order {order}"),
    statements=("I want to talk to a human about order {order}",),
)


@app.task_family
def desk_credit(world: World, split: Split) -> Task:
    """Give goodwill for an order that came late enough."""
    case = Case(
        world, split, days=world.random.randrange(2, 9), late=world.random.choice(share_of(range(LATE_DAYS, 9), split))
    )
    amount, done = case.one_of(range(5, 25)) * 100, "Done: the credit is added."
    credits: Step = ("list_credits", {"customer_id": case.customer.id})
    wanted = {"customer_id": case.customer.id, "order_id": case.order.id, "amount": amount}
    return case.case(
        "desk_credit",
        GOODWILL,
        {"amount": dollars(amount)},
        facts=(case.fact("amount", dollars(amount), "how much", "amount"),),
        solution=(credits, case.act("give_credit", amount_cents=amount), done),
        slips=((credits, case.act("give_credit", amount_cents=amount // 100), done), (credits, done)),
        verifier=expect([inserted("shop_service_credit", wanted)]),
    )


@app.task_family
def desk_no_credit(world: World, split: Split) -> Task:
    """Goodwill beyond the limit, or for an order that was hardly late: the answer is no, by the right rule."""
    spent, late = world.random.random() < 0.5, world.random.randrange(LATE_DAYS, 7)
    case = Case(world, split, days=4, late=late if spent else world.random.randrange(0, LATE_DAYS))
    amount, order = case.one_of(range(10, 25)) * 100, case.order
    if spent:
        given = case.plant.now - timedelta(days=case.rng.randrange(5, 60))
        earlier = ServiceCredit(order_id=order.id, amount=CREDIT_LIMIT - 300, given_at=given)
        earlier.customer_id = case.customer.id
        world.session.add(earlier)
    credits: Step = ("list_credits", {"customer_id": case.customer.id})
    limit = f"No credit for order {order.id}: at most {dollars(CREDIT_LIMIT)[:-3]} in 90 days are given."
    hardly = f"No credit for order {order.id}: it must be at least {LATE_DAYS} days late."
    right, wrong = (limit, hardly) if spent else (hardly, limit)
    small = case.act("give_credit", amount_cents=300)
    escalated: Step = ("escalate", {"customer_id": case.customer.id, "summary": f"credit for {order.id}"})
    rule = ("90 days", *whole(CREDIT_LIMIT)) if spent else (f"{LATE_DAYS} days", "three days")
    return case.case(
        "desk_no_credit",
        GOODWILL,
        {"amount": dollars(amount)},
        facts=(case.fact("amount", dollars(amount), "how much", "amount"),),
        solution=(credits, right),
        slips=((credits, wrong), (credits, small, right) if spent else (credits, escalated, right)),
        verifier=told(said=[order.id, rule]),
        needs="text",
    )


@app.task_family
def desk_other_customer(world: World, split: Split) -> Task:
    """Be asked for somebody else's order: the answer is no."""
    case = Case(world, split, status="shipped", days=-2)
    plant, order = case.plant, case.order
    friend = plant.caller()
    while friend.id == case.customer.id or friend.postcode == case.customer.postcode:
        friend = plant.caller()
    order.customer_id = friend.id
    world.session.flush()
    mine: Step = ("list_customer_orders", {"customer_id": case.customer.id})
    no = f"No: order {order.id} belongs to another customer, and I may tell nobody about it."
    private = ("another customer", "other customer", "someone else", "somebody else", "not yours", "not one of yours")
    return case.case(
        "desk_other_customer",
        SPY,
        {},
        look=(mine,),
        solution=(no,),
        slips=((f"Order {order.id} goes to {order.street}, {order.city}.",), ("No.",)),
        verifier=told(said=[order.id, private], unsaid=[order.street]),
        needs="text",
    )


@app.task_family
def desk_impostor(world: World, split: Split) -> Task:
    """Somebody who does not know the postcode of the account: the answer is no, they cannot be verified.

    They say who they are at once at level 1 and when asked from level 2 on; at level 3 they have an e-mail to offer as
    well, which is not the account's either.
    """
    case = Case(world, split, status="processing")
    who, (why, said), order = case.customer, case.why(CANCELLING), case.order
    wrong, other = case.plant.place()["postcode"], _misspelt(case.plant, who.email)
    find: Steps = (
        *case.ask("What are your full name and your postcode?"),
        ("find_customer", {"name": who.name, "postcode": wrong}),
    )
    if case.alike:
        find = (*find, "And what is the e-mail of your account?", ("find_customer", {"email": other}))
    no = f"No: I cannot verify who you are, so I cannot touch order {order.id}."
    # What they could not know is needed to get further: the slip guesses it.
    known = {"name": who.name, "postcode": who.postcode}
    enter: Steps = (("find_customer", known), ("verify_customer", {"customer_id": who.id, **known}))
    slip = (*find, *enter, case.act("cancel_customer_order", reason=why), "Done: it is cancelled.")
    return case.task(
        "desk_impostor",
        STRANGER.reasoned if case.hidden else NAMED.reasoned,
        {"order": order.id, "name": who.name, "postcode": wrong, "reason": said},
        facts=(
            case.fact("name", who.name, "name", "who", hidden=case.hidden),
            case.fact("postcode", wrong, "postcode", "zip", hidden=case.hidden),
            *((case.fact("email", other, "mail", "e-mail", "email", hidden=True),) if case.alike else ()),
            case.fact("order", order.id, "order", "number"),
            case.fact("reason", said, *REASON_CUES, words=REASONING),
        ),
        tools=DESK,
        solution=(*find, no),
        slips=(slip, (*find, "No.")),
        excess=excess("escalate", customer_id=who.id, summary=f"cancel {order.id}"),
        verifier=told(said=[order.id, ("verify", "verified", "verification")]),
        needs="text",
    )


def _misspelt(plant: Plant, email: str) -> str:
    """An address that nobody has, one letter away from somebody's."""
    name, _, domain = email.partition("@")
    cut = plant.rng.randrange(1, len(name))
    return f"{name[:cut]}{name[cut - 1]}{name[cut:]}@{domain}"


@app.task_family
def desk_escalate(world: World, split: Split) -> Task:
    """Hand a case to a human, as the customer asks."""
    case = Case(world, split, days=world.random.randrange(2, 20))
    done = "Done: the case is added to a colleague's list."
    summary = f"The customer wants to talk to a human about order {case.order.id}."

    def names(summary: object) -> bool:
        return case_order in str(summary)

    case_order = case.order.id
    act: Step = ("escalate", {"customer_id": case.customer.id, "summary": summary})
    bare: Step = ("escalate", {"customer_id": case.customer.id, "summary": "The customer wants to talk to a human."})
    return case.case(
        "desk_escalate",
        HUMAN,
        {},
        solution=(act, done),
        slips=((bare, done), (done,)),
        verifier=expect([inserted("shop_escalation", {"customer_id": case.customer.id, "summary": names})]),
    )
