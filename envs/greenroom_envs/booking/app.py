"""The app object of booking, to which tools, population and task families are added."""

from greenroom import App
from greenroom_envs.booking import flights, stays
from greenroom_envs.booking.models import Base
from greenroom_envs.booking.policy import POLICY

app = App(
    "booking",
    models=Base,
    summary="Stays and flights: search, hold, book, change and cancel under a written policy.",
    policy=POLICY,
    incidental={
        "booking_login": {"expires_at", "failures", "locked_until"},
        "booking_listing": {"rating", "reviews"},
    },
    cast=True,
)

__all__ = ["app", "flights", "stays"]
