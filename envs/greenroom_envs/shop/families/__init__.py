"""The task families of shop; importing them adds them to the app."""

from greenroom_envs.shop.families import buying, desk, orders, receipt

__all__ = ["buying", "desk", "orders", "receipt"]
