"""What things cost and what comes back. Integer cents throughout."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from greenroom_envs.booking.models import HOME, SYMBOLS, Read
from greenroom_envs.booking.policy import BAG_FEE, FREE_BAGS, INSURANCE_FEE, SERVICE_PERCENT, STANDARD_FEE
from greenroom_envs.booking.stays import Listing, PriceRule

WEEKEND = (4, 5)
REFUNDS = {"flexible": (1, 100), "moderate": (5, 100), "strict": (7, 50)}
"""How many days before check-in how many per cent come back."""


@dataclass(frozen=True)
class StayPrice:
    """The amounts of a stay."""

    nights: int
    cleaning: int
    service: int

    @property
    def total(self) -> int:
        """What is paid."""
        return self.nights + self.cleaning + self.service


def price_stay(
    listing: Listing | Read, rules: Iterable[PriceRule | Read], check_in: date, check_out: date
) -> StayPrice:
    """Price some nights: season and weekend by night, length by stay, fees at the end."""
    known, count = list(rules), (check_out - check_in).days
    nights = sum(price_night(listing, known, check_in + timedelta(days=n)) for n in range(count))
    lengths = [r.percent for r in known if r.kind == "length" and (r.min_nights or 0) <= count]
    nights = percent_of(nights, 100 + min(lengths, default=0))
    return StayPrice(nights, listing.cleaning, percent_of(nights, SERVICE_PERCENT))


def price_night(listing: Listing | Read, rules: Iterable[PriceRule | Read], night: date) -> int:
    """The price of one night."""
    price = listing.night
    for rule in rules:
        if rule.kind == "weekend" and night.weekday() in WEEKEND:
            price = percent_of(price, 100 + rule.percent)
        if rule.kind == "season" and rule.first_day and rule.last_day and rule.first_day <= night <= rule.last_day:
            price = percent_of(price, 100 + rule.percent)
    return price


def price_journey(prices: Iterable[int], fare: str, passengers: int, bags: int, insured: bool, tier: str) -> int:
    """What a journey costs: each flight for each passenger, then bags beyond the free ones, then insurance."""
    extra = STANDARD_FEE if fare == "standard" else 0
    flights = sum((price + extra) * passengers for price in prices)
    return flights + price_bags(0, bags, tier) + (INSURANCE_FEE * passengers if insured else 0)


def price_bags(had: int, wanted: int, tier: str) -> int:
    """What bags cost on top of those that there were."""
    free = FREE_BAGS[tier]
    return BAG_FEE * (max(0, wanted - free) - max(0, had - free))


def refund_percent(policy: str, check_in: date, today: date) -> int:
    """How much of a stay's price comes back."""
    days, percent = REFUNDS.get(policy, (0, 0))
    return percent if (check_in - today).days >= days else 0


def refund_percent_flight(fare: str, insured: bool, cancelled: bool, made_at: datetime, now: datetime) -> int:
    """How much of a journey's price comes back before its departure."""
    fresh = now - made_at <= timedelta(hours=24)
    return 100 if fare == "standard" or insured or cancelled or fresh else 0


def percent_of(amount: int, percent: int) -> int:
    """So many per cent of an amount, half cents up."""
    return (amount * percent + 50) // 100


def spoken(cents: int, currency: str = HOME) -> str:
    """An amount as it is said: `$45.99`."""
    return f"{SYMBOLS[currency]}{cents // 100}.{cents % 100:02}"
