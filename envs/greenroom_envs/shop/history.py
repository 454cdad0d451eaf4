"""Two years of orders: heavy-tailed buyers and goods, seasonal prices, parcels, refunds, reviews."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Any

from greenroom.cast import OWNER
from greenroom_envs.shop import goods, ledger, models
from greenroom_envs.shop.ledger import STAGES
from greenroom_envs.shop.pricing import Line, paid_for, quote

Rows = list[dict[str, Any]]
COURIER_DAYS = (2, 3, 5)
SCANNED = timedelta(days=30)
WAYS_BACK = ("does not fit", "damaged", "not as described", "no longer needed")


@dataclass(frozen=True)
class Bought:
    """One line of an order in the making."""

    variant: dict[str, Any]
    quantity: int
    price: int
    gift_wrap: bool


@dataclass(frozen=True)
class Shipment:
    """What one seller sends of an order: `arrives` may lie in the future."""

    seller: int
    courier: int
    promised: datetime
    arrives: datetime


class History:
    """Makes the rows of the past.

    Args:
        rng: The world's randomness.
        now: When the world starts.
        people: Rows of buyers: id, tier, the addresses that they send to, their cards.
        products: Rows of products, with their `shelf`; their ratings are set by the reviews.
        variants: Rows of variants, with their `base` prices.
        days: How far back it goes.

    Attributes:
        rows: What to insert, by model, in an order that foreign keys allow.
        waiting: Orders that have not shipped.
    """

    def __init__(self, rng: Random, now: datetime, people: Rows, products: Rows, variants: Rows, days: int) -> None:
        self.rng, self.now, self.products, self.variants, self.days = rng, now, products, variants, days
        self.buyers, self.waiting = self._ranked(people), list[str]()
        self.busy = list(accumulate(1 / (rank + 10) for rank in range(len(people))))
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
        self.given: dict[str, int] = defaultdict(int)

    def _ranked(self, people: Rows) -> Rows:
        """Who buys most comes first; the owner buys as people do who are neither first nor last."""
        others, owner = [p for p in people if p["id"] != OWNER], [p for p in people if p["id"] == OWNER]
        ranked = self.rng.sample(others, len(others))
        return [*ranked[: len(ranked) // 3], *owner, *ranked[len(ranked) // 3 :]]

    def write(self, orders: int) -> None:
        """Make everything: so many orders, oldest first."""
        numbers = self.rng.sample(range(100_000, 10_000_000), orders)
        ages = sorted((self.rng.random() ** 1.5 * self.days for _ in range(orders)), reverse=True)
        for number, age in zip(numbers, ages, strict=True):
            buyer = self.rng.choices(self.buyers, cum_weights=self.busy)[0]
            placed = (self.now - timedelta(days=age)).replace(microsecond=0)
            self._order(f"W{number}", buyer, placed)
        self._subscriptions()
        self._questions()
        for product in self.products:
            if stars := self.stars.get(product["id"]):
                product["rating"] = sum(stars) * 10 // len(stars)

    def _order(self, number: str, buyer: dict[str, Any], placed: datetime) -> None:
        rng = self.rng
        lines, percent = self._lines(placed), rng.choice((0,) * 9 + (10,))
        priced = [Line(line.price, line.quantity, line.gift_wrap) for line in lines]
        amounts = quote(priced, percent, plus=buyer["tier"] == "plus")
        sellers: list[int] = [self.products[line.variant["product_id"] - 1]["seller_id"] for line in lines]
        status, delivered, shipments = self._fate(placed, list(dict.fromkeys(sellers)))
        order = {
            "id": number,
            "customer_id": buyer["id"],
            "placed_at": placed,
            "status": status,
            **rng.choice(buyer["places"]),
            "method_id": buyer["id"],
            "goods": amounts.goods,
            "discount": amounts.discount,
            "wrap": amounts.wrap,
            "delivery": amounts.delivery,
            "tax": amounts.tax,
            "total": amounts.total,
            "promotion": None,
            "delivered_at": delivered,
            "claim_code": None,
            "version": {"processing": 1, "shipped": 2, "cancelled": 2}.get(status, 3),
        }
        self._add(ledger.Order, order)
        if status == "processing":
            self.waiting.append(number)
        for line in lines:
            self._item(order, line)
        for position, shipment in enumerate(shipments):
            self._parcel(number, position, shipment)
        paid = {"order_id": number, "method_id": buyer["id"], "amount": amounts.total, "paid_at": placed}
        self._add(ledger.Payment, paid)
        if status == "cancelled":
            made = placed + timedelta(minutes=rng.randrange(5, 200))
            back = {"order_id": number, "method_id": buyer["id"], "amount": amounts.total}
            self._add(ledger.Refund, {**back, "reason": "no longer needed", "made_at": made})

    def _lines(self, placed: datetime) -> list[Bought]:
        """Different variants, with quantity and the price of that day."""
        wanted, wrapped = self.rng.choice((1, 1, 1, 2, 2, 3, 4)), self.rng.random() < 0.06
        picks = self.rng.choices(self.shelf_order, cum_weights=self.popular, k=wanted)
        lines: list[Bought] = []
        for index in dict.fromkeys(picks):
            variant = self.variants[index]
            number: int = variant["product_id"]
            product = self.products[number - 1]
            price = goods.seasonal(product["shelf"], variant["base"], placed.date())
            lines.append(Bought(variant, self.rng.choice((1, 1, 1, 1, 2, 3)), price, wrapped))
        return lines

    def _fate(self, placed: datetime, sellers: list[int]) -> tuple[str, datetime | None, list[Shipment]]:
        """What became of an order by now; every seller ships within a day, then a parcel travels."""
        age, rng = self.now - placed, self.rng
        if rng.random() < 0.04 and age > timedelta(hours=6):
            return "cancelled", None, []
        shipped = placed + timedelta(hours=rng.randrange(4, 24))
        if shipped > self.now:
            return "processing", None, []
        shipments = [self._shipment(seller, shipped) for seller in sellers]
        last = max(shipment.arrives for shipment in shipments)
        return ("delivered", last, shipments) if last <= self.now else ("shipped", None, shipments)

    def _shipment(self, seller: int, shipped: datetime) -> Shipment:
        courier = self.rng.randrange(len(COURIER_DAYS))
        late = self.rng.choice((0,) * 16 + (1, 1, 2, 4))
        promised = shipped + timedelta(days=COURIER_DAYS[courier])
        arrives = promised + timedelta(days=late, hours=-self.rng.randrange(0, 10))
        return Shipment(seller, courier + 1, promised, arrives)

    def _parcel(self, number: str, position: int, shipment: Shipment) -> None:
        came = shipment.arrives <= self.now
        status = "delivered" if came else self.rng.choice(STAGES[:4])
        parcel = {
            "order_id": number,
            "seller_id": shipment.seller,
            "courier_id": shipment.courier,
            "tracking": tracking(number, position),
            "status": status,
            "promised_on": shipment.promised.date(),
            "expected_on": max(shipment.promised, shipment.arrives).date() if not came else shipment.arrives.date(),
        }
        parcel_id = self._add(ledger.Parcel, parcel)
        if self.now - shipment.arrives > SCANNED:
            return
        seen = STAGES[: STAGES.index(status) + 1]
        for back, stage in zip(range(len(seen) - 1, -1, -1), seen, strict=True):
            at = min(shipment.arrives, self.now - timedelta(hours=1)) - timedelta(hours=11 * back)
            self._add(ledger.ParcelScan, {"parcel_id": parcel_id, "status": stage, "seen_at": at})

    def _item(self, order: dict[str, Any], line: Bought) -> None:
        row = {
            "order_id": order["id"],
            "variant_id": line.variant["id"],
            "quantity": line.quantity,
            "price": line.price,
            "gift_wrap": line.gift_wrap,
            "status": "ordered",
        }
        item = self._add(ledger.OrderItem, row)
        if order["delivered_at"] is None:
            return
        draw, age = self.rng.random(), self.now - order["delivered_at"]
        if draw < 0.05 and age > timedelta(days=9):
            self.rows[ledger.OrderItem][-1]["status"] = "returned"
            value = paid_for(line.price, line.quantity, order["goods"], order["discount"])
            self._returned(order, item, min(value, order["total"] - self.given[order["id"]]))
        elif draw < 0.3 and age > timedelta(days=2):
            self._review(order, line.variant["product_id"])

    def _returned(self, order: dict[str, Any], item: int, value: int) -> None:
        opened = order["delivered_at"] + timedelta(days=self.rng.randrange(1, 6))
        label, why = f"RET-{order['id']}-{item}", self.rng.choice(WAYS_BACK)
        row = {"customer_id": order["customer_id"], "item_id": item, "reason": why, "status": "refunded"}
        self._add(ledger.Return, {**row, "label": label, "opened_at": opened})
        made = opened + timedelta(days=3)
        self.given[order["id"]] += value
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
        for buyer in self.buyers[:: max(10, len(self.buyers) // 300)]:
            weeks = self.rng.choice((2, 4, 4, 6, 8))
            row = {"customer_id": buyer["id"], "variant_id": self.rng.choice(self.variants)["id"], "weeks": weeks}
            due = (self.now + timedelta(days=self.rng.randrange(1, weeks * 7))).date()
            self._add(ledger.Subscription, {**row, "next_on": due, "active": True})

    def _questions(self) -> None:
        for _ in range(len(self.products) // 2):
            product, text = self.rng.choice(self.products), self.rng.choice(list(goods.QUESTIONS.values()))
            asked = self.now - timedelta(days=self.rng.randrange(1, 300))
            row = {"product_id": product["id"], "customer_id": self.rng.choice(self.buyers)["id"]}
            known = goods.Details(product["material"], product["warranty_years"], product["weight_grams"])
            answer = goods.answer_to(text, known)
            self._add(models.Question, {**row, "text": text, "answer": answer, "asked_at": asked})

    def _add(self, model: type[models.Base], row: dict[str, Any]) -> int:
        """Keep a row; returns its number. Orders have theirs already."""
        rows = self.rows[model]
        number = len(rows) + 1
        rows.append(row if "id" in row else {"id": number, **row})
        return number


def tracking(order_id: str, position: int) -> str:
    """The tracking number of an order's parcel: `TR482130`, of its second one `TR482130-2`."""
    return f"TR{order_id[1:]}{f'-{position + 1}' if position else ''}"
