"""Pay with several methods: a gift card first, a voucher, two certificates or foreign money, which rules forbid."""

from datetime import date

from greenroom import Split, Task, World
from greenroom.rewards import Wanted, expect, inserted, updated
from greenroom_envs.booking.app import app
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.booking import book, reserved, search, spoken_dates
from greenroom_envs.booking.families.planting import Plant
from greenroom_envs.booking.models import HOME, PaymentMethod
from greenroom_envs.booking.stays import Listing

TOOLS = (
    "booking_list_vouchers",
    "booking_redeem_voucher",
    *(tool for tool in s.STAY_TOOLS if "host" not in tool),
)
METHODS: s.Step = ("booking_list_payment_methods", {})
GIFT = s.asks(
    "book {place} in {city} from {check_in} to {check_out} for {guests} people, use up my gift card first, then the "
    "card",
    "the {guests} of us want {place} in {city} from {check_in} until {check_out}: the gift card pays, the card the "
    "rest; book it",
    "reserve {place} in {city} for {guests} people, {check_in} to {check_out}, paid by gift card and the rest by card",
    "spend what is left on my gift card on {place} in {city}, {check_in} to {check_out}, {guests} people; the card "
    "pays what is missing",
)
GIFT_VAGUE = s.asks(
    "book {place} in {city} from {check_in} to {check_out} for us, use up my gift card first, then the card",
    "we want {place} in {city} from {check_in} until {check_out}: the gift card pays, the card the rest; book it",
    "reserve {place} in {city} for us, {check_in} to {check_out}, paid by gift card and the rest by card",
    "spend what is left on my gift card on {place} in {city}, {check_in} to {check_out}; the card pays what is missing",
)
TWO = s.asks(
    "book {place} in {city} from {check_in} to {check_out} for {guests} people and pay with both my certificates",
    "the {guests} of us want {place} in {city} from {check_in} until {check_out}, take both certificates for it",
    "reserve {place} in {city} for {guests} people, {check_in} to {check_out}; my two certificates pay for it",
    "I have two certificates: use them together for {place} in {city}, {check_in} to {check_out}, {guests} people",
)
TWO_NAMED = s.asks(
    "book {place} in {city} from {check_in} to {check_out} for {guests} people; pay with {certificate}, then {second}, "
    "then the card",
    "the {guests} of us want {place} in {city} from {check_in} until {check_out}: {certificate} and {second} pay, the "
    "card the rest",
    "reserve {place} in {city} for {guests} people, {check_in} to {check_out}, by {certificate}, {second} and card",
)
ONE = s.asks(
    "book {place} in {city} from {check_in} to {check_out} for {guests} people; pay with {certificate}, then the card",
    "the {guests} of us want {place} in {city} from {check_in} until {check_out}: {certificate} pays, the card the "
    "rest; book it",
    "reserve {place} in {city} for {guests} people, {check_in} to {check_out}, by {certificate} and the rest by card",
)
ONE_VAGUE = s.asks(
    "book {place} in {city} from {check_in} to {check_out} for {guests} people; one of my certificates pays, then the "
    "card",
    "the {guests} of us want {place} in {city} from {check_in} until {check_out}: take one of the certificates, and "
    "the card for the rest; book it",
    "reserve {place} in {city} for {guests} people, {check_in} to {check_out}, by one certificate and the rest by card",
)
VOUCHER = s.asks(
    "redeem my voucher and book {place} in {city} with it from {check_in} to {check_out} for {guests} people, the card "
    "pays the rest",
    "I have a voucher: turn it into money, and book {place} in {city} from {check_in} until {check_out} for the "
    "{guests} of us, rest by card",
    "use my voucher, then the card, for {place} in {city}, {check_in} to {check_out}, {guests} people; book it",
)
VOUCHER_VAGUE = s.asks(
    "redeem my voucher and book {place} in {city} with it from {check_in} to {check_out} for us, the card pays the "
    "rest",
    "I have a voucher: turn it into money, and book {place} in {city} from {check_in} until {check_out} for us, rest "
    "by card",
    "use my voucher, then the card, for {place} in {city}, {check_in} to {check_out}; book it for us",
)
FIRST_TO_END = s.asks(
    "redeem the voucher that runs out first and book {place} in {city} with it from {check_in} to {check_out} for us, "
    "the card pays the rest",
    "I have vouchers: turn the one that ends soonest into money, and book {place} in {city} from {check_in} until "
    "{check_out} for us, rest by card",
    "use the voucher that is good for the shortest time, then the card, for {place} in {city}, {check_in} to "
    "{check_out}; book it for us",
)


class Purchase:
    """A stay to pay for in a certain way; at level 2 and 3 how many people come is told when asked.

    Args:
        world: The fork.
        split: Whose words are used.
        abroad: Whether prices are in another currency than dollars.
    """

    def __init__(self, world: World, split: Split, abroad: bool = False) -> None:
        self.plant = plant = Plant(world, split)
        self.city, self.nights = plant.city(abroad=abroad), plant.rng.choice((2, 3))
        self.guests, self.hidden = plant.rng.choice((2, 3, 4)), s.guests(plant)
        self.first: date = plant.day(nights=self.nights)
        self.right = plant.listing(self.city)
        self.other = plant.twin(self.right) if plant.alike else plant.listing(self.city)
        self.total, self.card = plant.total(self.right, self.first, self.nights), plant.card
        self.start = search(self.city, self.first, self.nights, self.guests)
        self.slots = {"place": self.right.title, "city": self.city, "guests": str(self.guests)}
        self.slots |= spoken_dates(self.first, self.nights)

    def pay(self, methods: list[int], listing: Listing | None = None) -> s.Step:
        """Book, by these methods."""
        return book(listing or self.right, self.first, self.nights, self.guests, methods)

    def paid(self, method: PaymentMethod) -> list[Wanted]:
        """What is left behind when a method with a balance pays first and the card the rest."""
        share = min(method.balance or 0, self.total)
        rest = [inserted("booking_payment", {"method_id": self.card, "amount": self.total - share})]
        return [
            *reserved(self.right, self.first, self.nights, self.guests),
            inserted("booking_payment", {"method_id": method.id, "amount": share}),
            updated("booking_payment_method", key=method.id, values={"balance": 0}),
            *(rest if share < self.total else []),
        ]


@app.task_family
def split_payment(world: World, split: Split) -> Task:
    """The gift card is used up, the card pays the rest; at level 3 there is an empty gift card too."""
    one = Purchase(world, split)
    plant, hidden, card = one.plant, one.hidden, one.card
    gift = plant.methods("gift_card")[0]
    gift.balance = plant.amount(2_000, 9_000, 50)
    if plant.alike:
        plant.gift_card(0, HOME)
    begin = (*s.ask(hidden), one.start, METHODS)
    return s.task(
        plant,
        s.goal(plant, "split_payment", GIFT_VAGUE if hidden else GIFT, "done", hidden, **one.slots),
        s.STAY_TOOLS,
        solution=(*begin, one.pay([gift.id, card]), s.DONE),
        slips=(
            (*begin, one.pay([card]), s.DONE),
            (*begin, one.pay([gift.id, card], one.other), s.DONE),
            (*begin, s.DONE),
        ),
        verifier=expect(one.paid(gift)),
    )


@app.task_family
def two_certificates(world: World, split: Split) -> Task:
    """Two certificates for one reservation: the answer is no. One and the card: yes; which, when asked from level 2."""
    one = Purchase(world, split)
    plant, rng, forbidden = one.plant, one.plant.rng, one.plant.rng.random() < 0.6
    certificates = plant.methods("certificate")
    for method in certificates:
        method.balance = plant.amount(2_000, 5_000, 50)
    first, second = rng.sample(certificates, 2)
    slots, hidden = dict(one.slots), ("certificate",) if plant.hidden and not forbidden else ()
    if plant.hidden or not forbidden:
        slots["certificate"] = first.label
    if plant.hidden and forbidden:
        slots["second"] = second.label
    wordings = (TWO_NAMED if plant.hidden else TWO) if forbidden else (ONE_VAGUE if hidden else ONE)
    begin = (one.start, METHODS, *s.ask(hidden))
    yes, refusal = (*begin, one.pay([first.id, one.card]), s.DONE), (*begin, s.no(one.right.id, "one certificate"))
    wrong = (*begin, one.pay([second.id, one.card]), s.DONE)
    return s.task(
        plant,
        s.goal(plant, "two_certificates", wordings, "text" if forbidden else "done", hidden, **slots),
        s.STAY_TOOLS,
        solution=refusal if forbidden else yes,
        slips=(yes if forbidden else refusal, wrong, (*begin, s.DONE)),
        verifier=s.refused(one.right.id, "one certificate") if forbidden else expect(one.paid(first)),
    )


@app.task_family
def pay_abroad(world: World, split: Split) -> Task:
    """A gift card of dollars where prices are in pounds: no, unless (level 3) there is one in pounds as well."""
    abroad = world.random.random() < 0.6
    one = Purchase(world, split, abroad)
    plant, hidden, card = one.plant, one.hidden, one.card
    gift = dollars = plant.methods("gift_card")[0]
    dollars.balance = plant.amount(2_000, 9_000, 50)
    if plant.alike:
        pounds = plant.gift_card(plant.amount(2_000, 9_000, 50), "GBP")
        gift = pounds if abroad else dollars
    forbidden = abroad and not plant.alike
    begin = (*s.ask(() if forbidden else hidden), one.start, METHODS)
    yes, refusal = (*begin, one.pay([gift.id, card]), s.DONE), (*begin, s.no(one.right.id, "own currency"))
    wordings, needs = GIFT_VAGUE if hidden else GIFT, "text" if forbidden else "done"
    return s.task(
        plant,
        s.goal(plant, "pay_abroad", wordings, needs, hidden, **one.slots),
        s.STAY_TOOLS,
        solution=refusal if forbidden else yes,
        slips=((*begin, one.pay([card]), s.DONE), (*begin, s.DONE), *(() if forbidden else (refusal,))),
        verifier=s.refused(one.right.id, "own currency") if forbidden else expect(one.paid(gift)),
    )


@app.task_family
def use_voucher(world: World, split: Split) -> Task:
    """A voucher becomes a gift card, which pays first; one has run out, and at level 3 another is good for longer."""
    one = Purchase(world, split)
    plant, rng, card, hidden = one.plant, one.plant.rng, one.card, one.hidden
    voucher = plant.voucher(plant.amount(2_000, 6_000, 50), rng.randrange(40, 100))
    plant.voucher(plant.amount(2_000, 6_000, 50), -20)
    longer = plant.voucher(plant.amount(2_000, 6_000, 50), rng.randrange(130, 300)) if plant.alike else None
    begin: tuple[s.Step, ...] = (*s.ask(hidden), one.start, ("booking_list_vouchers", {}))
    # The next number of a payment method is one more than the last; nobody else makes any.
    fresh = plant.last_method() + 1

    def redeem(number: int) -> s.Step:
        return "booking_redeem_voucher", {"voucher_id": number}

    wanted = [
        *reserved(one.right, one.first, one.nights, one.guests),
        updated("booking_voucher", key=voucher.id, values={"redeemed": True}),
        inserted("booking_payment_method", {"kind": "gift_card", "balance": 0}),
        inserted("booking_payment", {"method_id": fresh, "amount": voucher.amount}),
        inserted("booking_payment", {"method_id": card, "amount": one.total - voucher.amount}),
    ]
    wordings = FIRST_TO_END if plant.alike else VOUCHER_VAGUE if hidden else VOUCHER
    wrong = ((*begin, redeem(longer.id), one.pay([fresh, card]), s.DONE),) if longer else ()
    return s.task(
        plant,
        s.goal(plant, "use_voucher", wordings, "done", hidden, **one.slots),
        TOOLS,
        solution=(*begin, redeem(voucher.id), one.pay([fresh, card]), s.DONE),
        slips=(
            (*begin, redeem(voucher.id), one.pay([card]), s.DONE),
            (*begin, one.pay([card]), s.DONE),
            (*begin, redeem(voucher.id), s.DONE),
            *wrong,
        ),
        verifier=expect(wanted),
    )
