"""Subscriptions: how often they come, and ending one after signing in."""

from datetime import timedelta

from greenroom import Split, Task, World
from greenroom.rewards import expect, updated
from greenroom_envs.shop.app import app
from greenroom_envs.shop.families.script import Errand, Step, Steps
from greenroom_envs.shop.families.sentences import Request, orders
from greenroom_envs.shop.ledger import Subscription
from greenroom_envs.shop.models import Login
from greenroom_envs.shop.tools.account import secret_of

RHYTHM = orders(
    "have the {item} come every {weeks} weeks instead", "change my subscription to the {item} to every {weeks} weeks"
)
RHYTHM_VAGUE = Request(
    orders=("change how often I get the {item}",),
    statements=("my subscription to the {item} should come at another rhythm",),
)
STOP = Request(
    orders=("sign me in again and stop the subscription to the {item}",),
    statements=(
        "my session has expired: sign me in and stop the subscription to the {item}",
        "I was signed out: sign in and end my subscription to the {item}",
    ),
)
STOP_VAGUE = Request(
    orders=("sign me in again and stop one of my subscriptions",),
    statements=(
        "my session has expired: sign me in and stop one of my subscriptions",
        "I was signed out: sign in and end a subscription of mine",
    ),
)
LOOK: Step = ("list_subscriptions", {})


@app.task_family
def change_rhythm(world: World, split: Split) -> Task:
    """Change how often a subscription comes; how often is told when asked from level 2 on."""
    errand = Errand(world, split)
    plant, me, variant = errand.plant, errand.me, errand.plant.product()[0]
    other = plant.product(like=variant if errand.alike else None)[0]
    now = errand.one_of(range(2, 13))
    was, wrong = errand.rng.sample([weeks for weeks in range(2, 13) if weeks != now], 2)
    mine, twin = plant.subscription(me, variant, was), plant.subscription(me, other, was)
    ask = errand.ask("Every how many weeks should it come?")
    done = "Done: it is changed."

    def change(subscription: Subscription, weeks: int) -> Step:
        return "change_subscription", {"subscription_id": subscription.id, "every_weeks": weeks}

    weeks = errand.fact("weeks", f"every {now} weeks", "how often", "weeks", hidden=errand.hidden)
    return errand.task(
        "change_rhythm",
        (RHYTHM_VAGUE if errand.hidden else RHYTHM).plain,
        {"item": variant.product.title, "weeks": str(now)},
        facts=(errand.item(variant.product), weeks),
        solution=(*ask, LOOK, change(mine, now), done),
        slips=((*ask, LOOK, change(twin, now), done), (*ask, LOOK, change(mine, wrong), done)),
        verifier=expect([updated("shop_subscription", key=mine.id, values={"weeks": now})]),
    )


@app.task_family
def sign_in(world: World, split: Split) -> Task:
    """The session has expired: sign in with the password and stop a subscription, told when asked from level 2 on."""
    errand = Errand(world, split)
    plant, me, variant = errand.plant, errand.me, errand.plant.product()[0]
    other = plant.product(like=variant if errand.alike else None)[0]
    password = f"{variant.product.brand.lower()[::-1]}{errand.rng.randrange(100, 1_000)}"
    me.secret = secret_of(password)
    world.session.get_one(Login, 1).expires_at = plant.now - timedelta(hours=3)
    mine, twin = plant.subscription(me, variant, 4), plant.subscription(me, other, 4)
    which = errand.ask("Which product do you mean?")
    enter: Steps = ("What is your password?", ("sign_in", {"password": password}), LOOK, *which)
    done = "Done: it is cancelled."

    def stop(subscription: Subscription) -> Step:
        return "stop_subscription", {"subscription_id": subscription.id}

    return errand.task(
        "sign_in",
        (STOP_VAGUE if errand.hidden else STOP).plain,
        {"item": variant.product.title},
        facts=(
            errand.item(variant.product, hidden=errand.hidden),
            errand.fact("password", password, "password", hidden=True),
        ),
        solution=(*enter, stop(mine), done),
        slips=((*enter, stop(twin), done), (*enter, done)),
        verifier=expect([updated("shop_subscription", key=mine.id, values={"active": False})]),
    )
