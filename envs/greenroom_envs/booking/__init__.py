"""booking: stays and flights, hosts who answer, other buyers, reservations and refunds by policy."""

from greenroom_envs.booking import events, families, populate, tools
from greenroom_envs.booking.app import app

__all__ = ["app", "events", "families", "populate", "tools"]
