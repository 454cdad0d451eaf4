"""Things that are sent again every few weeks."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field
from sqlalchemy import select

from greenroom import Refusal, World
from greenroom_envs.shop.app import app
from greenroom_envs.shop.counter import Number, Row, me, utc_now, variant_of
from greenroom_envs.shop.ledger import Subscription

Weeks = Annotated[int, Field(ge=1, le=12)]


@app.tool
def list_subscriptions(world: World) -> list[Row]:
    """List the user's subscriptions."""
    found = select(Subscription).where(Subscription.customer_id == me(world).id).order_by(Subscription.id).limit(50)
    return [_show(subscription) for subscription in world.session.scalars(found).all()]


def _show(subscription: Subscription) -> Row:
    return {
        "subscription_id": subscription.id,
        "product": subscription.variant.product.title,
        "every_weeks": subscription.weeks,
        "next": subscription.next_on,
        "active": subscription.active,
    }


@app.tool
def subscribe(world: World, sku: str, every_weeks: Weeks) -> Row:
    """Have a variant sent every few weeks.

    Args:
        sku: Its stock number.
        every_weeks: How often, in weeks.
    """
    customer, variant = me(world), variant_of(world, sku)
    subscription = Subscription(
        customer_id=customer.id,
        variant_id=variant.id,
        weeks=every_weeks,
        next_on=(utc_now(world) + timedelta(weeks=every_weeks)).date(),
        active=True,
    )
    subscription.variant = variant
    world.session.add(subscription)
    world.session.flush()
    world.schedule("shop.subscription_due", {"subscription": subscription.id}, after=timedelta(days=1))
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
