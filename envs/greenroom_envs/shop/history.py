"""Two years of orders: heavy-tailed buyers and goods, seasonal prices, parcels, refunds, reviews."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Any

from greenroom.cast import OWNER
from greenroom_envs.shop import goods, ledger, models
from greenroom_envs.shop.ledger import STAGES
from greenroom_envs.shop.pricing import Line, quote

Rows = list[dict[str, Any]]
COURIER_DAYS = (2, 3, 5)
SCANNED = timedelta(days=30)


class History:
    """Makes the rows of the past.

    Args:
        rng: The world's randomness.
        now: When the world starts.
        customers: Ids of buyers.
        products: Rows of products, with their `shelf`; their ratings are set by the reviews.
        variants: Rows of variants, with their `base` prices.
        days: How far back it goes.

    Attributes:
        rows: What to insert, by model, in an order that foreign keys allow.
        waiting: Orders that have not shipped.
    """

    def __init__(
        self, rng: Random, now: datetime, customers: Sequence[int], products: Rows, variants: Rows, days: int
    ) -> None:
        self.rng, self.now, self.products, self.variants, self.days = rng, now, products, variants, days
        self.customers, self.waiting = self._ranked(customers), list[str]()
        self.buyers = list(accumulate(1 / (rank + 10) for rank in range(len(customers))))
        self.popular = list(accumulate(1 / (rank + 5) for rank in range(len(variants))))
        # Popular goods lie anywhere on the shelves, not at their beginning.
        self.shelf_order = rng.sample(range(len(variants)), len(variants))
        models_in_order = (
            ledger.Order,
            ledger.OrderItem,
            ledger.Payment,
            ledger.Refund,
            ledger.Parcel,
            ledger.ParcelScan,
            ledger.Return,
            ledger.Subscription,
            models.Review,
            models.Question,
        )
        self.rows: dict[type[models.Base], Rows] = {model: [] for model in models_in_order}
        self.stars: dict[int, list[int]] = defaultdict(list)
        self.reviewed: set[tuple[int, int]] = set()

    def _ranked(self, customers: Sequence[int]) -> list[int]:
        """Who buys most comes first; the owner buys as people do who are neither first nor last."""
        ranked = self.rng.sample([c for c in customers if c != OWNER], len(customers) - 1)
        ranked.insert(len(ranked) // 3, OWNER)
        return ranked

    def write(self, orders: int, people: dict[int, dict[str, Any]]) -> None:
        """Make everything: so many orders, oldest first."""
        numbers = self.rng.sample(range(100_000, 10_000_000), orders)
        ages = sorted((self.rng.random() ** 1.5 * self.days for _ in range(orders)), reverse=True)
        for number, age in zip(numbers, ages, strict=True):
            customer = self.rng.choices(self.customers, cum_weights=self.buyers)[0]
            placed = (self.now - timedelta(days=age)).replace(microsecond=0)
            self._order(f"W{number}", people[customer], placed)
        self._subscriptions()
        self._questions()
        for product in self.products:
            if stars := self.stars.get(product["id"]):
                product["rating"] = sum(stars) * 10 // len(stars)

    def _order(self, number: str, buyer: dict[str, Any], placed: datetime) -> None:
        rng = self.rng
        lines = self._lines(placed)
        amounts = quote([Line(price, quantity) for _, quantity, price in lines])
        status, delivered = self._fate(number, placed)
        order = {
            "id": number,
            "customer_id": buyer["id"],
            "placed_at": placed,
            "status": status,
            **{key: buyer[key] for key in ("street", "city", "postcode")},
            "method_id": buyer["id"],
            "goods": amounts.goods,
            "discount": 0,
            "wrap": 0,
            "delivery": amounts.delivery,
            "tax": amounts.tax,
            "total": amounts.total,
            "promotion": None,
            "delivered_at": delivered,
            "claim_code": None,
            "version": {"processing": 1, "shipped": 2, "cancelled": 2}.get(status, 3),
        }
        self._add(ledger.Order, order)
        for variant, quantity, price in lines:
            self._item(order, variant, quantity, price)
        paid = {"order_id": number, "method_id": buyer["id"], "amount": amounts.total, "paid_at": placed}
        self._add(ledger.Payment, paid)
        if status == "cancelled":
            made = placed + timedelta(minutes=rng.randrange(5, 200))
            back = {"order_id": number, "method_id": buyer["id"], "amount": amounts.total}
            self._add(ledger.Refund, {**back, "reason": "no longer needed", "made_at": made})

    def _lines(self, placed: datetime) -> list[tuple[dict[str, Any], int, int]]:
        """Different variants, with quantity and the price of that day."""
        wanted = self.rng.choice((1, 1, 1, 2, 2, 3, 4))
        picks = self.rng.choices(self.shelf_order, cum_weights=self.popular, k=wanted)
        lines: list[tuple[dict[str, Any], int, int]] = []
        for index in dict.fromkeys(picks):
            variant = self.variants[index]
            shelf = self.products[variant["product_id"] - 1]["shelf"]
            price = goods.seasonal(shelf, variant["base"], placed.date())
            lines.append((variant, self.rng.choice((1, 1, 1, 1, 2, 3)), price))
        return lines

    def _fate(self, number: str, placed: datetime) -> tuple[str, datetime | None]:
        """What became of an order by now; ships within a day, then its parcel travels."""
        age, rng = self.now - placed, self.rng
        if rng.random() < 0.04 and age > timedelta(hours=6):
            return "cancelled", None
        shipped = placed + timedelta(hours=rng.randrange(4, 24))
        if shipped > self.now:
            self.waiting.append(number)
            return "processing", None
        days = rng.choice(COURIER_DAYS)
        late = rng.choice((0,) * 16 + (1, 1, 2, 4))
        promised = shipped + timedelta(days=days)
        arrives = promised + timedelta(days=late, hours=-rng.randrange(0, 10))
        if arrives > self.now:
            self._parcel(number, days, promised, arrives, rng.choice(STAGES[:4]))
            return "shipped", None
        self._parcel(number, days, promised, arrives, "delivered")
        return "delivered", arrives

    def _parcel(self, number: str, days: int, promised: datetime, arrives: datetime, status: str) -> None:
        parcel = {
            "order_id": number,
            "courier_id": COURIER_DAYS.index(days) + 1,
            "tracking": f"TR{number[1:]}",
            "status": status,
            "promised_on": promised.date(),
            "expected_on": arrives.date(),
        }
        parcel_id = self._add(ledger.Parcel, parcel)
        if self.now - arrives > SCANNED:
            return
        seen = STAGES[: STAGES.index(status) + 1]
        for back, stage in enumerate(reversed(seen)):
            at = min(arrives, self.now) - timedelta(hours=11 * back)
            self._add(ledger.ParcelScan, {"parcel_id": parcel_id, "status": stage, "seen_at": at})

    def _item(self, order: dict[str, Any], variant: dict[str, Any], quantity: int, price: int) -> None:
        row = {
            "order_id": order["id"],
            "variant_id": variant["id"],
            "quantity": quantity,
            "price": price,
            "gift_wrap": False,
            "status": "ordered",
        }
        item = self._add(ledger.OrderItem, row)
        if order["delivered_at"] is None:
            return
        draw, age = self.rng.random(), self.now - order["delivered_at"]
        if draw < 0.05 and age > timedelta(days=9):
            self.rows[ledger.OrderItem][-1]["status"] = "returned"
            self._returned(order, item, price * quantity)
        elif draw < 0.3:
            self._review(order, variant["product_id"])

    def _returned(self, order: dict[str, Any], item: int, value: int) -> None:
        opened = order["delivered_at"] + timedelta(days=self.rng.randrange(1, 6))
        label = f"RET-{order['id']}-{item}"
        row = {"customer_id": order["customer_id"], "item_id": item, "reason": "does not fit", "status": "refunded"}
        self._add(ledger.Return, {**row, "label": label, "opened_at": opened})
        made = opened + timedelta(days=3)
        refund = {"order_id": order["id"], "method_id": order["method_id"], "amount": value}
        self._add(ledger.Refund, {**refund, "reason": f"return {label}", "made_at": made})

    def _review(self, order: dict[str, Any], product: int) -> None:
        who = (product, order["customer_id"])
        if who in self.reviewed:
            return
        self.reviewed.add(who)
        quality = self.products[product - 1]["rating"] / 10
        stars = min(5, max(1, round(self.rng.gauss(quality, 0.9))))
        self.stars[product].append(stars)
        row = {"product_id": product, "customer_id": order["customer_id"], "stars": stars}
        text = self.rng.choice(goods.PRAISE[stars])
        self._add(models.Review, {**row, "text": text, "written_at": order["delivered_at"] + timedelta(days=2)})

    def _subscriptions(self) -> None:
        for customer in self.customers[:: max(10, len(self.customers) // 300)]:
            weeks = self.rng.choice((2, 4, 4, 6, 8))
            row = {"customer_id": customer, "variant_id": self.rng.choice(self.variants)["id"], "weeks": weeks}
            due = (self.now + timedelta(days=self.rng.randrange(1, weeks * 7))).date()
            self._add(ledger.Subscription, {**row, "next_on": due, "active": True})

    def _questions(self) -> None:
        for _ in range(len(self.products) // 2):
            text, answer = self.rng.choice(goods.QUESTIONS)
            asked = self.now - timedelta(days=self.rng.randrange(1, 300))
            row = {"product_id": self.rng.choice(self.products)["id"], "customer_id": self.rng.choice(self.customers)}
            self._add(models.Question, {**row, "text": text, "answer": answer, "asked_at": asked})

    def _add(self, model: type[models.Base], row: dict[str, Any]) -> int:
        """Keep a row; returns its number. Orders have theirs already."""
        rows = self.rows[model]
        number = len(rows) + 1
        rows.append(row if "id" in row else {"id": number, **row})
        return number
