"""The task families of booking; importing them adds them to the app."""

from greenroom_envs.booking.families import (
    asking,
    bags,
    booking,
    cancelling,
    changing,
    connection,
    flying,
    holding,
    journey,
    passengers,
    paying,
    reviewing,
    seats,
    trip,
    waiting,
)

__all__ = [
    "asking",
    "bags",
    "booking",
    "cancelling",
    "changing",
    "connection",
    "flying",
    "holding",
    "journey",
    "passengers",
    "paying",
    "reviewing",
    "seats",
    "trip",
    "waiting",
]
