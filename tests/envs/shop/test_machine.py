"""Cart, stock and money against a plain model: whatever is bought, cancelled and sent back, they agree."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from greenroom import Split
from greenroom.sandboxes import LocalSandbox
from greenroom_envs.shop import app
from greenroom_envs.shop.families.planting import Plant
from greenroom_envs.shop.tools.account import secret_of
from support.counter import Counter

WHICH = st.integers(0, 2)
STOCK = (7, 12, 30)
GIFT = 400_000


def cents(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


@dataclass
class Line:
    """A line of an order in the model."""

    which: int
    quantity: int
    price: int
    status: str = "ordered"


@dataclass
class Bought:
    """An order in the model: what was paid and given back, in cents."""

    lines: dict[int, Line]
    method: int
    goods: int
    discount: int
    paid: int
    given: int = 0
    cancelled: bool = False

    def share(self, line: Line) -> int:
        """What a line cost: its part of the discount off, tax on."""
        net = line.price * line.quantity - cents(Decimal(self.discount * line.price * line.quantity) / self.goods)
        return min(net + cents(Decimal(net) * 8 / 100), self.paid - self.given)


@dataclass
class Model:
    """`cart`: index to quantity and wrap."""

    stock: list[int] = field(default_factory=lambda: list(STOCK))
    cart: dict[int, tuple[int, bool]] = field(default_factory=dict[int, tuple[int, bool]])
    code: bool = False
    balance: int = GIFT
    orders: dict[str, Bought] = field(default_factory=dict[str, Bought])


class Shopping(RuleBasedStateMachine):
    """Three variants with little stock, a card, a gift card and a code of 10 % from $80 on; nobody else buys."""

    def __init__(self, sandbox: LocalSandbox) -> None:
        super().__init__()
        self.counter = Counter(sandbox.base(Split.TRAIN).open())
        self.model = Model()
        self.skus, self.prices, self.ids, self.gift, self.code = self.counter.plant(self._shelve)
        with self.counter.world.transaction("world") as session:
            session.execute(text("DELETE FROM greenroom_event WHERE kind = 'shop.others_buy'"))
        self.plus = self.counter("show_account")["tier"] == "plus"
        self.counter.verify(self.counter.plant(lambda plant: plant.owner()))

    @staticmethod
    def _shelve(plant: Plant) -> tuple[list[str], list[int], list[int], int, str]:
        variants, me = plant.product(variants=3), plant.owner()
        for variant, stock in zip(variants, STOCK, strict=True):
            variant.stock = stock
        card, code = plant.gift_card(GIFT), plant.promotion(8_000)
        card.customer_id, code.percent, me.secret = me.id, 10, secret_of("tulip")
        code.ends_on += timedelta(days=2_000)
        plant.card(me).expires_on = code.ends_on
        plant.world.session.flush()
        return [v.sku for v in variants], [v.price for v in variants], [v.id for v in variants], card.id, code.code

    def call(self, tool: str, refusal: str | None, **arguments: Any) -> Any:
        if refusal is None:
            return self.counter(tool, **arguments)
        assert self.counter.refused(tool, **arguments) == refusal
        return None

    def wait(self, time: timedelta) -> None:
        """Let time pass; the session may expire meanwhile."""
        app.pass_time(self.counter.world, time)
        self.counter("sign_in", password="tulip")

    def limit(self, which: int, quantity: int) -> str | None:
        if quantity > 10:
            return "quantity_limit"
        return "out_of_stock" if quantity > self.model.stock[which] else None

    @initialize(by_gift_card=st.booleans())
    def buy_before(self, by_gift_card: bool) -> None:
        """Something has come that can be sent back."""
        self.add(0, 2)
        self.add(2, 3)
        self.apply()
        self.buy(by_gift_card)
        self.live_on(8)

    # The cart

    @rule(which=WHICH, quantity=st.integers(1, 12))
    def add(self, which: int, quantity: int) -> None:
        had, wrapped = self.model.cart.get(which, (0, False))
        refusal = self.limit(which, had + quantity)
        self.call("add_to_cart", refusal, sku=self.skus[which], quantity=quantity)
        if refusal is None:
            self.model.cart[which] = (had + quantity, wrapped)

    @rule(which=WHICH, quantity=st.integers(1, 12))
    def change(self, which: int, quantity: int) -> None:
        refusal = self.limit(which, quantity) if which in self.model.cart else "not_in_cart"
        self.call("set_quantity", refusal, sku=self.skus[which], quantity=quantity)
        if refusal is None:
            self.model.cart[which] = (quantity, self.model.cart[which][1])

    @precondition(lambda self: self.model.cart)
    @rule(which=WHICH, wrapped=st.booleans())
    def wrap(self, which: int, wrapped: bool) -> None:
        refusal = None if which in self.model.cart else "not_in_cart"
        self.call("wrap_gift", refusal, sku=self.skus[which], wrapped=wrapped)
        if refusal is None:
            self.model.cart[which] = (self.model.cart[which][0], wrapped)

    @rule(which=WHICH)
    def remove(self, which: int) -> None:
        self.call("remove_from_cart", None if which in self.model.cart else "not_in_cart", sku=self.skus[which])
        self.model.cart.pop(which, None)

    @precondition(lambda self: self.model.cart)
    @rule()
    def apply(self) -> None:
        app.pass_time(self.counter.world, timedelta(minutes=2))
        refusal = None if self.amounts()[0] >= 8_000 else "promotion_minimum"
        self.call("apply_promotion", refusal, code=self.code)
        self.model.code = self.model.code or refusal is None

    # Money

    def amounts(self) -> tuple[int, int, int]:
        """Goods, discount and total of the cart."""
        goods = sum(self.prices[which] * quantity for which, (quantity, _) in self.model.cart.items())
        discount = cents(Decimal(goods) / 10) if self.model.code and goods >= 8_000 else 0
        wrap = sum(300 * quantity for quantity, wrapped in self.model.cart.values() if wrapped)
        delivery = 0 if self.plus or goods >= 5_000 else 499
        return goods, discount, goods - discount + wrap + delivery + cents(Decimal(goods - discount) * 8 / 100)

    @rule(by_gift_card=st.booleans())
    def buy(self, by_gift_card: bool) -> None:
        self.wait(timedelta(minutes=5))
        method, (goods, discount, total) = self.gift if by_gift_card else 1, self.amounts()
        cart, refusal = self.model.cart, None
        if not cart:
            refusal = "empty_cart"
        elif any(quantity > self.model.stock[which] for which, (quantity, _) in cart.items()):
            refusal = "out_of_stock"
        elif by_gift_card and total > self.model.balance:
            refusal = "gift_card_covers"
        pay = {"method_id": method, "address_id": 1, "expected_total_cents": total}
        done = self.call("checkout", refusal, **pay)
        if done is None:
            return
        shown = self.counter("show_order", order_id=done["order_id"])["items"]
        lines = {
            item["item_id"]: Line(self.skus.index(item["sku"]), item["quantity"], item["price_cents"]) for item in shown
        }
        self.model.orders[done["order_id"]] = Bought(lines, method, goods, discount, total)
        for which, (quantity, _) in cart.items():
            self.model.stock[which] -= quantity
        self.model.balance -= total if by_gift_card else 0
        self.model.cart, self.model.code = {}, False

    def give_back(self, order: Bought, amount: int) -> None:
        order.given += amount
        self.model.balance += amount if order.method == self.gift else 0

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.model.orders)))
        order, status = self.model.orders[number], self.counter("show_order", order_id=number)["status"]
        assert (status == "cancelled") == order.cancelled
        refusal = {"processing": None, "cancelled": "already_cancelled"}.get(status, "already_shipped")
        self.call("cancel_order", refusal, order_id=number, reason="no longer needed")
        if refusal is None:
            order.cancelled = True
            self.wait(timedelta(minutes=61))
            self.give_back(order, order.paid)
            for line in order.lines.values():
                self.model.stock[line.which] += line.quantity

    @rule(data=st.data(), at_the_desk=st.booleans())
    def complain(self, data: st.DataObject, at_the_desk: bool) -> None:
        """Everything is damaged: it is sent back and refunded after inspection, or refunded at once at the desk."""
        number = data.draw(st.sampled_from(sorted(self.model.orders)))
        order, shown = self.model.orders[number], self.counter("show_order", order_id=number)
        item = data.draw(st.sampled_from(sorted(order.lines)))
        line, refusal, days = order.lines[item], None, 0
        if shown["status"] == "delivered":
            days = (date.fromisoformat(shown["today"]) - date.fromisoformat(shown["delivered"])).days
        if shown["status"] != "delivered":
            refusal = "not_delivered"
        elif days > 30:
            refusal = "return_window"
        elif line.status != "ordered":
            refusal = "already_handled"
        if at_the_desk:
            self.counter.verify(self.counter.plant(lambda plant: plant.owner()))
            about = {"customer_id": 1, "order_id": number, "item_id": item, "problem": "damaged"}
            self.call("refund_item", refusal, **about)
        else:
            self.call("return_item", refusal, order_id=number, item_id=item, reason="damaged")
        if refusal is None:
            line.status = "refunded" if at_the_desk else "returned"
            self.wait(timedelta(days=4))
            self.give_back(order, order.share(line))

    @rule(days=st.sampled_from((1, 8, 20)))
    def live_on(self, days: int) -> None:
        self.wait(timedelta(days=days))

    @invariant()
    def agrees(self) -> None:
        shown = self.counter("show_cart")
        lines = {line["sku"]: (line["quantity"], line["gift_wrap"]) for line in shown["lines"]}
        assert lines == {self.skus[i]: kept for i, kept in self.model.cart.items()}
        assert not self.model.cart or shown["total_cents"] == self.amounts()[2]

    @invariant()
    def stock_and_money_add_up(self) -> None:
        stock = self.counter.sql(f"SELECT id, stock FROM shop_variant WHERE id IN ({', '.join(map(str, self.ids))})")
        assert dict(stock) == dict(zip(self.ids, self.model.stock, strict=True))
        balance = self.counter.sql(f"SELECT balance FROM shop_payment_method WHERE id = {self.gift}")
        assert balance == [(self.model.balance,)]
        paid = self.counter.sql("SELECT order_id, sum(amount) FROM shop_payment GROUP BY order_id")
        given = self.counter.sql("SELECT order_id, sum(amount) FROM shop_refund GROUP BY order_id")
        taken, back = dict(paid), dict(given)
        for number, order in self.model.orders.items():
            assert (taken[number], back.get(number, 0)) == (order.paid, order.given)
            assert order.given <= order.paid

    def teardown(self) -> None:
        self.counter.world.close()


def test_cart_stock_and_money_agree_with_a_plain_model(sandbox: LocalSandbox) -> None:
    run_state_machine_as_test(
        lambda: Shopping(sandbox),  # pyright: ignore[reportArgumentType]
        settings=settings(max_examples=20, stateful_step_count=15, deadline=None),
    )
