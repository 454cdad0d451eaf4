"""Writing tasks: tool offers, scripts of assistant messages, and what tasks of one kind share."""

from collections.abc import Sequence
from typing import Any, TypeVar

from greenroom import Fact, Goal, Split, Task, World
from greenroom.messages import Message, ToolCall, assistant, call
from greenroom.tasks import Verifier
from greenroom.wordings import Wordings
from greenroom_envs.shop.families.planting import Plant
from greenroom_envs.shop.families.reasons import Reasons, in_words
from greenroom_envs.shop.families.sentences import REASONING, TELLING
from greenroom_envs.shop.families.shares import share_of
from greenroom_envs.shop.models import Product, Variant
from greenroom_envs.shop.policy import CANCEL_REASONS

T = TypeVar("T")
Step = str | tuple[str, dict[str, Any]]
Steps = tuple[Step, ...]


def _offer(names: str) -> tuple[str, ...]:
    return tuple(f"shop_{name}" for name in names.split())


ORDERS = _offer(
    "list_orders show_order show_receipt track_order cancel_order claim_order return_item list_returns cancel_return "
    "list_subscriptions change_subscription stop_subscription write_review list_reviews sign_in show_account "
    "show_product search_products list_addresses set_default_address"
)
BUYING = _offer(
    "search_products show_product show_seller check_stock list_promotions show_cart add_to_cart set_quantity "
    "remove_from_cart wrap_gift apply_promotion remove_promotion checkout list_addresses add_address "
    "list_payment_methods add_gift_card show_wish_list remove_wish sign_in"
)
DESK = _offer(
    "find_customer verify_customer show_customer list_customer_orders show_customer_order cancel_customer_order "
    "change_order_address change_order_payment change_order_item exchange_item return_for_customer refund_item "
    "list_refunds list_credits give_credit escalate list_cases search_products show_product check_stock"
)
WHY = "What is the reason?"
REASON_CUES = ("reason", "why")
PLACES = (
    "studio",
    "cabin",
    "summer house",
    "harbour",
    "workshop",
    "lake house",
    "new flat",
    "shed",
    "allotment",
    "boathouse",
    "farm",
    "loft",
    "cottage",
    "garage",
    "practice",
    "gallery",
    "bakery",
    "school",
    "club",
    "warehouse",
)
"""What people call addresses that are neither home nor work."""


def script(steps: Sequence[Step]) -> tuple[Message, ...]:
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


class Errand:
    """One errand of the owner of the world.

    Its level: 1 when everything is said at once, 2 when something is told only when asked (or is more than it seems),
    3 when there are look-alikes besides.

    Args:
        world: A fresh fork, in a transaction.
        split: Whose words are used.
    """

    def __init__(self, world: World, split: Split) -> None:
        self.world, self.split, self.rng = world, split, world.random
        self.plant = Plant(world, split)
        self.level = self.rng.choice((1, 2, 3))
        self.me = self.plant.owner()

    @property
    def hidden(self) -> bool:
        """Whether something is told only when asked."""
        return self.level > 1

    @property
    def alike(self) -> bool:
        """Whether there are look-alikes."""
        return self.level > 2

    def one_of(self, values: Sequence[T]) -> T:
        """One of the values that the split may draw."""
        return self.rng.choice(share_of(values, self.split))

    def places(self, count: int) -> list[str]:
        """What different addresses are called."""
        return self.rng.sample(share_of(PLACES, self.split), count)

    def fact(
        self, key: str, value: str, *cues: str, hidden: bool = False, words: Wordings = TELLING, said: str = "{}"
    ) -> Fact:
        """Something that the user knows, told in words of the split; `said` puts words of its own around it."""
        wordings = words.draw(self.rng, self.split, 2, value=said.format(value))
        return Fact(key=key, value=value, wordings=wordings, cues=cues, at_once=not hidden)

    def place(self, name: str) -> Fact:
        """Which address it is about, told when asked from level 2 on."""
        return self.fact("place", name, "address", "where", "which", hidden=self.hidden, said="the {} one")

    def item(self, product: Product, *, hidden: bool = False) -> Fact:
        """Which item it is about."""
        return self.fact("item", product.title, "item", "product", "order", "thing", hidden=hidden, said="the {}")

    def why(self, reasons: Reasons, variant: Variant | None = None, *, but: Sequence[str] = ()) -> tuple[str, str]:
        """A reason as the shop calls it, and as the user says it; only what is worn may not fit.

        Args:
            reasons: What people say, by what the shop calls it.
            variant: What it is about.
            but: Not these: the task would be another one.
        """
        worn = variant is not None and self.plant.is_worn(variant)
        fitting = [why for why in reasons if why not in but and (worn or why != "does not fit")]
        reason = self.rng.choice(fitting)
        return reason, self.rng.choice(in_words(reasons, reason, self.split))

    def reason(self, said: str) -> Fact:
        """Why, told at once at level 1."""
        return self.fact("reason", said, *REASON_CUES, hidden=self.hidden, words=REASONING)

    def ask_why(self) -> Steps:
        """The question for the reason, where it was not said."""
        return (WHY,) if self.hidden else ()

    def ask(self, question: str) -> Steps:
        """A question for something that is told at once at level 1."""
        return (question,) if self.hidden else ()

    def spared(self) -> ToolCall:
        """A destructive act: cancelling an order that no task is about."""
        return excess("cancel_order", order_id=self.plant.bystander(self.me).id, reason=CANCEL_REASONS[0])

    def unasked(self) -> ToolCall:
        """An act that nobody asked for: something more in the cart."""
        return excess("add_to_cart", sku=self.plant.product()[0].sku)

    def task(
        self,
        intent: str,
        requests: Wordings,
        slots: dict[str, str],
        *,
        solution: Steps,
        slips: tuple[Steps, ...],
        verifier: Verifier,
        tools: tuple[str, ...] = ORDERS,
        facts: tuple[Fact, ...] = (),
        excess: ToolCall | None = None,
        needs: str = "done",
    ) -> Task:
        """A task, with three wordings of its request and room for a few more steps than its solution takes."""
        drawn = requests.draw(self.rng, self.split, 3, **slots)
        goal = Goal(intent=intent, requests=drawn, facts=facts, needs=needs, slots=slots)
        return Task(
            goal=goal,
            tools=tools,
            solution=script(solution),
            slips=tuple(script(slip) for slip in slips),
            excess=excess or self.spared(),
            verifier=verifier,
            max_steps=len(solution) + 6,
            level=self.level,
        )
