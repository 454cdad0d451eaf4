import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom_envs.shop.policy import DELIVERY_FEE, FREE_FROM, WRAP_FEE
from greenroom_envs.shop.pricing import Line, dollars, paid_for, quote, share

LINES = st.lists(st.builds(Line, st.integers(1, 50_000), st.integers(1, 10), st.booleans()), min_size=1, max_size=6)


def test_an_order_is_goods_less_discount_plus_wrap_delivery_and_tax() -> None:
    amounts = quote([Line(1_000, 2, gift_wrap=True), Line(500, 1)], 10)
    assert (amounts.goods, amounts.discount, amounts.wrap) == (2_500, 250, 2 * WRAP_FEE)
    assert (amounts.delivery, amounts.tax) == (DELIVERY_FEE, 180)
    assert amounts.total == 2_500 - 250 + 600 + DELIVERY_FEE + 180


@pytest.mark.parametrize(("goods", "plus", "fee"), [(FREE_FROM, False, 0), (FREE_FROM - 1, False, 499), (100, True, 0)])
def test_delivery_is_free_from_a_value_on_and_for_plus_members(goods: int, plus: bool, fee: int) -> None:
    assert quote([Line(goods, 1)], plus=plus).delivery == fee


@pytest.mark.parametrize(("amount", "percent", "expected"), [(1_050, 10, 105), (1_005, 10, 101), (1_004, 10, 100)])
def test_half_cents_are_rounded_up(amount: int, percent: int, expected: int) -> None:
    assert share(amount, percent) == expected


@given(lines=LINES, percent=st.integers(0, 50))
def test_the_lines_of_an_order_cost_what_it_costs_but_for_a_cent_a_line(lines: list[Line], percent: int) -> None:
    amounts = quote(lines, percent)
    parts = sum(paid_for(line.price, line.quantity, amounts.goods, amounts.discount) for line in lines)
    assert abs(parts - (amounts.goods - amounts.discount + amounts.tax)) <= len(lines) + 1


def test_amounts_are_said_with_two_digits_of_cents() -> None:
    assert dollars(4_509) == "$45.09"
