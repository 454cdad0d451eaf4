"""Puts a task's goods, orders and subscriptions into a fork."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from greenroom import Split, World
from greenroom.cast import OWNER, STREET_KINDS
from greenroom.names import split_of, word
from greenroom_envs.shop import goods
from greenroom_envs.shop.counter import utc_now
from greenroom_envs.shop.history import came_on, seen_at, tracking
from greenroom_envs.shop.ledger import (
    STAGES,
    Order,
    OrderItem,
    Parcel,
    ParcelScan,
    Payment,
    Return,
    Subscription,
)
from greenroom_envs.shop.models import Address, CartItem, Customer, PaymentMethod, Product, Promotion, Seller, Variant
from greenroom_envs.shop.orders import new_order_id
from greenroom_envs.shop.pricing import Line, quote

HANDED_OVER = timedelta(hours=5)
WORN = ("clothing", "shoes")
FIRST_SELLER = select(Seller.id).order_by(Seller.id).limit(1)


class Plant:
    """What one task adds to a world. Its rows have large, drawn ids: no two tasks of a family share any.

    Args:
        world: A fresh fork, in a transaction.
        split: Whose words are used.
    """

    def __init__(self, world: World, split: Split) -> None:
        self.world, self.split, self.rng, self.now = world, split, world.random, utc_now(world)
        self._called: dict[str, set[str]] = {}
        self._made: dict[int, tuple[str, goods.Shelf, goods.Kind]] = {}

    def number(self) -> int:
        """An id that nothing has."""
        return self.rng.randrange(1_000_000, 100_000_000)

    def owner(self) -> Customer:
        """Whom the agent shops for."""
        return self.world.session.get_one(Customer, OWNER)

    def caller(self) -> Customer:
        """Some customer, not the owner, who calls the service desk."""
        everyone = self.world.session.scalars(select(Customer.id).where(Customer.id != OWNER).order_by(Customer.id))
        return self.world.session.get_one(Customer, self.rng.choice(everyone.all()))

    def card(self, customer: Customer) -> PaymentMethod:
        """A customer's card: its id is the customer's."""
        return self.world.session.get_one(PaymentMethod, customer.id)

    def home(self, customer: Customer) -> Address:
        """A customer's default address: its id is the customer's."""
        return self.world.session.get_one(Address, customer.id)

    def product(
        self,
        *,
        like: Variant | None = None,
        final_sale: bool = False,
        same_price: bool = False,
        variants: int = 3,
        rating: int | None = None,
        worn: bool = False,
    ) -> list[Variant]:
        """The variants of a new product.

        Args:
            like: Of this one's brand and kind, called almost the same; else of a brand that nothing else has.
            final_sale: Whether it is never taken back.
            same_price: Whether all variants cost the same.
            variants: How many.
            rating: In tenths of a star; any when None.
            worn: Whether it is something to wear, which may not fit.
        """
        rng = self.rng
        brand, shelf, kind = self._made[like.product_id] if like else self._new_brand(variants, worn=worn)
        base = self._price(rng.randrange(kind.low, kind.high))
        title, known = f"{brand} {self._adjective(brand)} {kind.noun}", goods.details(rng, shelf, kind)
        product = Product(
            id=self.number(),
            title=title,
            brand=brand,
            description=goods.description(rng, title, kind, known),
            category_id=goods.SHELVES.index(shelf) + 1,
            seller_id=self.world.session.scalars(FIRST_SELLER).one(),
            price=base,
            rating=rng.randrange(30, 50) if rating is None else rating,
            ratings=int(rng.paretovariate(0.9) * 3),
            final_sale=final_sale,
            material=known.material,
            warranty_years=known.warranty_years,
            weight_grams=known.weight_grams,
        )
        prices = [base]
        while len(prices) < variants:
            prices.append(base if same_price else self._price(prices[-1] + rng.randrange(100, 400)))
        made = [
            Variant(
                id=self.number(),
                sku=goods.sku_of(brand, product.id, number),
                product_id=product.id,
                colour=colour,
                size=size,
                price=prices[number - 1],
                stock=rng.randrange(20, 90),
                product=product,
            )
            for number, (colour, size) in enumerate(rng.sample(goods.options(kind, self.split), variants), 1)
        ]
        product.price = made[0].price
        self.world.session.add_all([product, *made])
        self.world.session.flush()
        self._made[product.id] = (brand, shelf, kind)
        return made

    def is_worn(self, variant: Variant) -> bool:
        """Whether a planted variant is something to wear."""
        return self._made[variant.product_id][1].name in WORN

    def _price(self, about: int) -> int:
        """The next price from there on that ends in 9 and is one of the split's."""
        tens = about // 10
        while split_of(f"price {tens}") != self.split:
            tens += 1
        return tens * 10 + 9

    def digits(self, low: int, high: int) -> int:
        """A number of the split's: no two splits have the same card, code or amount."""
        while True:
            number = self.rng.randrange(low, high)
            if split_of(str(number)) == self.split:
                return number

    def _new_brand(self, variants: int, *, worn: bool) -> tuple[str, goods.Shelf, goods.Kind]:
        kinds = [
            (shelf, kind)
            for shelf in goods.SHELVES
            for kind in shelf.kinds
            if len(goods.options(kind, self.split)) >= variants and (not worn or shelf.name in WORN)
        ]
        shelf, kind = self.rng.choice(kinds)
        brand = goods.brand(self.rng, self.split)
        while brand in self._called or self._sells(brand):
            brand = goods.brand(self.rng, self.split)
        return brand, shelf, kind

    def _adjective(self, brand: str) -> str:
        """One that no other planted product of the brand has."""
        taken = self._called.setdefault(brand, set())
        chosen = self.rng.choice([word for word in goods.ADJECTIVES if word not in taken])
        taken.add(chosen)
        return chosen

    def _sells(self, brand: str) -> bool:
        return self.world.session.scalars(select(Product.id).where(Product.brand == brand).limit(1)).first() is not None

    def order(
        self,
        customer: Customer | None,
        variant: Variant,
        *,
        status: str = "delivered",
        days: int = 5,
        late: int = 0,
        code: str | None = None,
    ) -> Order:
        """An order of one item by a customer, or by a guest.

        Args:
            customer: Who bought; None for a guest with the owner's card.
            variant: What.
            status: Where it is: processing, shipped or delivered.
            days: How long ago it was delivered, or should have been.
            late: How many days after the promise it came, or is.
            code: A guest's claim code.
        """
        buyer = customer or self.owner()
        home, amounts = self.home(buyer), quote([Line(variant.price, 1)], plus=buyer.tier == "plus")
        ended = came_on(self.rng, (self.now - timedelta(days=days)).date())
        placed = self._placed(status, ended, late)
        order = Order(
            id=new_order_id(self.world),
            customer_id=customer.id if customer else None,
            placed_at=placed,
            status=status,
            street=home.street,
            city=home.city,
            postcode=home.postcode,
            method_id=buyer.id,
            goods=amounts.goods,
            discount=0,
            wrap=0,
            delivery=amounts.delivery,
            tax=amounts.tax,
            total=amounts.total,
            delivered_at=ended if status == "delivered" else None,
            claim_code=code,
            version={"processing": 1, "shipped": 2}.get(status, 3),
        )
        item = OrderItem(
            id=self.number(),
            order_id=order.id,
            variant_id=variant.id,
            quantity=1,
            price=variant.price,
            gift_wrap=False,
            status="ordered",
        )
        paid = Payment(order_id=order.id, method_id=buyer.id, amount=order.total, paid_at=placed)
        self.world.session.add(order)
        self.world.session.flush()
        self.world.session.add_all([item, paid])
        if status != "processing":
            parcel = self._parcel(order, status, days, late)
            self.world.session.add(parcel)
            self.world.session.flush()
            self._scan(order, parcel)
        self.world.session.flush()
        return order

    def _placed(self, status: str, ended: datetime, late: int) -> datetime:
        """When an order was placed that stands there now."""
        before = timedelta(minutes=self.rng.randrange(300))
        if status == "processing":
            return self.now - timedelta(minutes=30) - before / 2
        if status == "shipped":
            return self.now - timedelta(days=2 + late) - before
        return ended - timedelta(days=self.rng.randrange(3, 7) + late) - before

    def _scan(self, order: Order, parcel: Parcel) -> None:
        """Where a parcel was seen until it came, or until this morning."""
        stages = STAGES[: STAGES.index(parcel.status) + 1]
        seen = seen_at(order.placed_at + HANDED_OVER, order.delivered_at or self.now, len(stages))
        for stage, at in zip(stages, seen, strict=True):
            self.world.session.add(ParcelScan(parcel_id=parcel.id, status=stage, seen_at=at))

    def _parcel(self, order: Order, status: str, days: int, late: int) -> Parcel:
        """A parcel under way comes in so many days from now, when `days` is negative."""
        ended = order.delivered_at or self.now - timedelta(days=days)
        promised = (ended - timedelta(days=late)).date() if status == "delivered" else None
        expected = (self.now + timedelta(days=max(1, -days))).date()
        return Parcel(
            id=self.number(),
            order_id=order.id,
            seller_id=self.world.session.scalars(FIRST_SELLER).one(),
            courier_id=self.rng.randrange(1, 4),
            tracking=tracking(order.id, 0),
            status="delivered" if status == "delivered" else "in transit",
            promised_on=promised or ((self.now - timedelta(days=late)).date() if late else expected),
            expected_on=ended.date() if status == "delivered" else expected,
        )

    def item(self, order: Order) -> OrderItem:
        """The only item of a planted order."""
        return self.world.session.scalars(select(OrderItem).where(OrderItem.order_id == order.id)).one()

    def bystander(self, customer: Customer) -> Order:
        """An order of the same customer that no task is about and that could be cancelled."""
        return self.order(customer, self.product(variants=1)[0], status="processing")

    def fill_cart(self, customer: Customer, variant: Variant, quantity: int = 1) -> None:
        """Put something into a customer's cart."""
        line = CartItem(customer_id=customer.id, variant_id=variant.id, quantity=quantity, gift_wrap=False)
        self.world.session.add(line)
        self.world.session.flush()

    def claim_code(self) -> str:
        """What a guest's receipt may say."""
        return f"C{self.digits(10**7, 10**8)}"

    def promotion(self, minimum: int, percent: int | None = None) -> Promotion:
        """A code that is good for some days."""
        code = f"{word(self.rng, self.split).upper()}{self.rng.randrange(100, 999)}"
        ends = (self.now + timedelta(days=20)).date()
        made = Promotion(code=code, percent=percent or self.rng.choice((10, 15, 20, 25)), minimum=minimum, ends_on=ends)
        self.world.session.add(made)
        return made

    def second_card(self, customer: Customer) -> PaymentMethod:
        """Another card of a customer."""
        label = f"{self.rng.choice(('Visa', 'Mastercard'))} ending {self.digits(1_000, 10_000)}"
        good = (self.now + timedelta(days=400)).date()
        made = PaymentMethod(id=self.number(), customer_id=customer.id, kind="card", label=label, expires_on=good)
        self.world.session.add(made)
        self.world.session.flush()
        return made

    def gift_card(self, balance: int, owner: Customer | None = None) -> PaymentMethod:
        """A gift card, nobody's yet when it has no owner."""
        code = f"GIFT-{self.digits(1_000, 10_000)}-{self.digits(1_000, 10_000)}"
        made = PaymentMethod(
            id=self.number(),
            customer_id=owner.id if owner else None,
            kind="gift card",
            label=f"gift card {code[-4:]}",
            balance=balance,
            code=code,
        )
        self.world.session.add(made)
        self.world.session.flush()
        return made

    def address(self, customer: Customer, label: str) -> Address:
        """Another address of a customer."""
        made = Address(id=self.number(), customer_id=customer.id, label=label, is_default=False, **self.place())
        self.world.session.add(made)
        self.world.session.flush()
        return made

    def next_address(self) -> int:
        """The number that the next new address will get."""
        return (self.world.session.scalar(select(func.max(Address.id))) or 0) + 1

    def place(self) -> dict[str, str]:
        """A street, a city and a postcode that nobody in the world lives at."""
        kind = self.rng.choice(STREET_KINDS)
        street = f"{self.rng.randrange(1, 400)} {word(self.rng, self.split).capitalize()} {kind}"
        city = word(self.rng, self.split).capitalize()
        return {"street": street, "city": city, "postcode": str(self.digits(10_000, 99_999))}

    def opened_return(self, order: Order, item: OrderItem) -> Return:
        """A return that is on its way."""
        made = Return(
            id=self.number(),
            customer_id=order.customer_id,
            item_id=item.id,
            reason="no longer needed",
            status="open",
            label=f"RET-{order.id}-{item.id}",
            opened_at=self.now - timedelta(hours=5),
        )
        item.status = "returning"
        self.world.session.add(made)
        self.world.session.flush()
        return made

    def subscription(self, customer: Customer, variant: Variant, weeks: int) -> Subscription:
        """A subscription that is active."""
        made = Subscription(
            id=self.number(),
            customer_id=customer.id,
            variant_id=variant.id,
            weeks=weeks,
            next_on=(self.now + timedelta(days=9)).date(),
            active=True,
        )
        self.world.session.add(made)
        self.world.session.flush()
        return made
