"""The cart: lines, gift wrap, promotion code."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import bindparam, select

from greenroom import Rate, Refusal, World
from greenroom_envs.shop.app import app
from greenroom_envs.shop.counter import Quantity, Row, me, require_stock, utc_now, variant_of
from greenroom_envs.shop.models import CURRENCY, Cart, CartItem, Customer, Promotion
from greenroom_envs.shop.policy import MOST, refuse
from greenroom_envs.shop.pricing import Line, Quote, dollars, quote

LINES = select(CartItem).where(CartItem.customer_id == bindparam("customer")).order_by(CartItem.variant_id)


def lines_of(world: World, customer: Customer) -> Sequence[CartItem]:
    """What is in a cart."""
    return world.session.scalars(LINES, {"customer": customer.id}).all()


def priced(world: World, customer: Customer, lines: Sequence[CartItem], code: str | None) -> tuple[Quote, str | None]:
    """What a cart costs with a code applied, and the promotion that counts."""
    bought = [Line(line.variant.price, line.quantity, line.gift_wrap) for line in lines]
    plus = customer.tier == "plus"
    plain = quote(bought, plus=plus)
    promotion = world.session.get(Promotion, code) if code else None
    if promotion is None or plain.goods < promotion.minimum or promotion.ends_on < utc_now(world).date():
        return plain, None
    return quote(bought, promotion.percent, plus=plus), promotion.code


def show_amounts(amounts: Quote, promotion: str | None) -> Row:
    """The amounts of a cart."""
    return {
        "goods_cents": amounts.goods,
        "promotion": promotion,
        "discount_cents": amounts.discount,
        "wrap_cents": amounts.wrap,
        "delivery_cents": amounts.delivery,
        "tax_cents": amounts.tax,
        "total_cents": amounts.total,
        "currency": CURRENCY,
    }


def _show(world: World, customer: Customer, lines: Sequence[CartItem]) -> Row:
    code = world.session.get_one(Cart, customer.id).promotion
    amounts, promotion = priced(world, customer, lines, code)
    shown = [
        {
            "sku": line.variant.sku,
            "product": line.variant.product.title,
            "options": line.variant.options,
            "quantity": line.quantity,
            "price_cents": line.variant.price,
            "gift_wrap": line.gift_wrap,
        }
        for line in lines
    ]
    if not lines:
        return {"lines": shown, "note": "The cart is empty."}
    return {"lines": shown, **show_amounts(amounts, promotion), "note": _note(world, code, promotion)}


def _note(world: World, applied: str | None, promotion: str | None) -> str | None:
    """Why a code that was applied does not count now."""
    if applied is None or promotion is not None:
        return None
    minimum = world.session.get_one(Promotion, applied).minimum
    return f"The code {applied} does not count: it needs {dollars(minimum)} of goods, or has ended."


@app.tool
def show_cart(world: World) -> Row:
    """Show the cart and what it costs."""
    customer = me(world)
    return _show(world, customer, lines_of(world, customer))


@app.tool
def add_to_cart(world: World, sku: str, quantity: Quantity = 1) -> Row:
    """Put a variant into the cart.

    Args:
        sku: Its stock number.
        quantity: How many.
    """
    customer, variant = me(world), variant_of(world, sku)
    lines = [*lines_of(world, customer)]
    line = next((line for line in lines if line.variant_id == variant.id), None)
    total = quantity + (line.quantity if line else 0)
    _require_quantity(total)
    require_stock(variant, total)
    if line:
        line.quantity = total
    else:
        line = CartItem(customer_id=customer.id, variant_id=variant.id, quantity=total, gift_wrap=False)
        line.variant = variant
        world.session.add(line)
        lines = sorted([*lines, line], key=lambda line: line.variant_id)
    return _show(world, customer, lines)


def _require_quantity(quantity: int) -> None:
    if quantity > MOST:
        refuse("quantity_limit", f"{quantity} are too many.")


def _line(world: World, lines: Sequence[CartItem], sku: str) -> CartItem:
    wanted = sku.strip().upper()
    for line in lines:
        if line.variant.sku == wanted:
            return line
    variant = variant_of(world, sku)
    raise Refusal("not_in_cart", f"{variant.sku} is not in the cart; use shop_add_to_cart.")


@app.tool
def set_quantity(world: World, sku: str, quantity: Quantity) -> Row:
    """Change how many of a variant are in the cart.

    Args:
        sku: Its stock number.
        quantity: How many.
    """
    customer = me(world)
    lines = lines_of(world, customer)
    line = _line(world, lines, sku)
    _require_quantity(quantity)
    require_stock(line.variant, quantity)
    line.quantity = quantity
    return _show(world, customer, lines)


@app.tool
def remove_from_cart(world: World, sku: str) -> Row:
    """Take a variant out of the cart.

    Args:
        sku: Its stock number.
    """
    customer = me(world)
    lines = lines_of(world, customer)
    gone = _line(world, lines, sku)
    world.session.delete(gone)
    return _show(world, customer, [line for line in lines if line is not gone])


@app.tool
def wrap_gift(world: World, sku: str, wrapped: bool = True) -> Row:
    """Have a line of the cart wrapped as a gift, or not.

    Args:
        sku: Its stock number.
        wrapped: False to leave it plain.
    """
    customer = me(world)
    lines = lines_of(world, customer)
    _line(world, lines, sku).gift_wrap = wrapped
    return _show(world, customer, lines)


@app.tool(at_most=Rate(10, timedelta(minutes=10)))
def apply_promotion(world: World, code: str) -> Row:
    """Apply a promotion code to the cart; it takes the place of another.

    Args:
        code: The code.
    """
    customer = me(world)
    promotion = world.session.get(Promotion, code.strip().upper())
    if promotion is None:
        told = f"There is no promotion code '{code}'; shop_list_promotions lists those there are."
        raise Refusal("no_such_promotion", told)
    lines = lines_of(world, customer)
    goods = sum(line.variant.price * line.quantity for line in lines)
    if promotion.ends_on < utc_now(world).date():
        refuse("promotion_minimum", f"{promotion.code} ended on {promotion.ends_on}.")
    if goods < promotion.minimum:
        refuse("promotion_minimum", f"{promotion.code} needs {dollars(promotion.minimum)}; here are {dollars(goods)}.")
    cart = world.session.get_one(Cart, customer.id)
    cart.promotion = promotion.code
    return _show(world, customer, lines)


@app.tool
def remove_promotion(world: World) -> Row:
    """Take the promotion code off the cart."""
    customer = me(world)
    cart = world.session.get_one(Cart, customer.id)
    cart.promotion = None
    return _show(world, customer, lines_of(world, customer))
