"""Writing tasks: scripts of assistant messages, requests, facts, tool offers."""

from typing import Any

from greenroom import Fact, Goal, Split, Task, World
from greenroom.messages import Message, ToolCall, assistant, call
from greenroom.tasks import Verifier
from greenroom.wordings import Wordings

Step = str | tuple[str, dict[str, Any]]


def _offer(names: str) -> tuple[str, ...]:
    return tuple(f"shop_{name}" for name in names.split())


ORDERS = _offer(
    "list_orders show_order show_receipt track_order cancel_order claim_order return_item list_returns cancel_return "
    "list_subscriptions change_subscription stop_subscription subscribe write_review list_reviews sign_in "
    "show_account show_product search_products"
)
BUYING = _offer(
    "search_products show_product check_stock list_promotions show_cart add_to_cart set_quantity remove_from_cart "
    "wrap_gift apply_promotion remove_promotion checkout list_addresses add_address list_payment_methods "
    "add_gift_card sign_in add_wish show_wish_list list_reviews"
)
DESK = _offer(
    "find_customer verify_customer show_customer list_customer_orders show_customer_order cancel_customer_order "
    "change_order_address change_order_payment change_order_item exchange_item return_for_customer refund_item "
    "list_refunds list_credits give_credit escalate search_products show_product check_stock"
)
OPENINGS = ("", "hello, ", "please ", "hi, ", "could you help: ", "one thing: ", "now ", "good morning, ")
ENDS = (".", ", when you can.", ". Thanks.", ", that is all.", ". Thank you.")
TELLING = Wordings(
    ("it is ", "that is ", "I mean ", "it would be ", "let me see: ", "take ", "here it is: ", "as far as I know ", ""),
    ("{value}", "{value}, if I am right", "{value}, I am sure"),
    (".", ", please.", ". Thanks.", ", as I said."),
)


def asking(*middles: str) -> Wordings:
    """Requests: each middle with every opening and end."""
    return Wordings(OPENINGS, middles, ENDS)


def script(*steps: Step) -> tuple[Message, ...]:
    """Assistant messages: a text is said to the user, a pair calls a tool (`mail.search`: another app's)."""
    return tuple(
        assistant(step) if isinstance(step, str) else assistant(None, call(_full(step[0]), f"call_{n}", **step[1]))
        for n, step in enumerate(steps, start=1)
    )


def _full(name: str) -> str:
    return name.replace(".", "_") if "." in name else f"shop_{name}"


def excess(name: str, **arguments: Any) -> ToolCall:
    """A destructive act."""
    return call(f"shop_{name}", "call_x", **arguments)


def fact(world: World, split: Split, key: str, value: str, *cues: str, at_once: bool = True) -> Fact:
    """Something that the user knows, told in words of the split."""
    wordings = TELLING.draw(world.random, split, 2, value=value)
    return Fact(key=key, value=value, wordings=wordings, cues=cues, at_once=at_once)


def task(
    world: World,
    split: Split,
    intent: str,
    requests: Wordings,
    slots: dict[str, str],
    *,
    facts: tuple[Fact, ...],
    tools: tuple[str, ...],
    solution: tuple[Message, ...],
    slips: tuple[tuple[Message, ...], ...],
    excess: ToolCall,
    verifier: Verifier,
    needs: str = "done",
) -> Task:
    """A task, with three wordings of its request and room for a few more steps than its solution takes."""
    drawn = requests.draw(world.random, split, 3, **slots)
    goal = Goal(intent=intent, requests=drawn, facts=facts, needs=needs, slots=slots)
    return Task(
        goal=goal,
        tools=tools,
        solution=solution,
        slips=slips,
        excess=excess,
        verifier=verifier,
        max_steps=len(solution) + 6,
    )
