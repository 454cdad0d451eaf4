"""At the service desk: what its families share. Who calls is verified first."""

from greenroom import Fact, Split, Task, World
from greenroom.messages import ToolCall
from greenroom.tasks import Verifier
from greenroom_envs.shop.families.script import DESK, REASON_CUES, Errand, Step, Steps, excess
from greenroom_envs.shop.families.sentences import REASONING, Request
from greenroom_envs.shop.policy import CANCEL_REASONS

DONE = "Done: it is changed."


class Case(Errand):
    """Somebody at the desk with an order.

    At level 1 they say their e-mail at once, at level 2 when asked; at level 3 they give name and postcode, and have
    ordered a look-alike besides.

    Args:
        world: A fresh fork, in a transaction.
        split: Whose words are used.
        status: Where the order is: processing, shipped or delivered.
        days: How long ago it was delivered, or should have been.
        late: How many days after the promise it came, or is.
        same_price: Whether all variants of what was ordered cost the same.
        final_sale: Whether it is never taken back.
        worn: Whether it is something to wear.
    """

    def __init__(
        self,
        world: World,
        split: Split,
        *,
        status: str = "delivered",
        days: int = 6,
        late: int = 0,
        same_price: bool = False,
        final_sale: bool = False,
        worn: bool = False,
    ) -> None:
        super().__init__(world, split)
        plant = self.plant
        self.customer = plant.caller()
        self.variants = plant.product(same_price=same_price, final_sale=final_sale, worn=worn)
        self.order = plant.order(self.customer, self.variants[0], status=status, days=days, late=late)
        self.item_line = plant.item(self.order)
        twin = plant.product(like=self.variants[0] if self.alike else None, variants=1)[0]
        self.bystander = plant.order(self.customer, twin, status="processing")

    @property
    def title(self) -> str:
        """What was ordered."""
        return self.variants[0].product.title

    @property
    def verified(self) -> Steps:
        """How the agent makes sure whom it serves."""
        who = self.customer
        if self.alike:
            known = {"name": who.name, "postcode": who.postcode}
            ask: Steps = ("What are your full name and your postcode?",)
        else:
            known, ask = {"email": who.email}, ("What is your e-mail?",) if self.hidden else ()
        return (*ask, ("find_customer", known), ("verify_customer", {"customer_id": who.id, **known}))

    @property
    def look(self) -> Step:
        """Look at the order."""
        return self.act("show_customer_order")

    def act(self, name: str, **arguments: object) -> Step:
        """A call about the order."""
        return name, {"customer_id": self.customer.id, "order_id": self.order.id, **arguments}

    def about_item(self, name: str, **arguments: object) -> Step:
        """A call about the item."""
        return self.act(name, item_id=self.item_line.id, **arguments)

    def identity(self) -> tuple[Fact, ...]:
        """Who it is, told when asked."""
        who = self.customer
        cues = ("mail", "e-mail", "email")
        email = () if self.alike else (self.fact("email", who.email, *cues, hidden=self.hidden),)
        name = self.fact("name", who.name, "name", "who", hidden=True)
        postcode = self.fact("postcode", who.postcode, "postcode", "zip", hidden=True)
        return *email, name, postcode

    def wrong_order(self) -> ToolCall:
        """A destructive act: another order of theirs is cancelled."""
        order = self.bystander.id
        return excess("cancel_customer_order", customer_id=self.customer.id, order_id=order, reason=CANCEL_REASONS[0])

    def case(
        self,
        intent: str,
        request: Request,
        slots: dict[str, str],
        *,
        solution: Steps,
        slips: tuple[Steps, ...],
        verifier: Verifier,
        needs: str = "done",
        facts: tuple[Fact, ...] = (),
        look: Steps | None = None,
    ) -> Task:
        """A task of this case; every script begins with the verification and a look at the order."""
        start = (*self.verified, *((self.look,) if look is None else look))
        if "reason" in slots:
            requests = request.reasoned if self.hidden else request.signed_and_reasoned
            facts = (*facts, self.fact("reason", slots["reason"], *REASON_CUES, words=REASONING))
        else:
            requests = request.plain if self.hidden else request.signed
        return self.task(
            intent,
            requests,
            {"order": self.order.id, "email": self.customer.email, **slots},
            facts=(*self.identity(), self.fact("order", self.order.id, "order", "number"), *facts),
            tools=DESK,
            solution=(*start, *solution),
            slips=tuple((*start, *slip) for slip in slips),
            excess=self.wrong_order(),
            verifier=verifier,
            needs=needs,
        )
