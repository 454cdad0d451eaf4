"""What an order costs: goods, discount, gift wrap, delivery, tax. Integer cents throughout."""

from collections.abc import Sequence
from dataclasses import dataclass

from greenroom_envs.shop.policy import DELIVERY_FEE, FREE_FROM, TAX_PERCENT, WRAP_FEE


@dataclass(frozen=True)
class Line:
    """So many of something at a price."""

    price: int
    quantity: int
    gift_wrap: bool = False


@dataclass(frozen=True)
class Quote:
    """The amounts of an order."""

    goods: int
    discount: int
    wrap: int
    delivery: int
    tax: int

    @property
    def total(self) -> int:
        """What is paid."""
        return self.goods - self.discount + self.wrap + self.delivery + self.tax


def quote(lines: Sequence[Line], percent: int = 0, *, plus: bool = False) -> Quote:
    """Price some lines.

    Args:
        lines: What is bought.
        percent: What a promotion takes off the goods.
        plus: Whether the buyer is a plus member: delivery is free.
    """
    goods = sum(line.price * line.quantity for line in lines)
    discount = share(goods, percent)
    wrap = WRAP_FEE * sum(line.quantity for line in lines if line.gift_wrap)
    delivery = 0 if plus or goods >= FREE_FROM else DELIVERY_FEE
    return Quote(goods, discount, wrap, delivery, share(goods - discount, TAX_PERCENT))


def share(amount: int, percent: int) -> int:
    """So many per cent of an amount, half cents up."""
    return (amount * percent + 50) // 100


def paid_for(price: int, quantity: int, goods: int, discount: int) -> int:
    """What a line cost its buyer: its share of the discount off, its tax on."""
    net = price * quantity
    if goods:
        net -= (discount * price * quantity + goods // 2) // goods
    return net + share(net, TAX_PERCENT)


def dollars(cents: int) -> str:
    """An amount as it is said: `$45.99`."""
    return f"${cents // 100}.{cents % 100:02}"
