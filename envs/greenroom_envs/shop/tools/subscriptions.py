"""Things that are sent again every few weeks."""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field
from sqlalchemy import bindparam, select

from greenroom import Refusal, World
from greenroom_envs.shop.app import app
from greenroom_envs.shop.counter import (
    SENT_AT,
    Number,
    Page,
    Row,
    me,
    page_of,
    paged,
    skipped,
    today_of,
    utc_now,
    variant_of,
)
from greenroom_envs.shop.ledger import Subscription

Weeks = Annotated[int, Field(ge=1, le=12)]
SUBSCRIBED = paged(
    select(Subscription).where(Subscription.customer_id == bindparam("customer")).order_by(Subscription.id)
)


@app.tool
def list_subscriptions(world: World, page: Page = 1) -> Row:
    """List the user's subscriptions.

    Args:
        page: Which page, from 1.
    """
    rows = world.session.scalars(SUBSCRIBED, {"customer": me(world).id, "skip": skipped(page)}).all()
    return page_of(rows, _show, page)


def _show(subscription: Subscription) -> Row:
    return {
        "subscription_id": subscription.id,
        "product": subscription.variant.product.title,
        "options": subscription.variant.options,
        "price_cents": subscription.variant.price,
        "every_weeks": subscription.weeks,
        "next": subscription.next_on,
        "active": subscription.active,
    }


@app.tool
def subscribe(world: World, sku: str, every_weeks: Weeks) -> Row:
    """Have one of a variant sent every few weeks, to the default address and paid by card; the first in so many weeks.

    Args:
        sku: Its stock number.
        every_weeks: How often, in weeks.
    """
    customer, variant = me(world), variant_of(world, sku)
    subscription = Subscription(
        customer_id=customer.id,
        variant_id=variant.id,
        weeks=every_weeks,
        next_on=today_of(world, customer) + timedelta(weeks=every_weeks),
        active=True,
    )
    subscription.variant = variant
    world.session.add(subscription)
    world.session.flush()
    due = datetime.combine(subscription.next_on, SENT_AT) - utc_now(world)
    world.schedule("shop.subscription_due", {"subscription": subscription.id}, after=due)
    return _show(subscription)


def _own(world: World, subscription_id: int) -> Subscription:
    subscription = world.session.get(Subscription, subscription_id)
    if subscription is None or subscription.customer_id != me(world).id:
        raise Refusal("no_such_subscription", f"The user has no subscription {subscription_id}; list them.")
    if not subscription.active:
        raise Refusal("not_active", f"Subscription {subscription_id} was stopped before.")
    return subscription


@app.tool
def change_subscription(world: World, subscription_id: Number, every_weeks: Weeks) -> Row:
    """Change how often a subscription is sent; the next date stays.

    Args:
        subscription_id: Its number.
        every_weeks: How often, in weeks.
    """
    subscription = _own(world, subscription_id)
    subscription.weeks = every_weeks
    return _show(subscription)


@app.tool
def stop_subscription(world: World, subscription_id: Number) -> Row:
    """Stop a subscription.

    Args:
        subscription_id: Its number.
    """
    subscription = _own(world, subscription_id)
    subscription.active = False
    return _show(subscription)
