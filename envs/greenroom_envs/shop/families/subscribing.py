"""Subscriptions: how often they come, and ending one after signing in."""

from datetime import timedelta

from greenroom import Split, Task, World
from greenroom.rewards import expect, updated
from greenroom_envs.shop.app import app
from greenroom_envs.shop.families.script import Errand, Step, Steps, asking
from greenroom_envs.shop.ledger import Subscription
from greenroom_envs.shop.models import Login
from greenroom_envs.shop.tools.account import secret_of

RHYTHM = asking(
    "have the {item} come every {weeks} weeks instead", "change my subscription to the {item} to every {weeks} weeks"
)
RHYTHM_VAGUE = asking(
    "change how often the {item} comes", "my subscription to the {item} should come at another rhythm"
)
STOP = asking(
    "my session has expired: sign me in and stop the subscription to the {item}",
    "I was signed out: sign in and end my subscription to the {item}",
)
LOOK: Step = ("list_subscriptions", {})


@app.task_family
def change_rhythm(world: World, split: Split) -> Task:
    """Change how often a subscription comes; how often is told when asked from level 2 on."""
    errand = Errand(world, split)
    plant, me, variant = errand.plant, errand.me, errand.plant.product()[0]
    other = plant.product(like=variant if errand.alike else None)[0]
    was, now, wrong = errand.rng.sample(range(2, 13), 3)
    mine, twin = plant.subscription(me, variant, was), plant.subscription(me, other, was)
    ask: Steps = ("Every how many weeks should it come?",) if errand.hidden else ()
    done = "Done: it is changed."

    def change(subscription: Subscription, weeks: int) -> Step:
        return "change_subscription", {"subscription_id": subscription.id, "every_weeks": weeks}

    weeks = errand.fact("weeks", f"every {now} weeks", "how often", "weeks", hidden=errand.hidden)
    return errand.task(
        "change_rhythm",
        RHYTHM_VAGUE if errand.hidden else RHYTHM,
        {"item": variant.product.title, "weeks": str(now)},
        facts=(errand.item(variant.product), weeks),
        solution=(*ask, LOOK, change(mine, now), done),
        slips=((*ask, LOOK, change(twin, now), done), (*ask, LOOK, change(mine, wrong), done)),
        verifier=expect([updated("shop_subscription", key=mine.id, values={"weeks": now})]),
    )


@app.task_family
def sign_in(world: World, split: Split) -> Task:
    """The session has expired: sign in with the password, told when asked, and stop a subscription."""
    errand = Errand(world, split)
    plant, me, variant = errand.plant, errand.me, errand.plant.product()[0]
    other = plant.product(like=variant if errand.alike else None)[0]
    password = f"{variant.product.brand.lower()[::-1]}{errand.rng.randrange(100, 1_000)}"
    me.secret = secret_of(password)
    world.session.get_one(Login, 1).expires_at = plant.now - timedelta(hours=3)
    mine, twin = plant.subscription(me, variant, 4), plant.subscription(me, other, 4)
    enter: Steps = ("What is your password?", ("sign_in", {"password": password}), LOOK)
    done = "Done: it is cancelled."

    def stop(subscription: Subscription) -> Step:
        return "stop_subscription", {"subscription_id": subscription.id}

    return errand.task(
        "sign_in",
        STOP,
        {"item": variant.product.title},
        facts=(errand.item(variant.product), errand.fact("password", password, "password", hidden=True)),
        solution=(*enter, stop(mine), done),
        slips=((*enter, stop(twin), done), (*enter, done)),
        verifier=expect([updated("shop_subscription", key=mine.id, values={"active": False})]),
    )
