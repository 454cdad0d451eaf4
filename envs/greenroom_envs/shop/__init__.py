"""shop: a shop with a catalogue, carts, orders and parcels, and its service desk."""

from greenroom_envs.shop import events, families, populate, tools
from greenroom_envs.shop.app import app

__all__ = ["app", "events", "families", "populate", "tools"]
