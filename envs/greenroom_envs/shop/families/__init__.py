"""The task families of shop; importing them adds them to the app."""

from greenroom_envs.shop.families import (
    browsing,
    buying,
    desk_judgement,
    desk_orders,
    desk_returns,
    orders,
    paying,
    receipt,
    returning,
    subscribing,
)

__all__ = [
    "browsing",
    "buying",
    "desk_judgement",
    "desk_orders",
    "desk_returns",
    "orders",
    "paying",
    "receipt",
    "returning",
    "subscribing",
]
