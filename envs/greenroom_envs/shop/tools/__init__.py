"""The tools of shop, one noun a file; importing them adds them to the app."""

from greenroom_envs.shop.tools import (
    account,
    addresses,
    cart,
    catalogue,
    checkout,
    desk_cases,
    desk_customers,
    desk_items,
    desk_money,
    desk_orders,
    opinions,
    orders,
    payment_methods,
    returns,
    subscriptions,
    wishes,
)

__all__ = [
    "account",
    "addresses",
    "cart",
    "catalogue",
    "checkout",
    "desk_cases",
    "desk_customers",
    "desk_items",
    "desk_money",
    "desk_orders",
    "opinions",
    "orders",
    "payment_methods",
    "returns",
    "subscriptions",
    "wishes",
]
