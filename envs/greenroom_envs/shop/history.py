"""Two years of orders: heavy-tailed buyers and goods, seasonal prices, parcels, refunds, reviews."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from random import Random
from typing import Any

from greenroom.cast import OWNER
from greenroom_envs.shop import goods, ledger, models
from greenroom_envs.shop.answers import QUESTIONS, Known, answer_to
from greenroom_envs.shop.ledger import STAGES
from greenroom_envs.shop.opinions import review_text
from greenroom_envs.shop.policy import CANCEL_REASONS
from greenroom_envs.shop.pricing import Line, paid_for, quote

Rows = list[dict[str, Any]]
COURIER_DAYS = (2, 3, 5)
SCANNED = timedelta(days=30)
ANSWERED = timedelta(hours=5)
WAYS_BACK = ("does not fit", "damaged", "damaged", "not as described", "no longer needed", "no longer needed")
WHEN_BOUGHT = (1, 1, 1, 1, 1, 2, 4, 6, 7, 8, 8, 9, 10, 9, 9, 9, 10, 11, 13, 15, 16, 14, 8, 3)
"""How many buy in each hour of the day."""
CAME_AT = time(15)
"""Parcels come from then on, UTC, within `CAME_WITHIN` hours: daylight in America and Europe alike."""
CAME_WITHIN = 6
SEEN = (0.0, 0.12, 0.6)
"""How far on its way a parcel is when it is labelled, collected and in transit."""
OUT_FOR = timedelta(hours=3)


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
    shipped: datetime
    promised: date
    arrives: datetime


class History:
    """Makes the rows of the past.

    Args:
        rng: The world's randomness.
        now: When the world starts.
        people: Rows of buyers: id, tier, the addresses that they send to, their cards.
        products: Rows of products, with their `shelf`; their ratings are set by the reviews.
        variants: Rows of variants, with their `base` prices.
        hours: Within how many hours each seller hands over.
        days: How far back it goes.

    Attributes:
        rows: What to insert, by model, in an order that foreign keys allow.
        waiting: Orders that have not shipped.
    """

    def __init__(
        self,
        rng: Random,
        now: datetime,
        people: Rows,
        products: Rows,
        variants: Rows,
        hours: dict[int, int],
        days: int,
    ) -> None:
        self.rng, self.now, self.products, self.variants, self.days = rng, now, products, variants, days
        self.hours, self.of_product = hours, defaultdict[int, Rows](list)
        for variant in variants:
            self.of_product[variant["product_id"]].append(variant)
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
            placed = self._waking_hour((self.now - timedelta(days=age)).replace(microsecond=0))
            self._order(f"W{number}", buyer, placed)
        self._subscriptions()
        self._questions()
        for product in self.products:
            product["ratings"] = len(self.stars[product["id"]]) + int(self.rng.paretovariate(0.9) * 2)
            if stars := self.stars.get(product["id"]):
                product["rating"] = sum(stars) * 10 // len(stars)

    def _waking_hour(self, moment: datetime) -> datetime:
        """The same day at an hour at which people buy; what is of today stays as it is."""
        hour = self.rng.choices(range(24), WHEN_BOUGHT)[0]
        return moment.replace(hour=hour) if moment.date() < self.now.date() else moment

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
            self._add(ledger.Refund, {**back, "reason": rng.choice(CANCEL_REASONS), "made_at": min(made, self.now)})

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
        shipped = placed + timedelta(minutes=rng.randrange(240, 1_440))
        if shipped > self.now:
            return "processing", None, []
        shipments = [self._shipment(seller, shipped) for seller in sellers]
        last = max(shipment.arrives for shipment in shipments)
        return ("delivered", last, shipments) if last <= self.now else ("shipped", None, shipments)

    def _shipment(self, seller: int, shipped: datetime) -> Shipment:
        courier = self.rng.randrange(len(COURIER_DAYS))
        late = self.rng.choice((0,) * 16 + (1, 1, 2, 4))
        promised = (shipped + timedelta(days=COURIER_DAYS[courier])).date()
        arrives = came_on(self.rng, promised + timedelta(days=late))
        return Shipment(seller, courier + 1, shipped, promised, arrives)

    def _parcel(self, number: str, position: int, shipment: Shipment) -> None:
        seen = seen_at(shipment.shipped, shipment.arrives, len(STAGES))
        seen = [at for at in seen if at <= self.now]
        parcel = {
            "order_id": number,
            "seller_id": shipment.seller,
            "courier_id": shipment.courier,
            "tracking": tracking(number, position),
            "status": STAGES[len(seen) - 1],
            "promised_on": shipment.promised,
            "expected_on": shipment.arrives.date(),
        }
        parcel_id = self._add(ledger.Parcel, parcel)
        if self.now - shipment.arrives > SCANNED:
            return
        for stage, at in zip(STAGES, seen, strict=False):
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
        opened = order["delivered_at"] + timedelta(minutes=self.rng.randrange(600, 8_000))
        label, why = f"RET-{order['id']}-{item}", self.rng.choice(WAYS_BACK)
        row = {"customer_id": order["customer_id"], "item_id": item, "reason": why, "status": "refunded"}
        self._add(ledger.Return, {**row, "label": label, "opened_at": opened})
        made = opened + timedelta(days=3, minutes=self.rng.randrange(600))
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
        known = self.products[product - 1]
        text = review_text(self.rng, stars, known["noun"], known["material"])
        waited = timedelta(minutes=int(1_440 * self.rng.uniform(0.5, 20)))
        written = min(order["delivered_at"] + waited, self.now - timedelta(hours=1))
        self._add(models.Review, {**row, "text": text, "written_at": written})

    def _subscriptions(self) -> None:
        for buyer in self.buyers[:: max(10, len(self.buyers) // 300)]:
            weeks = self.rng.choice((2, 4, 4, 6, 8))
            row = {"customer_id": buyer["id"], "variant_id": self.rng.choice(self.variants)["id"], "weeks": weeks}
            due = (self.now + timedelta(days=self.rng.randrange(1, weeks * 7))).date()
            self._add(ledger.Subscription, {**row, "next_on": due, "active": True})

    def _questions(self) -> None:
        for _ in range(len(self.products) // 2):
            product, text = self.rng.choice(self.products), self.rng.choice(QUESTIONS)
            asked = self.now - timedelta(minutes=self.rng.randrange(10, 430_000))
            row = {"product_id": product["id"], "customer_id": self.rng.choice(self.buyers)["id"]}
            answer = answer_to(text, self._known(product)) if self.now - asked > ANSWERED else None
            self._add(models.Question, {**row, "text": text, "answer": answer, "asked_at": asked})

    def _known(self, product: dict[str, Any]) -> Known:
        """What its seller knows of a product."""
        variants = self.of_product[product["id"]]
        return Known(
            product["description"],
            product["material"],
            product["warranty_years"],
            product["weight_grams"],
            product["final_sale"],
            tuple(dict.fromkeys(v["colour"] for v in variants)),
            tuple(dict.fromkeys(v["size"] for v in variants if v["size"])),
            sum(v["stock"] for v in variants),
            self.hours[product["seller_id"]],
        )

    def _add(self, model: type[models.Base], row: dict[str, Any]) -> int:
        """Keep a row; returns its number. Orders have theirs already."""
        rows = self.rows[model]
        number = len(rows) + 1
        rows.append(row if "id" in row else {"id": number, **row})
        return number


def came_on(rng: Random, day: date) -> datetime:
    """A moment of a day at which couriers ring."""
    return datetime.combine(day, CAME_AT) + timedelta(minutes=rng.randrange(CAME_WITHIN * 60))


def seen_at(first: datetime, last: datetime, stages: int) -> list[datetime]:
    """When a parcel was seen at so many of its stages; it came, or was seen last, in the end."""
    way = last - first
    seen = [(first + way * part).replace(microsecond=0) for part in SEEN]
    return [*seen, last - OUT_FOR, last][:stages]


def tracking(order_id: str, position: int) -> str:
    """The tracking number of an order's parcel: `TR482130`, of its second one `TR482130-2`."""
    return f"TR{order_id[1:]}{f'-{position + 1}' if position else ''}"
