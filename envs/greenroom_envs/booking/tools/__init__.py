"""The tools of booking, one noun a file; importing them adds them to the app."""

from greenroom_envs.booking.tools import (
    account,
    calendars,
    flights,
    holds,
    hosts,
    journeys,
    lodging,
    methods,
    passengers,
    reservations,
    reviews,
    saved,
    stays,
    support,
    waitlist,
)

__all__ = [
    "account",
    "calendars",
    "flights",
    "holds",
    "hosts",
    "journeys",
    "lodging",
    "methods",
    "passengers",
    "reservations",
    "reviews",
    "saved",
    "stays",
    "support",
    "waitlist",
]
