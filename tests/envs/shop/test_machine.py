"""The cart and the shelf against a plain model: whatever is added, changed, bought and cancelled, they agree."""

from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from support.counter import Counter

from greenroom import Split
from greenroom.sandboxes import LocalSandbox
from greenroom_envs.shop import app
from greenroom_envs.shop.families.planting import Plant
from greenroom_envs.shop.models import Customer, Variant
from greenroom_envs.shop.policy import MOST
from greenroom_envs.shop.pricing import Line, quote

WHICH = st.integers(0, 2)


class Shopping(RuleBasedStateMachine):
    """Three variants with little stock; `cart`: index to quantity and wrap; `stock`: what is left of each."""

    def __init__(self, sandbox: LocalSandbox) -> None:
        super().__init__()
        self.counter = Counter(sandbox.base(Split.TRAIN).open())
        self.variants = self.counter.plant(self._shelve)
        self.plus = self.counter("show_account")["tier"] == "plus"
        self.stock = [7, 12, 30]
        self.cart: dict[int, tuple[int, bool]] = {}
        self.orders: dict[str, dict[int, int]] = {}

    @staticmethod
    def _shelve(plant: Plant) -> list[Variant]:
        variants = plant.product(variants=3)
        for variant, stock in zip(variants, (7, 12, 30), strict=True):
            variant.stock = stock
        plant.world.session.flush()
        assert plant.world.session.get(Customer, 1)
        return variants

    def call(self, tool: str, refusal: str | None, **arguments: Any) -> Any:
        if refusal is None:
            return self.counter(tool, **arguments)
        assert self.counter.refused(tool, **arguments) == refusal
        return None

    def expected(self, which: int, quantity: int) -> str | None:
        if quantity > MOST:
            return "quantity_limit"
        return "out_of_stock" if quantity > self.stock[which] else None

    @rule(which=WHICH, quantity=st.integers(1, 12))
    def add(self, which: int, quantity: int) -> None:
        had, wrapped = self.cart.get(which, (0, False))
        refusal = self.expected(which, had + quantity)
        self.call("add_to_cart", refusal, sku=self.variants[which].sku, quantity=quantity)
        if refusal is None:
            self.cart[which] = (had + quantity, wrapped)

    @rule(which=WHICH, quantity=st.integers(1, 12))
    def change(self, which: int, quantity: int) -> None:
        refusal = self.expected(which, quantity) if which in self.cart else "not_in_cart"
        self.call("set_quantity", refusal, sku=self.variants[which].sku, quantity=quantity)
        if refusal is None:
            self.cart[which] = (quantity, self.cart[which][1])

    @rule(which=WHICH, wrapped=st.booleans())
    def wrap(self, which: int, wrapped: bool) -> None:
        refusal = None if which in self.cart else "not_in_cart"
        self.call("wrap_gift", refusal, sku=self.variants[which].sku, wrapped=wrapped)
        if refusal is None:
            self.cart[which] = (self.cart[which][0], wrapped)

    @rule(which=WHICH)
    def remove(self, which: int) -> None:
        self.call("remove_from_cart", None if which in self.cart else "not_in_cart", sku=self.variants[which].sku)
        self.cart.pop(which, None)

    def total(self) -> int:
        lines = [Line(self.variants[i].price, n, wrapped) for i, (n, wrapped) in self.cart.items()]
        return quote(lines, plus=self.plus).total

    @rule()
    def buy(self) -> None:
        refusal = None if self.cart else "empty_cart"
        if any(n > self.stock[i] for i, (n, _) in self.cart.items()):
            refusal = "out_of_stock"
        done = self.call("checkout", refusal, method_id=1, address_id=1, expected_total_cents=self.total())
        if done:
            self.orders[done["order_id"]] = {i: n for i, (n, _) in self.cart.items()}
            for i, (n, _) in self.cart.items():
                self.stock[i] -= n
            self.cart = {}

    @precondition(lambda self: self.orders)
    @rule()
    def cancel(self) -> None:
        order, bought = self.orders.popitem()
        self.counter("cancel_order", order_id=order, reason="no longer needed")
        app.pass_time(self.counter.world, timedelta(minutes=61))
        for i, n in bought.items():
            self.stock[i] += n

    @invariant()
    def agrees(self) -> None:
        shown = self.counter("show_cart")
        lines = {line["sku"]: (line["quantity"], line["gift_wrap"]) for line in shown["lines"]}
        assert lines == {self.variants[i].sku: kept for i, kept in self.cart.items()}
        assert not self.cart or shown["total_cents"] == self.total()
        for variant, stock in zip(self.variants, self.stock, strict=True):
            assert self.counter("check_stock", sku=variant.sku)["stock"] == stock

    def teardown(self) -> None:
        self.counter.world.close()


def test_cart_and_stock_agree_with_a_plain_model(sandbox: LocalSandbox) -> None:
    run_state_machine_as_test(
        lambda: Shopping(sandbox), settings=settings(max_examples=15, stateful_step_count=15, deadline=None)
    )
