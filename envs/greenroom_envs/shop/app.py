"""The app object of shop, to which tools, population and task families are added."""

from datetime import UTC, datetime

from greenroom import App
from greenroom_envs.shop import index, ledger
from greenroom_envs.shop.models import Base
from greenroom_envs.shop.policy import POLICY

app = App(
    "shop",
    models=Base,
    summary="A shop, both sides of the counter: search, cart, orders, returns; a service desk under a policy.",
    policy=POLICY,
    incidental={
        "shop_login": {"expires_at", "failures"},
        "shop_identity_check": {"verified_at", "failures"},
    },
    cast=True,
    started=datetime(2026, 3, 2, 15, 0, tzinfo=UTC),
)

__all__ = ["app", "index", "ledger"]
